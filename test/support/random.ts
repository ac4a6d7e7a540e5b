// Shared by random tests: each prints its seed when it fails, and runs again in the same way with that seed.
import { randomInt } from 'node:crypto';
import fc from 'fast-check';

const { FC_SEED, FC_PATH } = process.env;

/**
 * `fc.assert`. With FC_SEED, and FC_PATH for the failing case, it repeats an earlier run.
 * @param parameters `examples` are cases that failed before: they run before the random ones
 */
export async function assertAlways<Case>(
  property: fc.IProperty<Case> | fc.IAsyncProperty<Case>,
  parameters: fc.Parameters<Case> = {},
): Promise<void> {
  await fc.assert(property, {
    ...parameters,
    ...(FC_SEED && { seed: Number(FC_SEED) }),
    ...(FC_PATH && { path: FC_PATH }),
    reporter: (run) => {
      if (run.failed) throw new Error(reportOf(run));
    },
  });
}

function reportOf<Case>(run: fc.RunDetails<Case>): string {
  const seed = `FC_SEED=${run.seed}`;
  const path = run.counterexamplePath ? ` FC_PATH=${run.counterexamplePath}` : '';
  return [
    fc.defaultReportMessage(run),
    // As text: mocha's workers do not pass on an error's cause.
    run.errorInstance instanceof Error ? (run.errorInstance.stack ?? run.errorInstance.message) : '',
    `This case again: ${seed}${path} npm run test:one -- FILE`,
    `All that came before it, too: ${seed} npm run test:one -- FILE`,
  ].join('\n');
}

/** For tests without fast-check: whole numbers from 0 to below `end`. Prints its seed at once. */
export function randomNumbers(campaign: string): (end: number) => number {
  let state = FC_SEED ? Number(FC_SEED) : randomInt(2 ** 31);
  process.stderr.write(`    ${campaign}: FC_SEED=${state}\n`);
  // mulberry32
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

// Shared by random tests: each prints its seed when it fails, and runs again in the same way with that seed. Cases that
// failed are kept (kept-cases.ts), and tried first from then on.
import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { openKeptCases } from './kept-cases.ts';

const { FC_SEED, FC_PATH } = process.env;

/**
 * `fc.assert`, after the cases kept under this name. With FC_SEED, and FC_PATH for the failing case, it repeats an
 * earlier run.
 * @param name of the kept cases: the room, and what is tested
 * @param folder of the kept cases, for tests of this function
 */
export async function assertAlways<Case extends unknown[]>(
  name: `${string}/${string}`,
  property: fc.IProperty<Case> | fc.IAsyncProperty<Case>,
  parameters: Omit<fc.Parameters<Case>, 'examples' | 'reporter'> = {},
  folder?: string,
): Promise<void> {
  const kept = openKeptCases<Case>(name, folder);
  const examples = kept.read();
  // A run of its own, so that the path of a random case does not depend on how many cases are kept.
  if (examples.length > 0)
    await fc.assert(property, {
      examples,
      numRuns: examples.length,
      endOnFailure: true,
      reporter: (run) => {
        if (run.failed) throw new Error(`${reportOf(run)}\nIt failed before: see ${kept.file}`);
      },
    });
  await fc.assert(property, {
    ...parameters,
    ...(FC_SEED && { seed: Number(FC_SEED) }),
    ...(FC_PATH && { path: FC_PATH }),
    reporter: (run) => {
      if (!run.failed) return;
      if (run.counterexample) kept.add(run.counterexample);
      throw new Error(
        `${reportOf(run)}\n${againBy(run)}\nKept in ${kept.file}: commit it with the correction.`,
      );
    },
  });
}

function reportOf<Case>(run: fc.RunDetails<Case>): string {
  return [
    fc.defaultReportMessage(run),
    // As text: mocha's workers do not pass on an error's cause.
    run.errorInstance instanceof Error ? (run.errorInstance.stack ?? run.errorInstance.message) : '',
  ].join('\n');
}

function againBy<Case>(run: fc.RunDetails<Case>): string {
  const seed = `FC_SEED=${run.seed}`;
  const path = run.counterexamplePath ? ` FC_PATH=${run.counterexamplePath}` : '';
  return [
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

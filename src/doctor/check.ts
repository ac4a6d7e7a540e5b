// A check looks at one thing that the system needs, and reports what it found in lines.
import { databaseTrouble } from '../db/trouble.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { withTimeout } from '../lib/timeout.ts';

/** `warning`: the system works without it, at a cost. `wrong`: something that people rely on does not work. */
export type LineState = 'ok' | 'warning' | 'wrong';

export interface Line {
  state: LineState;
  /** What was found, without a full stop. Never a secret, never an address with a password in it. */
  says: string;
  /** What follows from it, or what to know about it. */
  means?: string[];
  /** How to mend it. */
  mend?: Mend;
}

export interface Mend {
  /** What to do, in words. */
  text: string;
  /** A command to copy and run unchanged. */
  command?: string;
  /** A page of ours: its path. */
  page?: string;
}

export interface Check {
  /** Names the check in the JSON report; never changes. */
  id: string;
  title: string;
  run(): Promise<Line[]>;
}

export interface CheckReport {
  id: string;
  title: string;
  lines: Line[];
}

export const ok = (says: string, ...means: string[]): Line => line('ok', says, means);

export const warning = (says: string, means: string | string[], mend?: Mend | string): Line =>
  line('warning', says, [means].flat(), mend);

export const wrong = (says: string, means: string | string[], mend?: Mend | string): Line =>
  line('wrong', says, [means].flat(), mend);

function line(state: LineState, says: string, means: string[], mend?: Mend | string): Line {
  return {
    state,
    says,
    ...(means.length > 0 && { means }),
    ...(mend !== undefined && { mend: typeof mend === 'string' ? { text: mend } : mend }),
  };
}

/** All at once. One that fails or takes too long says so in a line of its own; the others go on. */
export function runChecks(checks: readonly Check[], timeoutMs: number): Promise<CheckReport[]> {
  return Promise.all(
    checks.map(async (check) => ({
      id: check.id,
      title: check.title,
      lines: await linesWithin(check, timeoutMs),
    })),
  );
}

async function linesWithin(check: Check, timeoutMs: number): Promise<Line[]> {
  try {
    return await withTimeout(check.run(), timeoutMs, () => [
      wrong(`No answer within ${timeoutMs / 1_000} seconds`, 'This could not be checked.'),
    ]);
  } catch (error) {
    const trouble = databaseTrouble(error);
    // Each check that asks the database says so; what is wrong there is said once, in the database's own line.
    if (trouble === 'database unavailable' || trouble === 'database refuses the role')
      return [warning('Not checked: see the line about the database', [])];
    if (trouble) return [warning(`This could not be checked: ${trouble}`, [])];
    return [wrong(`This could not be checked: ${codeOf(error)}`, 'The check itself failed.')];
  }
}

/** The part of an error that may be shown: messages of drivers can quote addresses with passwords. */
export function codeOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const { name, code } = errorFacts(error);
  return code ?? (cause instanceof Error ? codeOf(cause) : name);
}

export function worstOf(lines: readonly Line[]): LineState {
  const states = lines.map(({ state }) => state);
  return states.includes('wrong') ? 'wrong' : states.includes('warning') ? 'warning' : 'ok';
}

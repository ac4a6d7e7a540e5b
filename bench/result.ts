/** One line of the table that `npm run bench` prints. */
export interface BenchResult {
  name: string;
  /** What was promised: `at least 0.60`; unset: the figure is only watched. */
  goal?: string;
  /** The measured value divided by its baseline. */
  ratio: number;
  /** What was measured, with units. */
  detail: string;
  /** Promised limits that were missed: the run fails. */
  failures?: string[];
}

export interface BenchOptions {
  /** Fewer rounds: less exact, for while you work. */
  isShort: boolean;
}

type Measured = Pick<BenchResult, 'name' | 'ratio' | 'detail'>;

/** The ratio must be `goal` or more. @param promised in words, where the goal is not a plain ratio: `300 events/s` */
export function atLeast(goal: number, measured: Measured, promised = goal.toFixed(2)): BenchResult {
  return withGoal(measured, `at least ${promised}`, measured.ratio < goal);
}

/** The ratio must be `goal` or less. @param promised in words, where the goal is not a plain ratio: `64 MB` */
export function atMost(goal: number, measured: Measured, promised = goal.toFixed(2)): BenchResult {
  return withGoal(measured, `at most ${promised}`, measured.ratio > goal);
}

function withGoal({ name, ratio, detail }: Measured, goal: string, isMissed: boolean): BenchResult {
  const failures = isMissed ? [`${name}: ${ratio.toFixed(2)} (${detail}), promised ${goal}`] : [];
  return { name, goal, ratio, detail, failures };
}

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

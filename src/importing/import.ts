// Taking over what another system holds: what a run is, and what it says of each row or appointment.

export const importKinds = ['people', 'acuity', 'bookings'] as const;
export type ImportKind = (typeof importKinds)[number];

export interface ImportRun {
  id: string;
  kind: ImportKind;
  options: Record<string, unknown>;
  state: 'running' | 'interrupted' | 'done' | 'failed' | 'undone';
  /** Records that it made, changed, and of these has taken back. */
  made: number;
  changed: number;
  takenBack: number;
  matched: number;
  left: number;
  startedAt: Date;
  finishedAt: Date | null;
}

/**
 * `matched`: it was here as it should be. `left`: nothing is done, for the reason. `bad`: a row that cannot be read.
 * In a dry run what would be.
 */
export const outcomes = ['made', 'changed', 'matched', 'left', 'bad'] as const;
export type Outcome = (typeof outcomes)[number];

/** Ids, organisations and referrers; nothing of anybody examined. */
export interface ReportLine {
  outcome: Outcome;
  /** Of the file; null for an appointment that no file names. */
  line: number | null;
  appointmentId: number | null;
  /** Null while it would only be made. */
  recordId: string | null;
  /** The referrer's address and the organisation that it goes to; empty while nobody is known. */
  to: string;
  /** What is made of it, or why it is left. */
  says: string;
}

export interface Listener {
  line(line: ReportLine): void;
  progress(done: number, of: number): void;
}

export type Totals = Record<Outcome, number>;

export type Ended =
  | { ok: true; importId: string | null; totals: Totals; invited: number }
  | { ok: false; reason: 'another_is_running' }
  /** What was done so far stays; the same command goes on. */
  | { ok: false; reason: 'acuity'; importId: string | null; error: string; totals: Totals };

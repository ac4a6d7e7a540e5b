// What an import is: its run, and the report line for each row or appointment.

export const importKinds = ['people', 'acuity', 'bookings'] as const;
export type ImportKind = (typeof importKinds)[number];

export const recordTypes = ['organization', 'user', 'booking'] as const;
export type RecordType = (typeof recordTypes)[number];
/** How many records of each type. */
export type RecordCounts = Record<RecordType, number>;

export interface ImportRun {
  id: string;
  kind: ImportKind;
  options: Record<string, unknown>;
  state: 'running' | 'interrupted' | 'done' | 'failed' | 'undone';
  /** Records made, by type, and changed, and how many of them were taken back. */
  made: RecordCounts;
  changed: number;
  takenBack: number;
  matched: number;
  left: number;
  startedAt: Date;
  finishedAt: Date | null;
}

/**
 * `matched`: already here, nothing to change. `left`: not imported, for the reason given. `bad`: the row cannot be
 * read. In a dry run: what would happen.
 */
export const outcomes = ['made', 'changed', 'matched', 'left', 'bad'] as const;
export type Outcome = (typeof outcomes)[number];

/** Ids, organisations and referrers; never an examinee's data. */
export interface ReportLine {
  outcome: Outcome;
  /** The line of the file; null when the appointment comes from Acuity. */
  line: number | null;
  appointmentId: number | null;
  /** Null in a dry run for records that would be made. */
  recordId: string | null;
  /** The referrer's e-mail address and organisation; empty when unknown. */
  to: string;
  /** What was done, or why nothing was. */
  says: string;
  /** The records that it makes; a row of people can make two. */
  makes?: readonly RecordType[];
}

export interface Listener {
  line(line: ReportLine): void;
  progress(done: number, of: number): void;
}

/** How many rows or appointments had each outcome. */
export type Totals = Record<Outcome, number>;

export type ImportResult =
  | { ok: true; importId: string | null; totals: Totals; made: RecordCounts; invited: number }
  | { ok: false; reason: 'another_is_running' }
  /** What is imported stays; the same command continues. */
  | {
      ok: false;
      reason: 'acuity';
      importId: string | null;
      error: string;
      totals: Totals;
      made: RecordCounts;
    };

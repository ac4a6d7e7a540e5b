// Reports an import on the terminal and in the --report file. Names ids, organisations and referrers only.
import { createWriteStream } from 'node:fs';
import {
  recordTypes,
  type ImportResult,
  type Listener,
  type Outcome,
  type RecordCounts,
  type RecordType,
  type ReportLine,
} from '../importing/index.ts';
import { commandLine } from '../lib/command-line.ts';
import { csvLine } from '../lib/csv.ts';
import { fileFailure, StartError } from './environment.ts';
import { progressBar } from './progress-bar.ts';
import { complain, say } from './terminal.ts';

export interface Shown {
  apply: boolean;
  report?: string | undefined;
}

const words: Record<Exclude<Outcome, 'made'>, { did: string; would: string }> = {
  changed: { did: 'changed', would: 'would be changed' },
  matched: { did: 'here already', would: 'here already' },
  left: { did: 'left', would: 'would be left' },
  bad: { did: 'cannot be read', would: 'cannot be read' },
};

const recordWords: Record<RecordType, [one: string, many: string]> = {
  organization: ['organisation', 'organisations'],
  user: ['person', 'people'],
  booking: ['booking', 'bookings'],
};

/** What was made, by type, without what was not: `3 organisations`, `1 person`. */
export function recordsInWords(made: RecordCounts): { count: number; what: string }[] {
  return recordTypes
    .filter((type) => made[type] > 0)
    .map((type) => ({ count: made[type], what: recordWords[type][made[type] === 1 ? 0 : 1] }));
}

/** The most lines that are printed; the --report file has all of them. */
export const mostShown = 50;

/** Reports each step, and the result at the end. */
export async function showImport(
  given: Shown,
  unit: string,
  work: (listener: Listener) => Promise<ImportResult & { ignored?: string[] }>,
): Promise<void> {
  const bar = progressBar(given.apply ? 'Importing' : 'Looking', { unit });
  const notTaken: ReportLine[] = [];
  const report = given.report === undefined ? null : reportFile(given.report);
  const ended = await work({
    line(line) {
      report?.write(line);
      const isNotTaken = line.outcome === 'left' || line.outcome === 'bad';
      if (isNotTaken && notTaken.length < mostShown) notTaken.push(line);
    },
    progress: (done, of) => bar.show(done, of),
  });
  bar.done();
  await report?.end();
  tell(given, ended, notTaken);
}

function tell(
  given: Shown,
  ended: ImportResult & { ignored?: string[] },
  notTaken: readonly ReportLine[],
): void {
  if (!ended.ok && ended.reason === 'another_is_running') {
    complain('Another import is under way: try again when it is over');
    process.exitCode = 1;
    return;
  }
  if (ended.ignored?.length) say(`Columns that mean nothing here: ${ended.ignored.join(', ')}`);
  for (const line of notTaken) say(inWords(line));
  const { totals, made } = ended;
  const count = totals.left + totals.bad;
  if (count > notTaken.length) say(`… and ${count - notTaken.length} more: --report FILE.csv has them all`);
  const state = given.apply ? 'did' : 'would';
  for (const { count: number, what } of recordsInWords(made))
    say(`${String(number).padStart(7)} ${what} ${given.apply ? 'made' : 'would be made'}`);
  for (const outcome of ['changed', 'matched', 'left', 'bad'] as const)
    if (totals[outcome] > 0) say(`${String(totals[outcome]).padStart(7)} ${words[outcome][state]}`);
  if (ended.ok && ended.invited > 0) say(`${String(ended.invited).padStart(7)} invited by e-mail`);
  const hasWritten =
    ended.importId !== null && totals.made + totals.changed + (ended.ok ? ended.invited : 0) > 0;
  if (hasWritten) say(`To take it back: ${commandLine('import', `undo ${ended.importId}`)}`);
  else if (!given.apply && totals.made + totals.changed > 0) say('Nothing was written. Do it with --apply');
  if (ended.ok) return;
  complain(
    `Acuity does not answer (${ended.error}). What is done stays; run the same command again to go on.`,
  );
  process.exitCode = 1;
}

function inWords({ line, appointmentId, outcome, to, says }: ReportLine): string {
  const where = [
    ...(line === null ? [] : [`line ${line}`]),
    ...(appointmentId === null ? [] : [`appointment ${appointmentId}`]),
  ];
  return `${where.join(', ')}: ${outcome === 'bad' ? 'cannot be read' : 'left'}${to ? ` (${to})` : ''}: ${says}`;
}

function reportFile(file: string) {
  const out = createWriteStream(file, { mode: 0o600 });
  const failed = new Promise<never>((_, reject) => {
    out.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(fileFailure('written', file, error))),
    );
  });
  failed.catch(() => undefined);
  out.write(csvLine(['outcome', 'line', 'acuity_id', 'record', 'to', 'says']));
  return {
    write: ({ outcome, line, appointmentId, recordId, to, says }: ReportLine) =>
      out.write(csvLine([outcome, line, appointmentId, recordId, to, says])),
    end: () => Promise.race([failed, new Promise<void>((done) => out.end(done))]),
  };
}

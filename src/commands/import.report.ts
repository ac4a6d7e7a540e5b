// Reports an import on the terminal and in the --report file. Names ids, organisations and referrers only.
import { createWriteStream } from 'node:fs';
import type { ImportResult, Listener, Outcome, ReportLine } from '../importing/index.ts';
import { csvLine } from '../lib/csv.ts';
import { StartError } from './environment.ts';
import { progressBar } from './progress-bar.ts';
import { complain, say } from './terminal.ts';

export interface Shown {
  apply: boolean;
  report?: string | undefined;
}

const words: Record<Outcome, { did: string; would: string }> = {
  made: { did: 'made', would: 'would be made' },
  changed: { did: 'changed', would: 'would be changed' },
  matched: { did: 'here already', would: 'here already' },
  left: { did: 'left', would: 'would be left' },
  bad: { did: 'cannot be read', would: 'cannot be read' },
};

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
  const { totals } = ended;
  const count = totals.left + totals.bad;
  if (count > notTaken.length) say(`… and ${count - notTaken.length} more: --report FILE.csv has them all`);
  const state = given.apply ? 'did' : 'would';
  for (const outcome of ['made', 'changed', 'matched', 'left', 'bad'] as const)
    if (totals[outcome] > 0) say(`${String(totals[outcome]).padStart(7)} ${words[outcome][state]}`);
  if (ended.ok && ended.invited > 0) say(`${String(ended.invited).padStart(7)} invited by e-mail`);
  const hasWritten =
    ended.importId !== null && totals.made + totals.changed + (ended.ok ? ended.invited : 0) > 0;
  if (hasWritten) say(`To take it back: npm run import -- undo ${ended.importId}`);
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
      reject(new StartError(`${file} cannot be written: ${error.code ?? 'unknown'}`)),
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

// Imports what a spreadsheet knows about appointments: referrer, claim number, progress.
import { z } from 'zod';
import { takenOverInput } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import { findKnown, findReadVersions } from '../following/index.ts';
import { typedLine } from '../lib/typed-input.ts';
import { importAppointment, type FileFacts } from './appointment.ts';
import type { AcuityImportDeps } from './appointments.ts';
import type { ImportResult, Listener, ReportLine } from './import.ts';
import { readWithRetries, runImport } from './import.runs.ts';
import { readTable, type Column, type TableRow } from './import.table.ts';
import { isPastProgress, pastProgresses, type PastProgress, type PastRule } from './past.rule.ts';

export const bookingColumns: readonly Column[] = [
  {
    name: 'acuity_id',
    aliases: ['acuity appointment id', 'appointment id', 'appointment'],
    isRequired: true,
  },
  { name: 'referrer', aliases: ['referrer email', 'referrer e-mail', 'email', 'e-mail'], isRequired: false },
  { name: 'claim_number', aliases: ['claim', 'claim no', 'claim id'], isRequired: false },
  { name: 'progress', aliases: ['stage', 'status'], isRequired: false },
];

const bookingRow = z.object({
  acuity_id: z
    .string()
    .regex(/^\d{1,15}$/, 'Enter the number of the appointment in Acuity')
    .transform(Number),
  referrer: takenOverInput.shape.email,
  claim_number: typedLine().max(100, 'Enter a claim number of at most 100 characters').default(''),
  progress: z
    .string()
    .default('')
    .transform((text, context): PastProgress | null => {
      const plain = text.toLowerCase().replace(/[\s-]+/g, '_');
      if (plain === '') return null;
      if (isPastProgress(plain)) return plain;
      context.addIssue({ code: 'custom', message: `Use ${Object.keys(pastProgresses).join(', ')}` });
      return z.NEVER;
    }),
});

type Row = z.output<typeof bookingRow>;

export interface BookingsRequest {
  file: { name: string; bytes: Uint8Array };
  rule: PastRule;
  applies: boolean;
}

/** @throws TableError */
export async function importBookings(
  deps: AcuityImportDeps,
  { file, rule, applies }: BookingsRequest,
  listener: Listener,
): Promise<ImportResult & { ignored: string[] }> {
  const { rows, ignored } = readTable(file.bytes, bookingColumns, bookingRow);
  const options = {
    file: file.name,
    past: rule.past,
    ...(rule.closedUntil && { closedUntil: rule.closedUntil }),
  };
  const request = { kind: 'bookings', options, content: file.bytes, applies } as const;
  const lines = new Map<number, number>();
  const ended = await runImport(deps, request, listener, async (importId, report) => {
    for (const [index, row] of rows.entries()) {
      report.line(await importRow(deps, importId, row, lines, rule));
      report.progress(index + 1, rows.length);
      await deps.onStep?.('row');
    }
    return { invited: 0 };
  });
  return { ...ended, ignored };
}

/** @param lines the line of each appointment so far */
async function importRow(
  deps: AcuityImportDeps,
  importId: string | null,
  row: TableRow<Row>,
  lines: Map<number, number>,
  rule: PastRule,
): Promise<ReportLine> {
  const base = { line: row.line, recordId: null, to: '' };
  if ('problems' in row)
    return { ...base, outcome: 'bad', appointmentId: null, says: row.problems.join('; ') };
  const { acuity_id: appointmentId, referrer, claim_number: claimNumber, progress } = row.value;
  const left = (says: string): ReportLine => ({ ...base, outcome: 'left', appointmentId, says });
  const before = lines.get(appointmentId);
  if (before !== undefined) return left(`line ${before} has this appointment already`);
  lines.set(appointmentId, row.line);
  const owner = referrer ? await referrerBy(deps.db, referrer) : null;
  if (referrer && !owner) return left(`there is no referrer ${referrer} here: import people first`);
  const booking = (await findKnown(deps.db, [appointmentId])).get(appointmentId)?.booking ?? null;
  const versions = await findReadVersions(deps.db, [appointmentId]);
  const appointment = await readWithRetries(() => deps.acuity.getAppointment(appointmentId));
  if (!appointment) return left('Acuity has no such appointment');
  const known: FileFacts = { line: row.line, progress, claimNumber: claimNumber || null, owner };
  const readVersion = versions.get(appointmentId) ?? 0;
  return importAppointment(deps, importId, { appointment, booking, readVersion }, known, rule);
}

async function referrerBy(db: Queryable, email: string): Promise<FileFacts['owner']> {
  const row = await db('users as u')
    .joinRaw('join users t on t.id = merged_into(u.id)')
    .join('members as m', 'm.user_id', 't.id')
    .where({ 'u.email': email, 't.role': 'referrer', 't.banned': false })
    .first<{ id: string; organization_id: string } | undefined>('t.id', 'm.organization_id');
  return row ? { userId: row.id, organizationId: row.organization_id } : null;
}

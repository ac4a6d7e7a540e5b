// What a spreadsheet knows of appointments and Acuity does not: whose they are, the claim number, how far the work is.
import { z } from 'zod';
import { takenOverInput } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import { findKnown, findReadVersions } from '../following/index.ts';
import { patiently } from './acuity.reads.ts';
import { takeAppointment, type Known } from './appointment.ts';
import type { AcuityImportDeps } from './appointments.ts';
import type { Ended, Listener, ReportLine } from './import.ts';
import { runImport } from './import.runs.ts';
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
  claim_number: z
    .string()
    .max(100, 'Enter a claim number of at most 100 characters')
    .refine((text) => !/\p{Cc}/u.test(text), 'Leave out signs that do not belong in a claim number')
    .default(''),
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
): Promise<Ended & { ignored: string[] }> {
  const { rows, ignored } = readTable(file.bytes, bookingColumns, bookingRow);
  const options = {
    file: file.name,
    past: rule.past,
    ...(rule.closedUntil && { closedUntil: rule.closedUntil }),
  };
  const request = { kind: 'bookings', options, content: file.bytes, applies } as const;
  const lines = new Map<number, number>();
  const ended = await runImport(deps, request, listener, async (importId, told) => {
    for (const [index, row] of rows.entries()) {
      told.line(await takeRow(deps, importId, row, lines, rule));
      told.progress(index + 1, rows.length);
      await deps.onStep?.('row');
    }
    return { invited: 0 };
  });
  return { ...ended, ignored };
}

/** @param lines by appointment, those that came before */
async function takeRow(
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
  if (before !== undefined) return left(`line ${before} is about this appointment already`);
  lines.set(appointmentId, row.line);
  const owner = referrer ? await referrerBy(deps.db, referrer) : null;
  if (referrer && !owner) return left(`nobody here is the referrer ${referrer}: import people first`);
  const booking = (await findKnown(deps.db, [appointmentId])).get(appointmentId)?.booking ?? null;
  const versions = await findReadVersions(deps.db, [appointmentId]);
  const appointment = await patiently(() => deps.acuity.getAppointment(appointmentId));
  if (!appointment) return left('Acuity does not know this appointment');
  const known: Known = { line: row.line, progress, claimNumber: claimNumber || null, owner };
  const readVersion = versions.get(appointmentId) ?? 0;
  return takeAppointment(deps, importId, { appointment, booking, readVersion }, known, rule);
}

async function referrerBy(db: Queryable, email: string): Promise<Known['owner']> {
  const row = (await db('users as u')
    .joinRaw('join users t on t.id = merged_into(u.id)')
    .join('members as m', 'm.user_id', 't.id')
    .where({ 'u.email': email, 't.role': 'referrer', 't.banned': false })
    .first('t.id', 'm.organization_id')) as { id: string; organization_id: string } | undefined;
  return row ? { userId: row.id, organizationId: row.organization_id } : null;
}

// Appointments whose reference is one of ours and that nothing here knows. The attempt is stored before Acuity is called
// and never removed, so either the database was restored from before it, or somebody typed the reference in Acuity
// (docs/decisions/0024-after-a-restore.md).
import type { AttemptDeps } from '../attempts/index.ts';
import type { IntakeFields } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { isReference } from '../lib/reference.ts';
import { ok } from '../lib/result.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import { referenceAnswers, type ReferenceAnswer } from './answers.ts';

/**
 * The reference that a new booking of this appointment takes over. Null: it has none that is well-formed, a booking or an
 * attempt has it, or an earlier appointment does: then this one is a copy, and the earlier one's booking keeps it.
 * @param mappings which question is or was the one for our reference
 */
export async function referenceToKeep(
  deps: Pick<AttemptDeps, 'db' | 'acuity'>,
  appointment: Appointment,
  mappings: readonly IntakeFields[],
): Promise<AcuityResult<string | null>> {
  const answers = wellFormed(appointment, mappings);
  const taken = await takenAmong(deps.db, answers);
  for (const { fieldId, reference } of answers.filter((one) => !taken.has(one.reference))) {
    const found = await deps.acuity.findAppointments({
      field: { id: fieldId, value: reference },
      which: 'all',
    });
    if (!found.ok) return found;
    const isEarlier = (other: Appointment) =>
      other.id < appointment.id &&
      referenceAnswers(other, mappings).some((answer) => answer.reference === reference);
    if (!found.value.some(isEarlier)) return ok(reference);
  }
  return ok(null);
}

/** Whether we made it, as far as Acuity tells: what the clinic's staff make names the member of staff. */
export function isMadeByUs({ scheduledBy }: Appointment, keptReference: string | null): boolean {
  return keptReference !== null && scheduledBy === null;
}

/** What happened between the backup and its restore is lost; before `from` an event may have been under way. */
export interface LostTime {
  from: Date;
  until: Date;
}

const underWayMs = 5 * 60_000;

export async function lostTimes(db: Queryable): Promise<LostTime[]> {
  const rows = (await db('restores').select('data_until', 'started_at')) as {
    data_until: Date;
    started_at: Date;
  }[];
  return rows.map((row) => ({
    from: new Date(row.data_until.getTime() - underWayMs),
    until: row.started_at,
  }));
}

/**
 * Whether a cancelled appointment that is no booking was one: we made it, or somebody made it in Acuity in the time that a
 * restore lost. Else it was cancelled before we heard of it, as years of them were.
 */
export function wasBooked(
  appointment: Appointment,
  keptReference: string | null,
  times: LostTime[],
): boolean {
  return isMadeByUs(appointment, keptReference) || isOf(times, appointment);
}

function isOf(times: LostTime[], { createdAt }: Appointment): boolean {
  return times.some(({ from, until }) => createdAt && createdAt >= from && createdAt <= until);
}

/** Of cancelled appointments that are no booking: the ids of those that were one. */
export async function lostAmong(
  deps: Pick<AttemptDeps, 'db' | 'acuity'>,
  appointments: readonly Appointment[],
  mappings: readonly IntakeFields[],
): Promise<AcuityResult<Set<number>>> {
  const answers = new Map(appointments.map((one) => [one, wellFormed(one, mappings)]));
  const taken = await takenAmong(deps.db, [...answers.values()].flat());
  const times = await lostTimes(deps.db);
  const lost = new Set<number>();
  for (const [appointment, said] of answers) {
    // An attempt that failed left it behind, or it is a copy.
    if (said.length > 0 && said.every(({ reference }) => taken.has(reference))) continue;
    if (said.length === 0 && !isOf(times, appointment)) continue;
    const kept = await referenceToKeep(deps, appointment, mappings);
    if (!kept.ok) return kept;
    if (wasBooked(appointment, kept.value, times)) lost.add(appointment.id);
  }
  return ok(lost);
}

function wellFormed(appointment: Appointment, mappings: readonly IntakeFields[]): ReferenceAnswer[] {
  return referenceAnswers(appointment, mappings).filter(({ reference }) => isReference(reference));
}

async function takenAmong(db: Queryable, answers: readonly ReferenceAnswer[]): Promise<Set<string>> {
  const references = answers.map(({ reference }) => reference);
  if (references.length === 0) return new Set();
  const booked = (await db('bookings').whereIn('reference', references).pluck('reference')) as string[];
  const attempted = (await db('booking_intentions')
    .where({ kind: 'book' })
    .whereIn('reference', references)
    .pluck('reference')) as string[];
  return new Set([...booked, ...attempted]);
}

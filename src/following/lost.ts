// Appointments that have one of our references although no booking or attempt here has it. Attempts are stored before
// Acuity is called and never removed, so either the database was restored from an earlier backup, or somebody typed the
// reference in Acuity (docs/decisions/0024-after-a-restore.md).
import type { AttemptDeps } from '../attempts/index.ts';
import type { IntakeFields } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { isReference } from '../lib/reference.ts';
import { ok } from '../lib/result.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import { referenceAnswers, type ReferenceAnswer } from './answers.ts';

/**
 * The reference that a new booking of this appointment keeps. Null: it has no well-formed one, a booking or an attempt
 * has it already, or an earlier appointment does: then this one is a copy, and the earlier one keeps it.
 * @param mappings the present and earlier mappings of our reference
 */
export async function referenceToKeep(
  deps: Pick<AttemptDeps, 'db' | 'acuity'>,
  appointment: Appointment,
  mappings: readonly IntakeFields[],
): Promise<AcuityResult<string | null>> {
  const answers = wellFormed(appointment, mappings);
  const taken = await findTaken(deps.db, answers);
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

/** Whether we made it, as far as Acuity shows: appointments made by the clinic's staff name the member of staff. */
export function isMadeByUs({ scheduledBy }: Appointment, keptReference: string | null): boolean {
  return keptReference !== null && scheduledBy === null;
}

/** A span of time whose changes a restore lost. Starts a little before the backup: an event may have been under way. */
export interface RestoreGap {
  from: Date;
  until: Date;
}

const underWayMs = 5 * 60_000;

export async function restoreGaps(db: Queryable): Promise<RestoreGap[]> {
  const rows = await db('restores').select('data_until', 'started_at');
  return rows.map((row) => ({
    from: new Date(row.data_until.getTime() - underWayMs),
    until: row.started_at,
  }));
}

/**
 * Whether a cancelled appointment without a booking had one: we made it, or it was made in Acuity in a span that a
 * restore lost. Otherwise it was cancelled before we received an event about it, as years of appointments were.
 */
export function wasBooked(
  appointment: Appointment,
  keptReference: string | null,
  gaps: RestoreGap[],
): boolean {
  return isMadeByUs(appointment, keptReference) || wasCreatedIn(gaps, appointment);
}

function wasCreatedIn(gaps: RestoreGap[], { createdAt }: Appointment): boolean {
  return gaps.some(({ from, until }) => createdAt && createdAt >= from && createdAt <= until);
}

/** Returns the ids of those appointments that had a booking. @param appointments cancelled, without a booking */
export async function findLost(
  deps: Pick<AttemptDeps, 'db' | 'acuity'>,
  appointments: readonly Appointment[],
  mappings: readonly IntakeFields[],
): Promise<AcuityResult<Set<number>>> {
  const answers = new Map(appointments.map((one) => [one, wellFormed(one, mappings)]));
  const taken = await findTaken(deps.db, [...answers.values()].flat());
  const gaps = await restoreGaps(deps.db);
  const lost = new Set<number>();
  for (const [appointment, references] of answers) {
    // A failed attempt left it behind, or it is a copy.
    if (references.length > 0 && references.every(({ reference }) => taken.has(reference))) continue;
    if (references.length === 0 && !wasCreatedIn(gaps, appointment)) continue;
    const kept = await referenceToKeep(deps, appointment, mappings);
    if (!kept.ok) return kept;
    if (wasBooked(appointment, kept.value, gaps)) lost.add(appointment.id);
  }
  return ok(lost);
}

function wellFormed(appointment: Appointment, mappings: readonly IntakeFields[]): ReferenceAnswer[] {
  return referenceAnswers(appointment, mappings).filter(({ reference }) => isReference(reference));
}

async function findTaken(db: Queryable, answers: readonly ReferenceAnswer[]): Promise<Set<string>> {
  const references = answers.map(({ reference }) => reference);
  if (references.length === 0) return new Set();
  const booked = await db('bookings').whereIn('reference', references).pluck('reference');
  const attempted = await db('booking_attempts')
    .where({ kind: 'book' })
    .whereIn('reference', references)
    .pluck('reference');
  return new Set([...booked, ...attempted]);
}

// Reads many bookings by their appointments in one query: reconciliation compares thousands.
import {
  keptAnswers,
  selectBookings,
  toBooking,
  type Booking,
  type BookingRow,
  type KeptAnswers,
} from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';

export interface KnownBooking {
  booking: Booking;
  /** See booking.answers.ts. */
  answersDigest: string | null;
  /** Null: the booking was made before answers were stored. */
  keptAnswers: KeptAnswers | null;
}

/** The bookings of these appointments, by appointment id. */
export async function findKnown(
  db: Queryable,
  appointmentIds: readonly number[],
): Promise<Map<number, KnownBooking>> {
  const rows = await selectBookings(db)
    .select<(BookingRow & { acuity_answers_digest: string | null })[]>('b.acuity_answers_digest')
    .whereIn('b.acuity_appointment_id', appointmentIds);
  const kept = await keptAnswers(
    db,
    rows.map(({ id }) => id),
  );
  return new Map(
    rows.map((row) => [
      row.acuity_appointment_id,
      {
        booking: toBooking(row),
        answersDigest: row.acuity_answers_digest,
        keptAnswers: kept.get(row.id) ?? null,
      },
    ]),
  );
}

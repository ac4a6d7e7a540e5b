// Undoes what an import did to a booking, while nobody has touched it since. Throws what PostgreSQL says when something
// belongs to the booking by now: a document, a message.
import { systemActor, sayOfChanges, type AuditLog } from '../audit/index.ts';
import type { Transaction } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { lockBooking } from './booking.repository.ts';

export type TakenBack = Result<{ version: number } | null, { reason: string }>;

/** The columns that an import may change, as they were. */
export interface BookingBefore {
  created_by_id?: string | null;
  organization_id?: string | null;
  claim_number?: string | null;
  status?: string;
  current_progress?: string;
}

/** @param version as the import left it */
export async function takeBackBooking(
  trx: Transaction,
  { audit, metadata }: { audit: AuditLog; metadata: Record<string, unknown> },
  bookingId: string,
  version: number,
): Promise<TakenBack> {
  const booking = await lockBooking(trx, bookingId);
  if (!booking) return ok(null);
  if (booking.version !== version) return failure({ reason: 'the booking was changed since' });
  await sayOfChanges(trx, systemActor, metadata);
  for (const table of ['booking_progress', 'booking_answers', 'unassigned_notices'])
    await trx(table).where({ booking_id: bookingId }).delete();
  // They tell of the appointment, which stays.
  for (const table of ['drift_items', 'webhook_events'])
    await trx(table).where({ booking_id: bookingId }).update({ booking_id: null });
  await trx('bookings').where({ id: bookingId }).delete();
  await audit.record(trx, systemActor, {
    ...{ action: 'record.changed', resourceType: 'booking', resourceId: bookingId },
    metadata: { change: 'taken_back', acuityAppointmentId: booking.acuityAppointmentId, ...metadata },
  });
  return ok(null);
}

/** @returns the version that the booking has now */
export async function takeBackChange(
  trx: Transaction,
  { audit, metadata }: { audit: AuditLog; metadata: Record<string, unknown> },
  bookingId: string,
  { version, before, progressId }: { version: number; before: BookingBefore; progressId: string | null },
): Promise<TakenBack> {
  const booking = await lockBooking(trx, bookingId);
  if (!booking) return ok(null);
  if (booking.version !== version) return failure({ reason: 'the booking was changed since' });
  await sayOfChanges(trx, systemActor, metadata);
  await trx('bookings')
    .where({ id: bookingId })
    .update({ ...before, version: version + 1 });
  if (progressId) await trx('booking_progress').where({ id: progressId }).delete();
  await audit.record(trx, systemActor, {
    ...{ action: 'booking.edited', resourceType: 'booking', resourceId: bookingId },
    metadata: { change: 'taken_back', columns: Object.keys(before), ...metadata },
  });
  return ok({ version: version + 1 });
}

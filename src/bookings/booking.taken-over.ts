// Changes that an import makes to an existing booking, and how to undo them, or the whole booking, while nobody has
// changed it since. Nobody is told about any of it.
import { systemActor, attributeChanges, type AuditLog } from '../audit/index.ts';
import type { Transaction } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Ids } from '../ports/ids.ts';
import { insertProgress, lockBooking } from './booking.repository.ts';
import type { Booking, BookingStatus, Progress } from './booking.ts';

export type TakenBack = Result<{ version: number } | null, { reason: string }>;

/** The columns that an import may change, with their earlier values. */
export interface BookingBefore {
  created_by_id?: string | null;
  organization_id?: string | null;
  claim_number?: string | null;
  status?: BookingStatus;
  current_progress?: Progress;
}

export interface TakeOver {
  owner?: { userId: string; organizationId: string };
  claimNumber?: string;
  work?: { status: BookingStatus; progress: Progress };
}

export interface ImportedChange {
  before: BookingBefore & { version: number };
  after: { version: number; progressId?: string };
}

/** Writes what is set. The caller holds the lock on the booking and has made the decision. */
export async function takeOverInto(
  trx: Transaction,
  { audit, ids, metadata }: { audit: AuditLog; ids: Pick<Ids, 'uuid'>; metadata: Record<string, unknown> },
  booking: Booking,
  { owner, claimNumber, work }: TakeOver,
): Promise<ImportedChange> {
  const version = booking.version + 1;
  const before: BookingBefore = {
    ...(owner && { created_by_id: booking.createdBy?.id ?? null }),
    ...(owner && { organization_id: booking.organization?.id ?? null }),
    ...(claimNumber !== undefined && { claim_number: null }),
    ...(work && { status: booking.status, current_progress: booking.currentProgress }),
  };
  await trx('bookings')
    .where({ id: booking.id })
    .update({
      version,
      ...(owner && { created_by_id: owner.userId, organization_id: owner.organizationId }),
      ...(claimNumber !== undefined && { claim_number: claimNumber }),
      ...(work && { status: work.status, current_progress: work.progress }),
    });
  const hasMoved = work !== undefined && work.progress !== booking.currentProgress;
  const progressId = hasMoved ? ids.uuid() : null;
  if (progressId && work)
    await insertProgress(trx, {
      id: progressId,
      bookingId: booking.id,
      progress: work.progress,
      notes: '',
      changedById: null,
      changedForId: null,
      source: 'import',
    });
  await audit.record(trx, systemActor, {
    action: work ? 'booking.progressed' : 'booking.edited',
    resourceType: 'booking',
    resourceId: booking.id,
    metadata: { columns: Object.keys(before), ...metadata },
  });
  return {
    before: { ...before, version: booking.version },
    after: { version, ...(progressId && { progressId }) },
  };
}

/**
 * @param version the version that the import wrote
 * @throws the foreign-key error of PostgreSQL when something belongs to the booking by now: a document, a message
 */
export async function takeBackBooking(
  trx: Transaction,
  { audit, metadata }: { audit: AuditLog; metadata: Record<string, unknown> },
  bookingId: string,
  version: number,
): Promise<TakenBack> {
  const booking = await lockBooking(trx, bookingId);
  if (!booking) return ok(null);
  if (booking.version !== version) return failure({ reason: 'the booking was changed since' });
  await attributeChanges(trx, systemActor, metadata);
  for (const table of ['booking_progress', 'booking_answers', 'unassigned_notices'])
    await trx(table).where({ booking_id: bookingId }).delete();
  // These rows belong to the appointment, which remains.
  for (const table of ['drift_items', 'webhook_events'])
    await trx(table).where({ booking_id: bookingId }).update({ booking_id: null });
  await trx('bookings').where({ id: bookingId }).delete();
  await audit.record(trx, systemActor, {
    action: 'record.changed',
    resourceType: 'booking',
    resourceId: bookingId,
    metadata: { change: 'taken_back', acuityAppointmentId: booking.acuityAppointmentId, ...metadata },
  });
  return ok(null);
}

/** @returns the booking's new version */
export async function takeBackChange(
  trx: Transaction,
  { audit, metadata }: { audit: AuditLog; metadata: Record<string, unknown> },
  bookingId: string,
  { version, before, progressId }: { version: number; before: BookingBefore; progressId: string | null },
): Promise<TakenBack> {
  const booking = await lockBooking(trx, bookingId);
  if (!booking) return ok(null);
  if (booking.version !== version) return failure({ reason: 'the booking was changed since' });
  await attributeChanges(trx, systemActor, metadata);
  await trx('bookings')
    .where({ id: bookingId })
    .update({ ...before, version: version + 1 });
  if (progressId) await trx('booking_progress').where({ id: progressId }).delete();
  await audit.record(trx, systemActor, {
    action: 'booking.edited',
    resourceType: 'booking',
    resourceId: bookingId,
    metadata: { change: 'taken_back', columns: Object.keys(before), ...metadata },
  });
  return ok({ version: version + 1 });
}

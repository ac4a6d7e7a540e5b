// Corrections that staff make to a booking. Time, specialist and cancellation are changed in Acuity instead.
import { auditActor, isStaff, type Actor } from '../accounts/index.ts';
import type { Transaction } from '../db/knex.ts';
import { keepMergesOff } from '../db/merges.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Announcement } from './booking.announcement.ts';
import type { BookingDeps } from './booking.deps.ts';
import { changedDetails, columnsOf, type BookingDetails } from './booking.details.ts';
import { findBooking, lockBooking } from './booking.repository.ts';
import type { Booking, EditFailure } from './booking.ts';

export type EditDeps = Pick<BookingDeps, 'db' | 'audit' | 'announce'>;

/** `version`: the version that the editor saw. */
export async function editBooking(
  deps: EditDeps,
  actor: Actor,
  bookingId: string,
  version: number,
  edit: BookingDetails,
): Promise<Result<Booking, EditFailure>> {
  return editAtVersion(deps, actor, bookingId, version, async (booking) => {
    const changed: Record<string, unknown> = columnsOf(changedDetails(booking, edit));
    if (booking.detailsNeeded) changed.details_needed = false;
    return { changed, facts: {} };
  });
}

export interface Edit {
  /** Columns to write. */
  changed: Record<string, unknown>;
  /** Details of the audit row. */
  facts: Record<string, unknown>;
  announcement?: Announcement | null;
}
type Refused = { ok: false } & Extract<EditFailure, { reason: 'invalid' }>;

/** Locks the booking, compares its version, and writes the edit, its audit row and its announcement. */
export async function editAtVersion(
  { db, audit, announce }: EditDeps,
  actor: Actor,
  bookingId: string,
  version: number,
  work: (booking: Booking, trx: Transaction) => Promise<Edit | Refused>,
): Promise<Result<Booking, EditFailure>> {
  if (!isStaff(actor.viewer)) return failure({ reason: 'forbidden' });
  if (!isUuid(bookingId)) return failure({ reason: 'not_found' });
  return db.transaction(async (trx): Promise<Result<Booking, EditFailure>> => {
    await keepMergesOff(trx);
    const booking = await lockBooking(trx, bookingId);
    if (!booking) return failure({ reason: 'not_found' });
    if (booking.version !== version) return failure({ reason: 'stale', current: booking });
    const edit = await work(booking, trx);
    if ('ok' in edit) return edit;
    const columns = Object.keys(edit.changed);
    if (columns.length === 0) return ok(booking);
    await trx('bookings')
      .where({ id: bookingId })
      .update({ ...edit.changed, version: trx.raw('version + 1') });
    await audit.record(trx, auditActor(actor), {
      action: 'booking.edited',
      resourceType: 'booking',
      resourceId: bookingId,
      metadata: { columns, ...edit.facts },
    });
    if (edit.announcement) await announce(trx, edit.announcement);
    return ok((await findBooking(trx, bookingId)) as Booking);
  });
}

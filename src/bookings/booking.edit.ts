// What staff put right in a booking: only what we are master of. Time, specialist and end are Acuity's.
import { auditActor, isStaff, type Actor } from '../accounts/index.ts';
import { keepMergesOff } from '../db/merges.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import type { BookingDeps } from './booking.deps.ts';
import { changedDetails, columnsOf, type BookingDetails } from './booking.details.ts';
import { findBooking, lockBooking } from './booking.repository.ts';
import type { FieldError, Stale } from './booking.service.ts';
import type { Booking } from './booking.ts';

export type EditFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'invalid'; errors: FieldError[] }
  | Stale;

/** `version`: the one that was looked at. */
export async function editBooking(
  deps: Pick<BookingDeps, 'db' | 'audit'>,
  actor: Actor,
  bookingId: string,
  version: number,
  edit: BookingDetails,
): Promise<Result<Booking, EditFailure>> {
  return changing(deps, actor, bookingId, version, async (booking) => {
    const changed: Record<string, unknown> = columnsOf(changedDetails(booking, edit));
    if (booking.detailsNeeded) changed.details_needed = false;
    return { changed, facts: {} };
  });
}

/** To a referrer, and so to the organisation: a booking made in Acuity waits for this. An admin may also correct it. */
export async function assignBooking(
  deps: Pick<BookingDeps, 'db' | 'audit'>,
  actor: Actor,
  bookingId: string,
  version: number,
  referrerId: string,
): Promise<Result<Booking, EditFailure>> {
  const wrong = (message: string) =>
    failure<Extract<EditFailure, { reason: 'invalid' }>>({
      reason: 'invalid',
      errors: [{ path: 'referrerId', message }],
    });
  return changing(deps, actor, bookingId, version, async (booking, trx) => {
    if (booking.status !== 'active') return wrong('This booking is over: nobody is assigned to it any more');
    if (booking.organization && actor.viewer.role !== 'admin') {
      return wrong('This booking has its organisation already: an admin can change it');
    }
    const referrer: { id: string; organization_id: string } | undefined = isUuid(referrerId)
      ? await trx('users as u')
          .join('members as m', 'm.user_id', 'u.id')
          .where({ 'u.id': referrerId, 'u.role': 'referrer', 'u.banned': false })
          .first('u.id', 'm.organization_id')
      : undefined;
    if (!referrer) return wrong('Choose a referrer who is active');
    const changed: Record<string, unknown> = {};
    if (booking.organization?.id !== referrer.organization_id)
      changed.organization_id = referrer.organization_id;
    if (booking.createdBy?.id !== referrer.id) {
      changed.created_by_id = referrer.id;
      // Whoever assisted, assisted the one before.
      if (booking.createdFor) changed.created_for_id = null;
    }
    return { changed, facts: { organizationId: referrer.organization_id, referrerId: referrer.id } };
  });
}

type Change = { changed: Record<string, unknown>; facts: Record<string, unknown> };
type Refused = { ok: false } & Extract<EditFailure, { reason: 'invalid' }>;

async function changing(
  { db, audit }: Pick<BookingDeps, 'db' | 'audit'>,
  actor: Actor,
  bookingId: string,
  version: number,
  work: (booking: Booking, trx: Parameters<typeof lockBooking>[0]) => Promise<Change | Refused>,
): Promise<Result<Booking, EditFailure>> {
  if (!isStaff(actor.viewer)) return failure({ reason: 'forbidden' });
  if (!isUuid(bookingId)) return failure({ reason: 'not_found' });
  return db.transaction(async (trx): Promise<Result<Booking, EditFailure>> => {
    await keepMergesOff(trx);
    const booking = await lockBooking(trx, bookingId);
    if (!booking) return failure({ reason: 'not_found' });
    if (booking.version !== version) return failure({ reason: 'stale', current: booking });
    const change = await work(booking, trx);
    if ('ok' in change) return change;
    const columns = Object.keys(change.changed);
    if (columns.length === 0) return ok(booking);
    await trx('bookings')
      .where({ id: bookingId })
      .update({ ...change.changed, version: trx.raw('version + 1') });
    await audit.record(trx, auditActor(actor), {
      action: 'booking.edited',
      resourceType: 'booking',
      resourceId: bookingId,
      metadata: { columns, ...change.facts },
    });
    return ok((await findBooking(trx, bookingId)) as Booking);
  });
}

import { auditActor, isStaff, type Actor, type Viewer } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import { mergedInto } from '../db/merges.ts';
import { isUuid } from '../lib/uuid.ts';
import type { BookingDeps } from './booking.deps.ts';
import { findBooking } from './booking.repository.ts';
import type { Booking } from './booking.ts';

/**
 * Staff see all; a referrer sees the own organisation's. Whoever made a booking keeps access to it, also after
 * a change of organisation. To everyone else it does not exist.
 */
export function maySee(viewer: Viewer, booking: Pick<Booking, 'organization' | 'createdBy'>): boolean {
  if (isStaff(viewer)) return true;
  const own = viewer.organization !== null && booking.organization?.id === viewer.organization.id;
  return own || booking.createdBy?.id === viewer.userId;
}

/**
 * How an attempt ended whose answer was lost is for those who may see the booking that comes of it. An attempt stays
 * as it was begun: what either has been merged into since is asked for here.
 */
export async function mayKnowAttempt(
  db: Queryable,
  viewer: Viewer,
  { organizationId, createdById }: { organizationId: string | null; createdById: string },
): Promise<boolean> {
  if (isStaff(viewer)) return true;
  const home = viewer.organization?.id;
  const isOfHome =
    home !== undefined && organizationId !== null && (await mergedInto(db, organizationId)) === home;
  return isOfHome || (await mergedInto(db, createdById)) === viewer.userId;
}

/** Only a referrer, or an admin acting as one, books: a booking belongs to an organisation. */
export function mayBook(viewer: Viewer): boolean {
  return viewer.role === 'referrer' && viewer.organization !== null;
}

/** Null when unknown, or not theirs to know of: the two look the same outside, and differ in the audit log. */
export async function findVisible(
  deps: Pick<BookingDeps, 'db' | 'audit'>,
  actor: Actor,
  bookingId: string,
): Promise<Booking | null> {
  const booking = isUuid(bookingId) ? await findBooking(deps.db, bookingId) : null;
  if (!booking || maySee(actor.viewer, booking)) return booking;
  await deps.audit.record(deps.db, auditActor(actor), {
    action: 'access.denied',
    resourceType: 'booking',
    resourceId: booking.id,
    outcome: 'denied',
  });
  return null;
}

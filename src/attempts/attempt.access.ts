// Decides who may see how an attempt ended.
import { isStaff, type Viewer } from '../accounts/index.ts';
import { findBooking, maySee } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { mergedInto } from '../db/merges.ts';
import type { Attempt } from './attempt.ts';

/**
 * With a booking: whoever may see the booking. Without one: staff, and the organisation in which the attempt was made.
 * The attempt keeps that organisation's id when the organisation is merged away, so this follows merges.
 */
export async function maySeeAttempt(
  db: Queryable,
  viewer: Viewer,
  { organizationId, bookingId }: Pick<Attempt, 'organizationId' | 'bookingId'>,
): Promise<boolean> {
  if (isStaff(viewer)) return true;
  if (viewer.organization === null) return false;
  if (bookingId) {
    const booking = await findBooking(db, bookingId);
    return booking !== null && maySee(viewer, booking);
  }
  return organizationId !== null && (await mergedInto(db, organizationId)) === viewer.organization.id;
}

import { isStaff, type Viewer } from '../accounts/index.ts';
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

/** Only a referrer, or an admin acting as one, books: a booking belongs to an organisation. */
export function mayBook(viewer: Viewer): boolean {
  return viewer.role === 'referrer' && viewer.organization !== null;
}

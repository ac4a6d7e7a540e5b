// Who was meant to read a message may have left, or the booking may have become another organisation's. Asked whenever
// one is composed: what it says is what the booking holds then.
import { isStaff, standingOf } from '../accounts/index.ts';
import { findBooking, findIntention, mayKnowAttempt, maySee } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { isAboutAccount } from './email.account.ts';
import { isForStaff } from './email.staff.ts';
import type { EmailRow } from './email.ts';

/** Mails about an account go to whoever has the address: an invitation to somebody who is nobody here yet. */
export async function mayReceive(db: Queryable, email: EmailRow): Promise<boolean> {
  if (isAboutAccount(email)) return true;
  const viewer = (await standingOf(db, email.recipient))?.viewer ?? null;
  if (!viewer) return false;
  if (isForStaff(email)) return isStaff(viewer);
  // An attempt that never became a booking is of those who made it.
  if (!email.booking_id) {
    const attempt = email.intention_id ? await findIntention(db, email.intention_id) : null;
    return attempt !== null && mayKnowAttempt(db, viewer, attempt);
  }
  const booking = await findBooking(db, email.booking_id);
  return booking !== null && maySee(viewer, booking);
}

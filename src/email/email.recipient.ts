// Checks the recipient again whenever a message is composed, because it shows the booking's current state: the person
// may have left, or the booking may have moved to another organisation.
import { isStaff, accountStatusOf, type Viewer } from '../accounts/index.ts';
import { findAttempt, maySeeAttempt } from '../attempts/index.ts';
import { findBooking, maySee } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { mergedInto } from '../db/merges.ts';
import { hasUnread } from '../messages/index.ts';
import { isAboutAccount } from './email.account.ts';
import { isAboutDocument, isStillTrue } from './email.documents.ts';
import { isExaminationStillAsTold } from './email.examination.ts';
import { examineeAddress, isToExaminee } from './email.examinee.ts';
import { isAboutMessage } from './email.messages.ts';
import { isAboutOffer, isStillOffered } from './email.offers.ts';
import { isForStaff } from './email.staff.ts';
import {
  isDigest,
  type AccountEmail,
  type BookingEmail,
  type EmailRow,
  type ExamineeEmail,
} from './email.ts';

export type Reader =
  | { state: 'may'; address: string; viewer: Viewer | null }
  /** The person was deactivated or may no longer see the booking, or the message is about an examination that is over. */
  | { state: 'may_not' }
  /** The message was written before recipients were stored, and no account has its address any more. */
  | { state: 'nobody' };

/**
 * Whom a message goes to now: its recipient by the current address, or the person they were merged into. Mails about an
 * account go to the stored address, because an invited person has no account yet.
 */
export async function readerOf(db: Queryable, email: EmailRow, now: Date): Promise<Reader> {
  if (isAboutAccount(email)) return { state: 'may', address: email.recipient, viewer: null };
  if (isToExaminee(email)) {
    const address = await examineeAddress(db, email, now);
    return address === null ? { state: 'may_not' } : { state: 'may', address, viewer: null };
  }
  const { recipient_id: id } = email;
  const accountStatus = await accountStatusOf(db, id ? await mergedInto(db, id) : email.recipient);
  if (!accountStatus) return { state: 'nobody' };
  const { viewer } = accountStatus;
  if (!viewer) return { state: 'may_not' };
  return (await mayRead(db, viewer, email, now))
    ? { state: 'may', address: viewer.email, viewer }
    : { state: 'may_not' };
}

function mayRead(
  db: Queryable,
  viewer: Viewer,
  email: Exclude<EmailRow, AccountEmail | ExamineeEmail>,
  now: Date,
): boolean | Promise<boolean> {
  if (isForStaff(email)) return isStaff(viewer);
  if (isDigest(email)) return true;
  return isAboutOffer(email) ? isStillOffered(db, viewer, email) : mayKnow(db, viewer, email, now);
}

/**
 * Checks the booking as it is now, and whether its documents still justify the message; or the attempt, when it never
 * became a booking.
 */
export async function mayKnow(
  db: Queryable,
  viewer: Viewer,
  email: BookingEmail,
  now: Date,
): Promise<boolean> {
  if (!email.booking_id) {
    const attempt = email.attempt_id ? await findAttempt(db, email.attempt_id) : null;
    return attempt !== null && maySeeAttempt(db, viewer, attempt);
  }
  const booking = await findBooking(db, email.booking_id);
  if (booking === null || !maySee(viewer, booking)) return false;
  if (isAboutDocument(email)) return isStillTrue(db, viewer, email);
  if (isAboutMessage(email)) return hasUnread(db, viewer.userId, booking.id);
  return isExaminationStillAsTold(db, email.kind, booking, now);
}

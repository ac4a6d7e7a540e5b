// Who was meant to read a message may have left, or the booking may have become another organisation's. Asked whenever
// one is composed: what it says is what the booking holds then.
import { isStaff, standingOf } from '../accounts/index.ts';
import { findBooking, maySee } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { isAboutAccount } from './email.account.ts';
import { isForStaff } from './email.staff.ts';
import type { BookingEmail, EmailRow } from './email.ts';

/** Mails about an account go to whoever has the address: an invitation to somebody who is nobody here yet. */
export async function mayReceive(db: Queryable, email: EmailRow): Promise<boolean> {
  if (isAboutAccount(email)) return true;
  const viewer = (await standingOf(db, email.recipient))?.viewer ?? null;
  if (!viewer) return false;
  if (isForStaff(email)) return isStaff(viewer);
  const subject = await subjectOf(db, email);
  return subject !== null && maySee(viewer, subject);
}

type Subject = Parameters<typeof maySee>[1];

/** The booking as it is now; an attempt that never became one is of those who made it. */
async function subjectOf(db: Queryable, email: BookingEmail): Promise<Subject | null> {
  if (email.booking_id) return findBooking(db, email.booking_id);
  const attempt = (await db('booking_intentions as i')
    .leftJoin('organizations as o', 'o.id', 'i.organization_id')
    .leftJoin('users as u', 'u.id', 'i.created_by_id')
    .where('i.id', email.intention_id)
    .first({ by: 'u.id', byName: 'u.name', of: 'o.id', ofName: 'o.name' })) as
    | { by: string | null; byName: string; of: string | null; ofName: string }
    | undefined;
  if (!attempt) return null;
  const { by, byName, of, ofName } = attempt;
  return {
    organization: of === null ? null : { id: of, name: ofName },
    createdBy: by === null ? null : { id: by, name: byName },
  };
}

// Decides who is told what about a booking, within the announcing transaction.
import { findAttempt } from '../attempts/index.ts';
import { contactsOf, type Announcement } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { mergedInto } from '../db/merges.ts';
import { mailKinds, type BookingReader, type Delivery } from '../mail-kinds/index.ts';
import { deliveriesOf } from './email.preferences.ts';

export interface Recipient {
  id: string;
  email: string;
  delivery: Delivery;
}

/**
 * Each person once, without those who switched this kind off or have not accepted their invitation yet. Empty while the
 * booking is unassigned.
 */
export async function audienceOf(db: Queryable, announcement: Announcement): Promise<Recipient[]> {
  const { kind, exceptId, recipientIds } = announcement;
  const wanted = recipientIds ?? (await concerned(db, announcement));
  const ids = new Set<string>();
  for (const id of wanted) ids.add(await mergedInto(db, id));
  if (exceptId) ids.delete(exceptId);
  const deliveries = await deliveriesOf(db, kind, [...ids]);
  const users = await db('users')
    .whereIn('id', [...ids])
    .where({ awaits_invitation: false })
    .orderBy('id')
    .select('id', 'email');
  return users
    .map(({ id, email }) => ({ id, email, delivery: deliveries.get(id) ?? mailKinds[kind].usual }))
    .filter(({ delivery }) => delivery !== 'off');
}

async function concerned(db: Queryable, { kind, bookingId, attemptId }: Announcement): Promise<string[]> {
  const parts: readonly BookingReader[] = mailKinds[kind].to;
  const ids: string[] = [];
  if (parts.includes('requester') && attemptId) {
    const attempt = await findAttempt(db, attemptId);
    if (attempt) ids.push(attempt.createdById);
  }
  if (!bookingId) return ids;
  if (parts.includes('booker')) {
    const booking = await db('bookings').where({ id: bookingId }).first('created_by_id');
    if (booking?.created_by_id) ids.push(booking.created_by_id);
  }
  const contacts = await contactsOf(db, bookingId);
  return [...ids, ...contacts.filter(({ role }) => parts.includes(role)).map(({ userId }) => userId)];
}

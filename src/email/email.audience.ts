// Decides who is told what about a booking, within the announcing transaction.
import { findAttempt } from '../attempts/index.ts';
import { contactsOf, type Announcement, type BookingMailKind } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { mergedInto } from '../db/merges.ts';
import { switchedOff } from './email.preferences.ts';

/** `requester`: whose request failed. `booker`: whose booking it is. The others are its contacts. */
type Part = 'requester' | 'booker' | 'solicitor' | 'report_recipient';

const toldTo: Record<BookingMailKind, readonly Part[]> = {
  booking_confirmation: ['booker', 'solicitor'],
  booking_rescheduled: ['booker', 'solicitor'],
  booking_cancelled: ['booker', 'solicitor'],
  booking_no_show: ['booker', 'solicitor'],
  booking_reminder: ['booker', 'solicitor'],
  // Only the person who asked has to decide what to do next; nothing changed for the others.
  booking_failed: ['requester'],
  document_added: ['booker', 'solicitor'],
  report_ready: ['booker', 'solicitor', 'report_recipient'],
};

export interface Recipient {
  id: string;
  email: string;
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
  for (const id of await switchedOff(db, kind, [...ids])) ids.delete(id);
  return await db('users')
    .whereIn('id', [...ids])
    .where({ awaits_invitation: false })
    .orderBy('id')
    .select('id', 'email');
}

async function concerned(db: Queryable, { kind, bookingId, attemptId }: Announcement): Promise<string[]> {
  const parts = toldTo[kind];
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

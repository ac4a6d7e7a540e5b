// Names the admin who acted as a referrer in the e-mail about it, to that referrer and to every other contact.
import type { Knex } from 'knex';
import type { Queryable } from '../db/knex.ts';
import { mergedInto } from '../db/merges.ts';
import type { BookingEmail } from './email.ts';

/** What the admin did, for kinds that somebody causes. */
const actions: Partial<Record<BookingEmail['kind'], string>> = {
  booking_confirmation: 'made this booking',
  booking_rescheduled: 'moved this examination',
  booking_cancelled: 'cancelled this examination',
  booking_failed: 'made this request',
  booking_no_show: 'recorded this',
  document_added: 'added a document',
  report_ready: 'added the report',
};

/** Null when nobody was acting. */
export async function actingSentence(db: Queryable, email: BookingEmail): Promise<string | null> {
  const pair = await actingPair(db, email);
  if (!pair) return null;
  const isRecipient =
    email.recipient_id !== null &&
    (await mergedInto(db, email.recipient_id)) === (await mergedInto(db, pair.referrer_id));
  return `${pair.admin} of the agency ${pair.action ?? actions[email.kind] ?? 'did this'} for ${isRecipient ? 'you' : pair.referrer}.`;
}

interface ActingPair {
  /** Used for kinds of message that do not name the action. */
  action?: string;
  referrer_id: string;
  referrer: string;
  admin: string;
}

/** Looks in the attempt, the newest of the message's documents, or the contact row of the person who is told. */
async function actingPair(db: Queryable, email: BookingEmail): Promise<ActingPair | undefined> {
  if (email.kind === 'document_added') {
    // Only staff change a category, and never while acting.
    if (email.document_id) return undefined;
    const documents = db('documents as d')
      .where({ 'd.booking_id': email.booking_id, 'd.deleted_at': null })
      .where('d.created_at', '>=', email.created_at)
      .orderBy('d.created_at', 'desc');
    return firstPair(documents, 'd.uploaded_by_id', 'd.uploaded_for_id');
  }
  if (email.attempt_id) {
    const attempt = db('booking_attempts as i').where('i.id', email.attempt_id);
    return firstPair(attempt, 'i.created_by_id', 'i.created_for_id');
  }
  if (email.kind !== 'booking_confirmation') return undefined;
  const contact = db('booking_contacts as c')
    .where({ 'c.booking_id': email.booking_id, 'c.user_id': email.recipient_id })
    .where('c.role', 'solicitor');
  const added = await firstPair(contact, 'c.created_by_id', 'c.created_for_id');
  return added && { ...added, action: 'added you to this booking' };
}

/** The admin and the referrer of the first of these rows that was written while acting. */
async function firstPair(
  rows: Knex.QueryBuilder,
  byColumn: string,
  forColumn: string,
): Promise<ActingPair | undefined> {
  return (await rows
    .join('users as r', 'r.id', byColumn)
    .join('users as a', 'a.id', forColumn)
    .first({ referrer_id: 'r.id', referrer: 'r.name', admin: 'a.name' })) as ActingPair | undefined;
}

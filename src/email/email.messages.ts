// E-mails about new messages. The text may be health information, so the e-mail has a link instead of it. While messages
// stay unread, a person gets one e-mail a day about a booking, however many there are.
import { findBooking } from '../bookings/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { mailKinds } from '../mail-kinds/index.ts';
import { readToSql } from '../messages/index.ts';
import type { BookingEmail, Links, Message, MessageEmail, StaffEmail } from './email.ts';

export function isAboutMessage(email: BookingEmail): email is MessageEmail {
  return mailKinds[email.kind].about === 'message';
}

/** People who were not told since they last read the booking's messages, or were told more than a day ago. */
export async function notToldYet<Person extends { id: string }>(
  trx: Transaction,
  bookingId: string,
  people: Person[],
): Promise<Person[]> {
  const toldIds = await trx('emails as e')
    .where({ 'e.booking_id': bookingId, 'e.kind': 'message_received' })
    .whereIn('e.status', ['queued', 'for_digest', 'sent'])
    .whereIn(
      'e.recipient_id',
      people.map(({ id }) => id),
    )
    .whereRaw(`e.created_at > clock_timestamp() - interval '1 day'`)
    .whereRaw(`e.created_at > coalesce(${readToSql('e.booking_id', 'e.recipient_id')}, '-infinity')`)
    .pluck<string[]>('e.recipient_id');
  return people.filter(({ id }) => !toldIds.includes(id));
}

export async function messageNotice(db: Queryable, email: MessageEmail, links: Links): Promise<Message> {
  const booking = email.booking_id ? await findBooking(db, email.booking_id) : null;
  if (!booking) throw new Error(`Message ${email.id} has no booking`);
  return {
    subject: `New message: ${booking.reference}`,
    heading: 'You have a new message',
    paragraphs: ['Somebody wrote to you about this booking. Sign in to read the message and to answer it.'],
    facts: [{ label: 'Reference', value: booking.reference }],
    action: { label: 'Read the message', href: `${links.booking(booking.id)}#messages` },
    footer: 'This message was sent to you because you are a contact of this booking, or wrote about it.',
  };
}

/** Marks the messages that staff have not been told of yet. A second worker waits here for the first, then finds none. */
export async function claimUnanswered(trx: Transaction, digestId: string): Promise<number> {
  return trx('booking_messages')
    .where({ is_from_staff: false })
    .whereNull('answered_at')
    .whereNull('digest_id')
    .update({ digest_id: digestId });
}

export async function unansweredMessage(
  db: Queryable,
  email: StaffEmail,
  links: Links,
): Promise<Omit<Message, 'footer'>> {
  const row = await db('booking_messages')
    .where({ digest_id: email.digest_id })
    .first<{ bookings: number; waiting: number } | undefined>(
      db.raw('(count(distinct booking_id))::int as bookings'),
      db.raw('(count(distinct booking_id) filter (where answered_at is null))::int as waiting'),
    );
  const { bookings = 0, waiting = 0 } = row ?? {};
  return {
    subject:
      bookings === 1 ? 'A referrer wrote about a booking' : `Referrers wrote about ${bookings} bookings`,
    heading: 'Messages wait for an answer',
    paragraphs: [
      waiting === 0
        ? 'All of them have been answered since. There is nothing left to do.'
        : 'The console’s first page lists them under “Unanswered messages”.',
    ],
    facts: [
      { label: 'Bookings with new messages', value: String(bookings) },
      { label: 'Not answered yet', value: String(waiting) },
    ],
    action: { label: 'Open the console', href: links.console() },
  };
}

// E-mails to the examinee: when, where and with whom, what to bring and whom to call. Examinees have no account, so they
// link to no page.
import { findBooking, instructionsFor, isPlanned, type Booking } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { isEmail } from '../lib/typed-email.ts';
import { formatDay } from '../lib/dates.ts';
import { mailKinds, type ExamineeMailKind } from '../mail-kinds/index.ts';
import type { EmailRow, ExamineeEmail, Message } from './email.ts';

/** Replaces the examinee's address in the outbox, because the address is health information. */
export const examineeRecipient = 'examinee';

export function isToExaminee(email: EmailRow): email is ExamineeEmail {
  return mailKinds[email.kind].about === 'examinee';
}

/**
 * The current address. Null when the message is out of date: the examination was cancelled or is over, the address was
 * removed or cannot be read, or the organisation no longer wants examinees reminded.
 */
export async function examineeAddress(
  db: Queryable,
  email: ExamineeEmail,
  now: Date,
): Promise<string | null> {
  const booking = email.booking_id ? await findBooking(db, email.booking_id) : null;
  if (!booking?.organization) return null;
  const isWanted = email.kind === 'examinee_instructions' || (await isReminding(db, booking.organization.id));
  return isWanted ? addressToTell(booking, now) : null;
}

async function isReminding(db: Queryable, organizationId: string): Promise<boolean> {
  const found = await db('organizations').where({ id: organizationId, reminds_examinees: true }).first('id');
  return found !== undefined;
}

/** Null when there is nothing left to tell, or no readable address. */
export function addressToTell(booking: Booking, now: Date): string | null {
  const { email } = booking.examinee;
  return isToBeReminded(booking, now) && email && isEmail(email) ? email : null;
}

/** No reminder for an examination that is over or cancelled. */
export function isToBeReminded(booking: Booking, now: Date): boolean {
  return isPlanned(booking) && booking.startsAt > now;
}

/** The number that examinees of the booking's organisation call. */
export async function examineesCall(db: Queryable, bookingId: string): Promise<string | null> {
  const row = await db('organizations as o')
    .join('bookings as b', 'b.organization_id', 'o.id')
    .where('b.id', bookingId)
    .first<{ examinees_call: string } | undefined>('o.examinees_call');
  return row?.examinees_call || null;
}

const texts: Record<ExamineeMailKind, { subject: string; heading: string; is: string }> = {
  examinee_reminder: {
    subject: 'Reminder: your appointment',
    heading: 'Your appointment is coming up',
    is: 'is a reminder of your appointment',
  },
  examinee_instructions: {
    subject: 'Your appointment',
    heading: 'Your appointment',
    is: 'is about your appointment',
  },
};

export async function examineeMessage(db: Queryable, email: ExamineeEmail): Promise<Message> {
  const booking = email.booking_id ? await findBooking(db, email.booking_id) : null;
  if (!booking) throw new Error(`Message ${email.id} has no booking`);
  const { subject, heading, is } = texts[email.kind];
  const { examinee, when, facts, bringTitle, bring, notes, call } = instructionsFor(
    booking,
    await examineesCall(db, booking.id),
  );
  const greeting = examinee ? `Dear ${examinee}, this` : 'This';
  return {
    subject: `${subject} on ${formatDay(booking.startsAt, booking.timezone)}`,
    heading,
    paragraphs: [
      `${greeting} ${is} with ${booking.specialist.name}.`,
      `${bringTitle}: ${bring.join('; ')}.`,
      ...notes,
      call,
    ],
    facts: [{ label: 'When', value: when }, ...facts],
    footer: `This message was sent to you because ${booking.organization?.name ?? 'a client of ours'} arranged this appointment and gave us your e-mail address.`,
  };
}

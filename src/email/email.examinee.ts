// The reminder to the examinee: when, where and with whom. Examinees have no account, so it links to no page.
import { examineeName, findBooking, isPlanned, type Booking } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { isEmail } from '../lib/typed-email.ts';
import { formatDay, formatExamTime } from '../lib/dates.ts';
import { mailKinds } from '../mail-kinds/index.ts';
import type { EmailRow, ExamineeEmail, Fact, Message } from './email.ts';

/** Replaces the examinee's address in the outbox, because the address is health information. */
export const examineeRecipient = 'examinee';

export function isToExaminee(email: EmailRow): email is ExamineeEmail {
  return mailKinds[email.kind].about === 'examinee';
}

/**
 * The current address. Null when the reminder is out of date: the examination was cancelled or is over, the address was
 * removed or cannot be read, or the organisation no longer wants examinees reminded.
 */
export async function examineeAddress(db: Queryable, email: ExamineeEmail): Promise<string | null> {
  const booking = email.booking_id ? await findBooking(db, email.booking_id) : null;
  if (!booking?.organization || !isToBeReminded(booking)) return null;
  const wanted = await db('organizations')
    .where({ id: booking.organization.id, reminds_examinees: true })
    .first('id');
  const { email: address } = booking.examinee;
  return wanted && address && isEmail(address) ? address : null;
}

/** No reminder for an examination that is over or cancelled. */
export function isToBeReminded(booking: Booking): boolean {
  return isPlanned(booking) && booking.startsAt.getTime() > Date.now();
}

export async function examineeMessage(db: Queryable, email: ExamineeEmail): Promise<Message> {
  const booking = email.booking_id ? await findBooking(db, email.booking_id) : null;
  if (!booking) throw new Error(`Message ${email.id} has no booking`);
  const name = examineeName(booking.examinee);
  const greeting = name ? `Dear ${name}, this` : 'This';
  return {
    subject: `Reminder: your appointment on ${formatDay(booking.startsAt, booking.timezone)}`,
    heading: 'Your appointment is coming up',
    paragraphs: [
      `${greeting} is a reminder of your appointment with ${booking.specialist.name}.`,
      'Please bring photo identification, such as a driver’s licence or a passport.',
      `If you cannot attend, please tell ${booking.organization?.name ?? 'the people who arranged it'} as soon as you can.`,
    ],
    facts: [
      { label: 'When', value: formatExamTime(booking.startsAt, booking.timezone) },
      { label: 'How long', value: `${booking.durationMinutes} minutes` },
      { label: 'With', value: booking.specialist.name },
      placeOf(booking),
    ],
    footer: `This message was sent to you because ${booking.organization?.name ?? 'a client of ours'} arranged this appointment and gave us your e-mail address.`,
  };
}

function placeOf({ type, location, meetingLink }: Booking): Fact {
  if (type === 'in_person') return { label: 'Where', value: location ?? 'The specialist’s rooms' };
  return meetingLink
    ? { label: 'Where', value: `Online: ${meetingLink}`, href: meetingLink }
    : { label: 'Where', value: 'Online; you will receive the link separately' };
}

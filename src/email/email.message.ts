// Composes a message when it is sent, from the current state of its booking.
import path from 'node:path';
import ejs from 'ejs';
import {
  bookingCalendar,
  detailIn,
  details,
  examineeName,
  findBooking,
  type Booking,
} from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { formatDay, formatExamTime } from '../lib/dates.ts';
import type { Mail } from '../ports/mailer.ts';
import { accountMessage, isAboutAccount } from './email.account.ts';
import { actingSentence } from './email.acting.ts';
import { documentMessage, isAboutDocument } from './email.documents.ts';
import { examineeMessage, isToExaminee } from './email.examinee.ts';
import { isForStaff, staffMessage } from './email.staff.ts';
import { isStoppable } from './email.preferences.ts';
import type { BookingEmail, EmailRow, ExaminationEmail, Fact, Links, Message } from './email.ts';

interface AttemptFacts {
  kind: 'book' | 'reschedule' | 'cancel';
  reference: string;
  starts_at: Date | null;
  reader_timezone: string | null;
  failure_reason: string | null;
  specialist_name: string;
  specialist_timezone: string;
}

/** Everything of a mail except its Message-ID. */
export async function composeMail(
  db: Queryable,
  email: EmailRow,
  links: Links,
): Promise<Omit<Mail, 'messageId'>> {
  const message = await messageOf(db, email, links);
  const [html, text] = await Promise.all([render('message.html', message), render('message.text', message)]);
  return {
    to: email.recipient,
    subject: message.subject,
    html,
    text,
    ...(message.calendar && { calendar: message.calendar }),
  };
}

async function messageOf(db: Queryable, email: EmailRow, links: Links): Promise<Message> {
  if (isAboutAccount(email)) return accountMessage(db, email, links);
  if (isToExaminee(email)) return examineeMessage(db, email);
  const message = isForStaff(email)
    ? await staffMessage(db, email, links)
    : await messageAboutBooking(db, email, links);
  return isStoppable(email.kind) ? { ...message, preferences: links.mailPreferences() } : message;
}

async function messageAboutBooking(db: Queryable, email: BookingEmail, links: Links): Promise<Message> {
  const doneBy = await actingSentence(db, email);
  if (isAboutDocument(email)) return documentMessage(db, email, doneBy, links);
  const message = await bookingMessage(db, email, links);
  const paragraphs = doneBy ? [...message.paragraphs, doneBy] : message.paragraphs;
  return { ...message, paragraphs, footer: bookingFooter };
}

const directory = path.resolve(import.meta.dirname, '../../views/emails');

function render(template: string, message: Message): Promise<string> {
  const data = { ...message, action: message.action ?? null, preferences: message.preferences ?? null };
  return ejs.renderFile(path.join(directory, `${template}.ejs`), data, { cache: true });
}

const bookingFooter =
  'This message was sent to you because you are a contact of this examination. It may contain health information: share it only with people who need it.';

type BookingMessage = Omit<Message, 'footer'>;

async function bookingMessage(db: Queryable, email: ExaminationEmail, links: Links): Promise<BookingMessage> {
  const attempt = await attemptOf(db, email.attempt_id);
  const booking = email.booking_id ? await findBooking(db, email.booking_id) : null;
  if (email.kind === 'booking_failed') return failedMessage(attempt, booking, links, email.attempt_id);
  if (!booking) throw new Error(`Message ${email.id} has no booking`);
  switch (email.kind) {
    case 'booking_confirmation':
      return confirmation(booking, attempt, links);
    case 'booking_rescheduled':
      return rescheduled(booking, attempt, links, email.previous_starts_at);
    case 'booking_no_show':
      return noShow(booking, attempt, links);
    case 'booking_reminder':
      return reminder(booking, links);
    case 'booking_cancelled':
      break;
  }
  return cancelled(booking, attempt, links);
}

async function attemptOf(db: Queryable, attemptId: string | null): Promise<AttemptFacts | null> {
  if (!attemptId) return null;
  const row = await db('booking_attempts as i')
    .join('specialists as s', 's.id', 'i.specialist_id')
    .where('i.id', attemptId)
    .first<AttemptFacts | undefined>(
      'i.kind',
      'i.reference',
      'i.starts_at',
      db.raw(`i.request ->> 'timezone' as reader_timezone`),
      db.raw(`i.failure ->> 'reason' as failure_reason`),
      's.name as specialist_name',
      's.timezone as specialist_timezone',
    );
  return row ?? null;
}

function confirmation(booking: Booking, attempt: AttemptFacts | null, links: Links): BookingMessage {
  return {
    subject: `Examination booked: ${booking.reference}, ${dayOf(booking)}`,
    heading: 'The examination is booked',
    paragraphs: [`${booking.specialist.name} expects the examinee at the time below.`, ...sinceThen(booking)],
    ...commonParts(booking, attempt, links),
  };
}

function rescheduled(
  booking: Booking,
  attempt: AttemptFacts | null,
  links: Links,
  previousStartsAt: Date | null,
): BookingMessage {
  const at = (startsAt: Date) => formatExamTime(startsAt, booking.timezone);
  const hasMoved = previousStartsAt !== null && previousStartsAt.getTime() !== booking.startsAt.getTime();
  return {
    subject: `Examination moved: ${booking.reference}, now ${dayOf(booking)}`,
    heading: hasMoved ? 'The examination has a new time' : 'The examination has changed',
    paragraphs: [
      hasMoved
        ? `The examination was at ${at(previousStartsAt)}. It is now at ${at(booking.startsAt)}.`
        : `The examination is now with ${booking.specialist.name} at the time below.`,
      ...(booking.status === 'cancelled' ? [] : ['Please tell the examinee.']),
      ...sinceThen(booking),
    ],
    ...commonParts(booking, attempt, links),
  };
}

function reminder(booking: Booking, links: Links): BookingMessage {
  return {
    subject: `Reminder: examination ${booking.reference}, ${dayOf(booking)}`,
    heading: 'An examination is coming up',
    paragraphs: [`${booking.specialist.name} expects the examinee at the time below.`, ...sinceThen(booking)],
    ...commonParts(booking, null, links),
  };
}

function cancelled(booking: Booking, attempt: AttemptFacts | null, links: Links): BookingMessage {
  return {
    subject: `Examination cancelled: ${booking.reference}, ${dayOf(booking)}`,
    heading: 'The examination is cancelled',
    paragraphs: [
      'The examination below will not take place. Please tell the examinee. If it is still needed, you will need to make a new booking.',
    ],
    ...commonParts(booking, attempt, links),
  };
}

/** The booking stays open and can be moved or cancelled. */
function noShow(booking: Booking, attempt: AttemptFacts | null, links: Links): BookingMessage {
  const { calendar: _, ...rest } = commonParts(booking, attempt, links);
  return {
    subject: `Examination missed: ${booking.reference}, ${dayOf(booking)}`,
    heading: 'The examinee did not attend',
    paragraphs: [
      'The examinee did not attend the examination below. If it is still needed, move the booking to another time.',
      ...sinceThen(booking),
    ],
    ...rest,
  };
}

/** By the time the message is sent the booking may be cancelled. */
function sinceThen(booking: Booking): string[] {
  return booking.status === 'cancelled' ? ['This examination has since been cancelled.'] : [];
}

function dayOf(booking: Booking): string {
  return formatDay(booking.startsAt, booking.timezone);
}

function commonParts(booking: Booking, attempt: AttemptFacts | null, links: Links) {
  const url = links.booking(booking.id);
  return {
    facts: factsOf(booking, attempt?.reader_timezone ?? undefined),
    action: { label: 'See the booking', href: url },
    calendar: bookingCalendar(booking, url, links.organizer),
  };
}

function factsOf(booking: Booking, readerTimezone: string | undefined): Fact[] {
  const { examinee, specialist } = booking;
  const facts: Fact[] = [
    { label: 'Reference', value: booking.reference },
    { label: 'When', value: formatExamTime(booking.startsAt, booking.timezone, readerTimezone) },
    { label: 'How long', value: `${booking.durationMinutes} minutes` },
    { label: 'Specialist', value: `${specialist.name}, ${specialist.specialty}` },
    placeFact(booking),
    { label: 'Examinee', value: examineeName(examinee) || 'Not known yet' },
  ];
  return [...facts, ...detailFacts(booking)];
}

function detailFacts(booking: Booking): Fact[] {
  return details.flatMap((detail) => {
    const value = detail.inMail ? detailIn(booking, detail) : null;
    return value ? [{ label: detail.label, value }] : [];
  });
}

function placeFact(booking: Booking): Fact {
  if (booking.type === 'in_person') {
    return {
      label: 'Where',
      value: booking.location ?? 'The specialist’s rooms; we will send you the address',
    };
  }
  const { meetingLink } = booking;
  return meetingLink
    ? { label: 'Where', value: `Telehealth: ${meetingLink}`, href: meetingLink }
    : { label: 'Where', value: 'Telehealth; the meeting link will follow' };
}

const failureTexts = {
  book: {
    subject: 'Examination NOT booked',
    heading: 'The examination could not be booked',
    sentence:
      'The specialist’s calendar did not confirm your booking, and nothing was booked. The time may still be free: please book again.',
  },
  reschedule: {
    subject: 'Examination NOT moved',
    heading: 'The examination could not be moved',
    sentence:
      'The specialist’s calendar did not confirm the new time. The examination is still at its earlier time.',
  },
  cancel: {
    subject: 'Examination NOT cancelled',
    heading: 'The examination could not be cancelled',
    sentence: 'The specialist’s calendar did not confirm the cancellation. The examination is still booked.',
  },
} as const;

const formChangedText =
  'The specialist’s form now asks for more than when you answered it, so nothing was booked. The time may still be free: please book again and answer the questions in the step “Examinee”.';

function failedMessage(
  attempt: AttemptFacts | null,
  booking: Booking | null,
  links: Links,
  attemptId: string | null,
): BookingMessage {
  if (!attempt || !attemptId) throw new Error('A message about a failed attempt has no attempt');
  const texts = failureTexts[attempt.kind];
  const sentence = attempt.failure_reason === 'invalid' ? formChangedText : texts.sentence;
  const when = attempt.starts_at
    ? formatExamTime(attempt.starts_at, attempt.specialist_timezone, attempt.reader_timezone ?? undefined)
    : null;
  const isNew = attempt.kind === 'book';
  return {
    subject: `${texts.subject}: ${attempt.reference}`,
    heading: texts.heading,
    paragraphs: [sentence],
    facts: [
      { label: 'Reference', value: attempt.reference },
      { label: 'Specialist', value: attempt.specialist_name },
      ...(when ? [{ label: isNew ? 'Requested time' : 'Requested new time', value: when }] : []),
    ],
    action: booking
      ? { label: 'See the booking', href: links.booking(booking.id) }
      : { label: 'See what happened', href: links.attempt(attemptId) },
  };
}

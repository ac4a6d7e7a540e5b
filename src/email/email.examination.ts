// The texts of e-mails about an examination.
import {
  detailIn,
  details,
  bookingCalendar,
  dueState,
  examineeName,
  findBooking,
  papersInWords,
  papersOf,
  paperWords,
  type Booking,
  type Paper,
} from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { dayIn, dayWords, formatDay, formatExamTime } from '../lib/dates.ts';
import { isToBeReminded } from './email.examinee.ts';
import type { ExaminationEmail, Fact, Links, Message } from './email.ts';

interface AttemptFacts {
  kind: 'book' | 'reschedule' | 'cancel';
  reference: string;
  starts_at: Date | null;
  reader_timezone: string | null;
  failure_reason: string | null;
  specialist_name: string;
  specialist_timezone: string;
}

/** A message without the footer, which all messages about a booking share. */
export type BookingMessage = Omit<Message, 'footer'>;

interface Subject {
  booking: Booking;
  /** Documents that are missing. */
  missing: Paper[];
  /** When the message is written. */
  now: Date;
  attempt: AttemptFacts | null;
  email: ExaminationEmail;
  links: Links;
}

interface ExaminationText {
  write(subject: Subject): BookingMessage;
  /** Whether the message is still true, checked with the booking as it is when the message is sent. Absent: always true. */
  isStillTrue?(booking: Booking, now: Date, missing: Paper[]): boolean;
}

/** All kinds except `booking_failed`, because a failed attempt may have no booking. */
const examinationTexts: Record<Exclude<ExaminationEmail['kind'], 'booking_failed'>, ExaminationText> = {
  booking_confirmation: { write: confirmation },
  booking_rescheduled: { write: rescheduled },
  booking_cancelled: { write: cancelled },
  booking_no_show: { write: noShow },
  booking_reminder: { write: reminder, isStillTrue: isToBeReminded },
  paperwork_reminder: {
    write: paperworkReminder,
    isStillTrue: (booking, now, missing) => isToBeReminded(booking, now) && missing.length > 0,
  },
};

export async function examinationMessage(
  db: Queryable,
  email: ExaminationEmail,
  links: Links,
  now: Date,
): Promise<BookingMessage> {
  const attempt = await attemptOf(db, email.attempt_id);
  const booking = email.booking_id ? await findBooking(db, email.booking_id) : null;
  if (email.kind === 'booking_failed') return failedMessage(attempt, booking, links, email.attempt_id);
  if (!booking) throw new Error(`Message ${email.id} has no booking`);
  const missing = await missingPapers(db, booking, now);
  return examinationTexts[email.kind].write({ booking, missing, now, attempt, email, links });
}

export async function isExaminationStillAsTold(
  db: Queryable,
  kind: ExaminationEmail['kind'],
  booking: Booking,
  now: Date,
): Promise<boolean> {
  if (kind === 'booking_failed') return true;
  return examinationTexts[kind].isStillTrue?.(booking, now, await missingPapers(db, booking, now)) ?? true;
}

/** None once the examination is over or does not take place. */
async function missingPapers(db: Queryable, booking: Booking, now: Date): Promise<Paper[]> {
  if (!isToBeReminded(booking, now)) return [];
  return (await papersOf(db, booking.id)).filter(({ isThere }) => !isThere);
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

function confirmation(subject: Subject): BookingMessage {
  const { booking } = subject;
  return {
    subject: `Examination booked: ${booking.reference}, ${dayOf(booking)}`,
    heading: 'The examination is booked',
    paragraphs: [`${booking.specialist.name} expects the examinee at the time below.`, ...sinceThen(booking)],
    ...commonParts(subject),
  };
}

function rescheduled(subject: Subject): BookingMessage {
  const { booking, email } = subject;
  const previousStartsAt = email.previous_starts_at;
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
    ...commonParts(subject),
  };
}

function reminder(subject: Subject): BookingMessage {
  const { booking, missing } = subject;
  return {
    subject: `Reminder: examination ${booking.reference}, ${dayOf(booking)}`,
    heading: 'An examination is coming up',
    paragraphs: [
      `${booking.specialist.name} expects the examinee at the time below.`,
      ...(missing.length > 0
        ? [`Still missing: ${papersInWords(missing.map(({ category }) => category)).toLowerCase()}.`]
        : []),
      ...sinceThen(booking),
    ],
    ...commonParts(subject),
  };
}

function paperworkReminder(subject: Subject): BookingMessage {
  const { booking, missing, links } = subject;
  const papers = papersInWords(missing.map(({ category }) => category));
  const isOne = missing.length === 1;
  return {
    subject: `${isOne ? 'Document' : 'Documents'} needed: examination ${booking.reference}, ${dayOf(booking)}`,
    heading: `${papers} ${isOne ? 'is' : 'are'} missing`,
    paragraphs: [
      `${booking.specialist.name} needs ${isOne ? 'this document' : 'these documents'} before the examination below. Please upload ${isOne ? 'it' : 'them'} to the booking. The examination takes place all the same.`,
    ],
    ...commonParts(subject),
    action: { label: `Upload ${isOne ? 'it' : 'them'}`, href: `${links.booking(booking.id)}#documents` },
  };
}

function cancelled(subject: Subject): BookingMessage {
  const { booking } = subject;
  return {
    subject: `Examination cancelled: ${booking.reference}, ${dayOf(booking)}`,
    heading: 'The examination is cancelled',
    paragraphs: [
      'The examination below will not take place. Please tell the examinee. If it is still needed, you will need to make a new booking.',
    ],
    ...commonParts({ ...subject, missing: [] }),
  };
}

/** The booking stays open and can be moved or cancelled. */
function noShow(subject: Subject): BookingMessage {
  const { booking } = subject;
  const { calendars: _, ...rest } = commonParts({ ...subject, missing: [] });
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

function commonParts({ booking, missing, now, attempt, email, links }: Subject) {
  const url = links.booking(booking.id);
  return {
    facts: [
      ...factsOf(booking, attempt?.reader_timezone ?? undefined),
      ...missing.map((paper) => paperFact(paper, booking, now)),
    ],
    action: { label: 'See the booking', href: url },
    calendars: [bookingCalendar(booking, url, links.organizer, email.recipient)],
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

/** `Consent form: please upload by 26 November 2026` */
function paperFact({ category, dueOn }: Paper, { timezone }: Booking, now: Date): Fact {
  const { isLate } = dueState(dueOn, dayIn(now, timezone));
  const value = isLate ? `late: was due on ${dayWords(dueOn)}` : `please upload by ${dayWords(dueOn)}`;
  return { label: paperWords[category], value };
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

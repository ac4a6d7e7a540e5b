// Writes a booking as an iCalendar file. Only people who may see the booking may get it.
import ical, {
  ICalAttendeeStatus,
  type ICalCalendar,
  ICalCalendarMethod,
  ICalEventClass,
  ICalEventStatus,
  type ICalEventData,
} from 'ical-generator';
import type { MailSender } from '../lib/mail-sender.ts';
import { examineeName } from './booking.details.ts';
import type { Booking } from './booking.ts';

export interface CalendarFile {
  method: 'PUBLISH' | 'REQUEST' | 'CANCEL';
  fileName: string;
  content: string;
}

/**
 * An iCalendar file (RFC 5545) that adds the examination to a calendar, changes it there, or removes it (RFC 5546: all
 * need an organiser, and what is published has no attendees). UID: the booking's id; SEQUENCE: its version, which
 * grows with each change, so that a calendar replaces the older entry and ignores what arrives late.
 * @param url the booking's page
 * @param organizer the agency, as it sends its mails
 * @param attendee the address of whoever gets it by e-mail: mail programs then put it in place by themselves, and ask
 * for no answer. Unset: a file to open
 */
export function bookingCalendar(
  booking: Booking,
  url: string,
  organizer: MailSender,
  attendee?: string,
): CalendarFile {
  const isCancelled = booking.status === 'cancelled';
  const toAdd = attendee === undefined ? ICalCalendarMethod.PUBLISH : ICalCalendarMethod.REQUEST;
  const method = isCancelled ? ICalCalendarMethod.CANCEL : toAdd;
  const calendar = ical({
    prodId: { company: 'Examdesk', product: 'Bookings', language: 'EN' },
    method,
  });
  calendar.createEvent(eventOf(booking, { url, organizer, attendee, showsDetails: true }));
  return { method, fileName: `${booking.reference}.ics`, content: contentOf(calendar) };
}

export interface CalendarOptions {
  urlOf(booking: Booking): string;
  organizer: MailSender;
  /** False: no health information. */
  showsDetails: boolean;
}

/** Many bookings, for a calendar program that reads them regularly. Each event is the same as in the booking's own file. */
export function bookingsCalendar(bookings: Booking[], options: CalendarOptions): string {
  const { organizer, showsDetails } = options;
  const calendar = ical({
    name: 'Examdesk',
    prodId: { company: 'Examdesk', product: 'Bookings', language: 'EN' },
    method: ICalCalendarMethod.PUBLISH,
    ttl: 3_600,
  });
  for (const booking of bookings)
    calendar.createEvent(eventOf(booking, { url: options.urlOf(booking), organizer, showsDetails }));
  return contentOf(calendar);
}

/** RFC 5545 ends every line with CRLF, and ical-generator leaves out the last one. */
function contentOf(calendar: ICalCalendar): string {
  return `${calendar.toString()}\r\n`;
}

interface EventOptions {
  url: string;
  organizer: MailSender;
  attendee?: string | undefined;
  showsDetails: boolean;
}

function eventOf(booking: Booking, { url, organizer, attendee, showsDetails }: EventOptions): ICalEventData {
  const isCancelled = booking.status === 'cancelled';
  return {
    id: booking.id,
    sequence: booking.version,
    stamp: booking.updatedAt,
    created: booking.createdAt,
    lastModified: booking.updatedAt,
    start: booking.startsAt,
    end: new Date(booking.startsAt.getTime() + booking.durationMinutes * 60_000),
    status: isCancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    class: ICalEventClass.PRIVATE,
    organizer: { name: organizer.name, email: organizer.address },
    attendees:
      attendee === undefined ? [] : [{ email: attendee, status: ICalAttendeeStatus.ACCEPTED, rsvp: false }],
    // Summaries show on shared screens, so the examinee's name is in the description only.
    summary: `Examination ${booking.reference}, ${booking.specialist.name}`,
    description: showsDetails ? descriptionOf(booking, url) : url,
    location: showsDetails ? (booking.meetingLink ?? booking.location) : booking.location,
    url,
  };
}

function descriptionOf(booking: Booking, url: string): string {
  const { specialist } = booking;
  const examinee = examineeName(booking.examinee);
  return [
    examinee ? `Examinee: ${examinee}` : '',
    `Specialist: ${specialist.name}, ${specialist.specialty}`,
    `Time zone of the examination: ${booking.timezone}`,
    booking.claimNumber ? `Claim: ${booking.claimNumber}` : '',
    booking.meetingLink ? `Meeting: ${booking.meetingLink}` : '',
    url,
  ]
    .filter(Boolean)
    .join('\n');
}

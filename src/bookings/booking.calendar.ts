// Writes a booking as an iCalendar file. Only people who may see the booking may get it.
import ical, { ICalCalendarMethod, ICalEventClass, ICalEventStatus } from 'ical-generator';
import { examineeName } from './booking.details.ts';
import type { Booking } from './booking.ts';

/**
 * An iCalendar file (RFC 5545). `url`: the booking's page. UID: the booking's id, so a newer file replaces an older.
 */
export function bookingCalendar(booking: Booking, url: string): { fileName: string; content: string } {
  const isCancelled = booking.status === 'cancelled';
  const calendar = ical({
    prodId: { company: 'Examdesk', product: 'Bookings', language: 'EN' },
    method: isCancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.PUBLISH,
  });
  calendar.createEvent({
    id: booking.id,
    sequence: booking.version,
    stamp: booking.updatedAt,
    created: booking.createdAt,
    lastModified: booking.updatedAt,
    start: booking.startsAt,
    end: new Date(booking.startsAt.getTime() + booking.durationMinutes * 60_000),
    status: isCancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    class: ICalEventClass.PRIVATE,
    // Summaries show on shared screens, so the examinee's name is in the description only.
    summary: `Examination ${booking.reference}, ${booking.specialist.name}`,
    description: descriptionOf(booking, url),
    location: booking.meetingLink ?? booking.location,
    url,
  });
  return { fileName: `${booking.reference}.ics`, content: calendar.toString() };
}

function descriptionOf(booking: Booking, url: string): string {
  const { examinee, specialist } = booking;
  return [
    `Examinee: ${examineeName(examinee)}`,
    `Specialist: ${specialist.name}, ${specialist.specialty}`,
    `Time zone of the examination: ${booking.timezone}`,
    booking.claimNumber ? `Claim: ${booking.claimNumber}` : '',
    booking.meetingLink ? `Meeting: ${booking.meetingLink}` : '',
    url,
  ]
    .filter(Boolean)
    .join('\n');
}

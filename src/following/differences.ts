// Finds the differences between a booking and its appointment: the same rule for webhooks and for reconciliation.
import { digestOfAll, meetingLinkIn, type Booking } from '../bookings/index.ts';
import type { Appointment } from '../ports/acuity.ts';
import { specialistDifferences, type Specialist } from '../specialists/index.ts';

export const bookingDifferences = [
  'status',
  'time',
  'duration',
  'specialist',
  'unknown_calendar',
  'type',
  'location',
  'link',
] as const;
export type BookingDifference = (typeof bookingDifferences)[number];

export const allDifferences = [
  'missing_here',
  'missing_there',
  ...bookingDifferences,
  'details',
  ...specialistDifferences,
] as const;
export type Difference = (typeof allDifferences)[number];

export const driftStates = ['fixed', 'left', 'found'] as const;

export interface DriftItem {
  /** Null: the difference is one of a specialist. */
  appointmentId: number | null;
  bookingId: string | null;
  specialistId: string | null;
  difference: Difference;
  /** The appointment's day, `YYYY-MM-DD`; null when Acuity no longer has it. */
  day: string | null;
  /** The examination was over when this was found: nobody gets an e-mail about it. */
  isOver: boolean;
  /** `found`: this run repairs nothing. `left`: staff must act, for the reason given. */
  state: (typeof driftStates)[number];
  reason: string | null;
  /** The keyed digest of `acuityValue`; null: there is no value that can change. */
  valueDigest: string | null;
  /** An event had announced the appointment within the last day. Always true for specialists: Acuity sends none. */
  announced: boolean;
}

const calendarOf = ({ calendarId }: Appointment) => String(calendarId);
const placeOf = ({ location }: Appointment) => location;
/** What Acuity says where the two differ. */
const acuityValues: Partial<Record<Difference, (appointment: Appointment) => string | null>> = {
  missing_here: calendarOf,
  unknown_calendar: calendarOf,
  specialist: calendarOf,
  status: ({ canceled, noShow }) => (noShow ? 'no_show' : canceled ? 'cancelled' : 'active'),
  time: ({ startsAt }) => startsAt.toISOString(),
  duration: ({ durationMinutes }) => String(durationMinutes),
  type: ({ appointmentTypeId }) => String(appointmentTypeId),
  location: placeOf,
  link: placeOf,
  details: digestOfAll,
};

/** Staff who left a difference as it is did not decide about another value. Null: none that can change. */
export function acuityValue(difference: Difference, appointment: Appointment): string | null {
  return acuityValues[difference]?.(appointment) ?? null;
}

export interface Span {
  /** `YYYY-MM-DD`, both included. */
  from: string;
  to: string;
}

/** @param specialist the owner of the appointment's calendar; null when it is none of ours */
export function differences(
  booking: Booking,
  appointment: Appointment,
  specialist: Specialist | null,
): BookingDifference[] {
  const found: BookingDifference[] = [];
  if (!specialist) found.push('unknown_calendar');
  if (differsInStatus(booking, appointment)) found.push('status');
  if (booking.startsAt.getTime() !== appointment.startsAt.getTime()) found.push('time');
  // For a cancelled examination only the time is compared: lists and calendars show it.
  if (appointment.canceled) return found;
  if (specialist && specialist.id !== booking.specialist.id) found.push('specialist');
  if (appointment.durationMinutes > 0 && appointment.durationMinutes !== booking.durationMinutes)
    found.push('duration');
  const service = specialist?.services.find(
    (one) => one.acuityAppointmentTypeId === appointment.appointmentTypeId,
  );
  if (service && service.type !== booking.type) found.push('type');
  const type = service?.type ?? booking.type;
  if (type === 'in_person' && appointment.location && appointment.location !== booking.location)
    found.push('location');
  const link = type === 'telehealth' ? meetingLinkIn(appointment.location) : null;
  if (link !== null && link !== booking.meetingLink) found.push('link');
  return found;
}

/** In Acuity a no-show is a cancelled appointment; work that continued after a no-show is not undone by it. */
function differsInStatus({ status, currentProgress }: Booking, { canceled, noShow }: Appointment): boolean {
  if (!canceled) return status === 'cancelled';
  if (currentProgress === 'cancelled') return false;
  return !(noShow && currentProgress !== 'scheduled' && currentProgress !== 'rescheduled');
}

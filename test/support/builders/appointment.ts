import type { Appointment } from '../../../src/ports/acuity.ts';

/** One hour with Dr Hart (calendar 7001), for Rita. */
export function anAppointment(
  change: Partial<Appointment> & Pick<Appointment, 'id' | 'startsAt'>,
): Appointment {
  return {
    appointmentTypeId: 8001,
    calendarId: 7001,
    durationMinutes: 60,
    calendarTimezone: 'Australia/Sydney',
    canceled: false,
    noShow: false,
    client: { firstName: 'Rita', lastName: 'Alvarez', email: 'rita@harbour-legal.example', phone: null },
    location: null,
    notes: null,
    scheduledBy: null,
    answers: new Map(),
    ...change,
  };
}

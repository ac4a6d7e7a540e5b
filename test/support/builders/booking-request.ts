import type { BookingRequest } from '../../../src/bookings/index.ts';

/** Books Ewan Marsh in person, with only the details that are required. */
export function aBookingRequest(specialistId: string, startsAt: Date): BookingRequest {
  return {
    specialistId,
    type: 'in_person',
    startsAt,
    timezone: null,
    examinee: {
      firstName: 'Ewan',
      lastName: 'Marsh',
      phone: '+61412345678',
      email: null,
      dateOfBirth: null,
      interpreterLanguage: null,
    },
    claimNumber: null,
    notes: '',
    answers: [],
  };
}

/** The same as a program sends it. */
export function bookingBody(
  specialistId: string | undefined,
  startsAt: string | Date | undefined,
  more: object = {},
) {
  return {
    specialistId,
    type: 'in_person',
    startsAt,
    examinee: { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' },
    ...more,
  };
}

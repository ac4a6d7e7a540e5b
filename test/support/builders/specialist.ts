import { randomUUID } from 'node:crypto';
import type { Specialist, SpecialistProfile } from '../../../src/specialists/index.ts';

export const noProfile: SpecialistProfile = {
  qualifications: null,
  languages: [],
  examines: [],
  reportDays: null,
  photo: null,
  cv: null,
};

/** Dr Amelia Hart of the simulator's fixture: Sydney, in person, one hour. */
export function aSpecialist(but: Partial<Specialist> = {}): Specialist {
  return {
    id: randomUUID(),
    name: 'Amelia Hart',
    title: 'Dr',
    specialty: 'Orthopaedic surgery',
    location: 'Level 2, 100 Macquarie Street, Sydney',
    timezone: 'Australia/Sydney',
    acuityCalendarId: 7001,
    isActive: true,
    services: [{ type: 'in_person', acuityAppointmentTypeId: 8001, durationMinutes: 60 }],
    profile: noProfile,
    ...but,
  };
}

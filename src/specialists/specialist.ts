import type { SpecialistProfile } from './specialist.profile.ts';

export const examinationTypes = ['in_person', 'telehealth'] as const;
export type ExaminationType = (typeof examinationTypes)[number];

export const typeWords: Record<ExaminationType, string> = {
  in_person: 'In person',
  telehealth: 'Telehealth',
};

export interface SpecialistService {
  type: ExaminationType;
  acuityAppointmentTypeId: number;
  durationMinutes: number;
}

export interface Specialist {
  id: string;
  name: string;
  title: string | null;
  specialty: string;
  /** null: telehealth only. */
  location: string | null;
  /** IANA zone. */
  timezone: string;
  acuityCalendarId: number;
  isActive: boolean;
  services: SpecialistService[];
  profile: SpecialistProfile;
}

export function offers({ services }: Pick<Specialist, 'services'>, type: ExaminationType): boolean {
  return services.some((service) => service.type === type);
}

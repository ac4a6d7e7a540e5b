import { zoneName } from '../../../lib/dates.ts';
import type { Specialist, SpecialistService } from '../../../specialists/index.ts';

export interface SpecialistCard {
  id: string;
  name: string;
  specialty: string;
  location: string | null;
  zoneName: string;
  services: SpecialistService[];
}

export function specialistCard(specialist: Specialist, now: Date): SpecialistCard {
  const { id, name, specialty, location, timezone, services } = specialist;
  return { id, name, specialty, location, zoneName: zoneName(timezone, now), services };
}

import type { NextFreeTimes } from '../../../availability/index.ts';
import type { ReportWait } from '../../../bookings/index.ts';
import { zoneName } from '../../../lib/dates.ts';
import type { Specialist, SpecialistService } from '../../../specialists/index.ts';
import { bySoonest, type ListFilter } from '../../forms/specialist-filter.ts';
import type { PageServices } from '../page-services.ts';
import { paths } from '../../paths.ts';
import { reportWaitWords, type ReportWaitWords } from './report-wait.ts';
import { nextFreeWords, type NextFreeWords } from './next-free.ts';

export interface SpecialistCard {
  id: string;
  name: string;
  specialty: string;
  location: string | null;
  zoneName: string;
  services: SpecialistService[];
  nextFree: NextFreeWords;
  href: string;
  title: string | null;
  languages: string[];
  reportWait: ReportWaitWords | null;
}

export function specialistCards(
  { clock }: Pick<PageServices, 'clock'>,
  found: Specialist[],
  known: readonly NextFreeTimes[],
  sort: ListFilter['sort'],
  waits: ReadonlyMap<string, ReportWait>,
): SpecialistCard[] {
  const now = clock.now();
  const sorted = sort === 'soonest' ? bySoonest(found, known) : found;
  return sorted.map((specialist) => {
    const { id, name, title, specialty, location, timezone, services, profile } = specialist;
    const own = known.filter(({ specialistId }) => specialistId === id);
    return {
      id,
      name,
      specialty,
      location,
      zoneName: zoneName(timezone, now),
      services,
      nextFree: nextFreeWords(own, specialist, now),
      href: paths.specialist(id),
      title,
      languages: profile.languages,
      reportWait: reportWaitWords(waits.get(id), profile),
    };
  });
}

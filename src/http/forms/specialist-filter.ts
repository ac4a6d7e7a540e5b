// Which specialists: for the pages that list them, and for programs.
import { z } from 'zod';
import { soonestSlots, type NextFreeReader, type NextFreeTimes } from '../../availability/index.ts';
import {
  examinationTypes,
  townOf,
  type ExaminationType,
  type Specialist,
  type SpecialistRepository,
} from '../../specialists/index.ts';
import { blankAsAbsent } from './fields.ts';

const sorts = ['listed', 'soonest'] as const;

export interface SpecialistFilter {
  q?: string | undefined;
  type?: ExaminationType | undefined;
  specialty?: string | undefined;
  location?: string | undefined;
}

export const specialistFilterFields = {
  q: blankAsAbsent(z.string('Give one search').max(100, 'Search with 100 characters or fewer')),
  type: blankAsAbsent(z.enum(examinationTypes, 'Choose in person or telehealth')),
  specialty: blankAsAbsent(z.string('Choose one specialty').max(200, 'Use at most 200 characters')),
  /** A town (`Sydney NSW`). */
  location: blankAsAbsent(z.string('Choose one place').max(200, 'Use at most 200 characters')),
};

export const specialistSort = blankAsAbsent(z.enum(sorts, 'Sort by listed or soonest'));

/** The query of the pages that list specialists. */
export const specialistListQuery = z.object({ ...specialistFilterFields, sort: specialistSort });
export type ListFilter = z.output<typeof specialistListQuery>;

/** Active ones in their order. Unknown specialties and places find nothing. */
export async function findSpecialists(
  { specialists }: { specialists: SpecialistRepository },
  { q, type, specialty, location }: SpecialistFilter,
): Promise<Specialist[]> {
  const found = await specialists.listActive({ ...(q && { q }), ...(type && { type }) });
  return found.filter(
    (one) =>
      (!specialty || isSame(one.specialty, specialty)) &&
      (!location || (one.location !== null && isSame(townOf(one.location), location))),
  );
}

/** What is known of these specialists' free times, of the given kind only. No call to Acuity. */
export async function knownFree(
  { nextFree }: { nextFree: NextFreeReader },
  specialists: readonly Specialist[],
  type: ExaminationType | undefined,
  personId: string | null,
): Promise<NextFreeTimes[]> {
  const ids = new Set(specialists.map(({ id }) => id));
  const known = await nextFree.all(personId);
  return known.filter((one) => ids.has(one.specialistId) && (!type || one.type === type));
}

/** Those with the soonest free time first; those without a known one last, in their order. */
export function bySoonest(specialists: Specialist[], known: readonly NextFreeTimes[]): Specialist[] {
  const soonest = new Map<string, number>();
  for (const { specialistId, startsAt } of soonestSlots(known, Number.POSITIVE_INFINITY))
    if (!soonest.has(specialistId)) soonest.set(specialistId, startsAt.getTime());
  const rank = ({ id }: Specialist) => soonest.get(id) ?? Number.MAX_SAFE_INTEGER;
  return specialists.toSorted((a, b) => rank(a) - rank(b));
}

export interface FilterChoices {
  specialties: string[];
  places: string[];
}

/** What the active specialists have. */
export async function filterChoices({
  specialists,
}: {
  specialists: SpecialistRepository;
}): Promise<FilterChoices> {
  const active = (await specialists.listAll()).filter(({ isActive }) => isActive);
  const each = (values: string[]) => [...new Set(values)].toSorted((a, b) => a.localeCompare(b));
  return {
    specialties: each(active.map(({ specialty }) => specialty)),
    places: each(active.flatMap(({ location }) => (location ? [townOf(location)] : []))),
  };
}

function isSame(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

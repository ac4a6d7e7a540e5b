// The page for a taken time, with the nearest free times: for new bookings and for rescheduling.
import { slotsNearest, type Slot } from '../../../availability/index.ts';
import { formatDay } from '../../../lib/dates.ts';
import type { ExaminationType, Specialist } from '../../../specialists/index.ts';
import { findSpecialists, knownFree } from '../../forms/specialist-filter.ts';
import type { PageServices } from '../page-services.ts';
import { freeSlotWords, type FreeSlotWords } from '../specialists/next-free.ts';
import type { PageData } from '../../views.ts';
import { clockTimeAmong, readerTime, shortDay, zoneNameOf } from '../when.ts';
import type { SummarySection } from './draft-summary.ts';
import type { Step } from './journey.ts';

export interface SlotTakenPage extends PageData {
  /** Null when rescheduling. */
  steps: Step[] | null;
  /** The taken time, in words. */
  clash: string;
  specialistName: string;
  /** The present time of the booking that was to be moved, in words; null for a new booking. */
  keeps: string | null;
  zoneName: string;
  /** `href`: where the time is chosen; null: by the form of `chooseAction`. */
  nearest: { startsAt: string; day: string; time: string; reader: string | null; href: string | null }[];
  /** Free times of other specialists of the same specialty; empty when rescheduling. */
  others: FreeSlotWords[];
  draftId: string | null;
  /** The form action of the nearest times; null when they are links. */
  chooseAction: string | null;
  otherHref: string;
  sections: SummarySection[] | null;
}

/** The taken time and the free ones near it, in words. */
export function takenWords(
  taken: { startsAt: Date; nearest: Slot[] },
  zone: string,
  readerZone: string | null,
  href: (startsAt: string) => string | null = () => null,
): Pick<SlotTakenPage, 'clash' | 'zoneName' | 'nearest'> {
  const times: [Date, ...Date[]] = [taken.startsAt, ...taken.nearest.map(({ startsAt }) => startsAt)];
  const time = (at: Date) => clockTimeAmong(at, zone, times);
  return {
    clash: `${time(taken.startsAt)}, ${formatDay(taken.startsAt, zone)}`,
    zoneName: zoneNameOf(times, zone),
    nearest: taken.nearest.map(({ startsAt }) => ({
      startsAt: startsAt.toISOString(),
      day: shortDay(startsAt, zone),
      time: time(startsAt),
      reader: readerTime(startsAt, zone, readerZone),
      href: href(startsAt.toISOString()),
    })),
  };
}

/** The known free times nearest to the taken one of other specialists who could do the same examination. */
export async function othersNear(
  services: Pick<PageServices, 'specialists' | 'nextFree' | 'clock'>,
  taken: { specialist: Specialist; type: ExaminationType; startsAt: Date },
  { readerZone, personId }: { readerZone: string | null; personId: string },
): Promise<FreeSlotWords[]> {
  const { specialist, type, startsAt } = taken;
  const alike = await findSpecialists(services, { type, specialty: specialist.specialty });
  const others = alike.filter(({ id }) => id !== specialist.id);
  const known = await knownFree(services, others, type, personId);
  return freeSlotWords(slotsNearest(known, startsAt, 3), others, { now: services.clock.now(), readerZone });
}

// The page that names a clash and offers the nearest free times: for a booking and for a move alike.
import type { Slot } from '../../../availability/index.ts';
import type { PageData } from '../../views.ts';
import { clockTime, readerTime, shortDay } from '../when.ts';
import type { SummarySection } from './draft-summary.ts';
import type { Step } from './journey.ts';

export interface SlotTakenPage extends PageData {
  /** null outside the journey. */
  steps: Step[] | null;
  /** The time that is gone, in words. */
  clash: string;
  specialistName: string;
  zoneName: string;
  nearest: { startsAt: string; day: string; time: string; reader: string | null }[];
  /** Where a nearest time is posted to. */
  chooseAction: string;
  otherHref: string;
  sections: SummarySection[] | null;
}

export function nearestSlots(
  slots: Slot[],
  zone: string,
  readerZone: string | null,
): SlotTakenPage['nearest'] {
  return slots.map(({ startsAt }) => ({
    startsAt: startsAt.toISOString(),
    day: shortDay(startsAt, zone),
    time: clockTime(startsAt, zone),
    reader: readerTime(startsAt, zone, readerZone),
  }));
}

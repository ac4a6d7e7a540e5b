// The page for a taken time, with the nearest free times: for new bookings and for rescheduling.
import type { Slot } from '../../../availability/index.ts';
import type { PageData } from '../../views.ts';
import { clockTime, readerTime, shortDay } from '../when.ts';
import type { SummarySection } from './draft-summary.ts';
import type { Step } from './journey.ts';

export interface SlotTakenPage extends PageData {
  /** Null when rescheduling. */
  steps: Step[] | null;
  /** The taken time, in words. */
  clash: string;
  specialistName: string;
  zoneName: string;
  nearest: { startsAt: string; day: string; time: string; reader: string | null }[];
  /** The form action of the nearest times. */
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

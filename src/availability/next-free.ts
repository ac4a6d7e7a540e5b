// The first free times of every specialist, known without asking Acuity (docs/decisions/0005-availability-cache.md).
import type { ExaminationType } from '../specialists/index.ts';
import type { Slot } from './availability.ts';

export interface NextFreeTimes {
  specialistId: string;
  type: ExaminationType;
  /** Future ones, sorted. */
  slots: Slot[];
  /** Whether Acuity named any; those may be over or taken by now. */
  hadTimes: boolean;
  /** Every free time before this is among them. */
  knownUntil: Date;
  /** When Acuity was asked. */
  asOf: Date;
}

export interface FreeSlot extends Slot {
  specialistId: string;
  type: ExaminationType;
  asOf: Date;
}

export interface NextFreeReader {
  /**
   * What is known and not too old, for every specialist and kind: one statement, never a call to Acuity.
   * @param personId whoever looks: times that are held for somebody else are left out
   */
  all(personId: string | null): Promise<NextFreeTimes[]>;
}

/** Older than this, a free time is not shown any more. */
export const maxNextFreeAgeMs = 60 * 60_000;
/** How often each calendar is read again when nothing is known to have changed. */
export const nextFreeEveryMs = 10 * 60_000;

/** The soonest of these, over all of them. */
export function soonestSlots(known: readonly NextFreeTimes[], count: number): FreeSlot[] {
  return known
    .flatMap(({ specialistId, type, slots, asOf }) =>
      slots.map((slot): FreeSlot => ({ ...slot, specialistId, type, asOf })),
    )
    .toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
    .slice(0, count);
}

/** Those nearest to `around`, sorted by time. */
export function slotsNearest(known: readonly NextFreeTimes[], around: Date, count: number): FreeSlot[] {
  const distance = ({ startsAt }: Slot) => Math.abs(startsAt.getTime() - around.getTime());
  return soonestSlots(known, Number.POSITIVE_INFINITY)
    .toSorted((a, b) => distance(a) - distance(b))
    .slice(0, count)
    .toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
}

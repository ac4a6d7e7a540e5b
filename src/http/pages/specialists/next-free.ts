// Next free times in words, for cards and lists of specialists.
import { soonestSlots, type FreeSlot, type NextFreeTimes } from '../../../availability/index.ts';
import { zoneName } from '../../../lib/dates.ts';
import type { ExaminationType, Specialist } from '../../../specialists/index.ts';
import { typeWords } from '../../view-helpers.ts';
import { ago, clockTime, readerTime, shortDay } from '../when.ts';

/** The data of views/partials/next-free.ejs. */
export interface NextFreeWords {
  /** Null when no free time is known. */
  slot: { startsAt: string; day: string; time: string; kind: string } | null;
  /** `4 minutes ago`; null: nothing is known that is not too old. */
  asOf: string | null;
  /** Acuity named no free time before this day. */
  noneBefore: string | null;
}

/** @param known of this specialist */
export function nextFreeWords(
  known: NextFreeTimes[],
  { timezone }: Pick<Specialist, 'timezone'>,
  now: Date,
): NextFreeWords {
  const [first] = soonestSlots(known, 1);
  if (first) {
    return {
      slot: {
        startsAt: first.startsAt.toISOString(),
        day: shortDay(first.startsAt, timezone),
        time: clockTime(first.startsAt, timezone),
        kind: typeWords[first.type],
      },
      asOf: ago(first.asOf, now),
      noneBefore: null,
    };
  }
  const [oldest] = known.toSorted((a, b) => a.asOf.getTime() - b.asOf.getTime());
  const until = Math.min(...known.map(({ knownUntil }) => knownUntil.getTime()));
  // If the times that Acuity named have passed, others may be free by now. If it named none, none is free before `until`.
  const isNone = oldest !== undefined && known.every(({ hadTimes }) => !hadTimes);
  return {
    slot: null,
    asOf: isNone ? ago(oldest.asOf, now) : null,
    noneBefore: isNone ? shortDay(new Date(until), timezone) : null,
  };
}

/** A free time that can be chosen: views/partials/free-slots.ejs. */
export interface FreeSlotWords {
  specialistId: string;
  specialistName: string;
  specialty: string;
  /** Where, or `Telehealth`. */
  place: string;
  type: ExaminationType;
  kind: string;
  durationMinutes: number;
  startsAt: string;
  day: string;
  time: string;
  zoneName: string;
  reader: string | null;
  asOf: string;
}

export function freeSlotWords(
  slots: readonly FreeSlot[],
  specialists: readonly Specialist[],
  { now, readerZone }: { now: Date; readerZone: string | null },
): FreeSlotWords[] {
  return slots.flatMap(({ specialistId, type, startsAt, durationMinutes, asOf }) => {
    const specialist = specialists.find(({ id }) => id === specialistId);
    if (!specialist) return [];
    const { name, specialty, location, timezone } = specialist;
    return {
      specialistId,
      specialistName: name,
      specialty,
      place: (type === 'in_person' && location) || 'Telehealth',
      type,
      kind: typeWords[type],
      durationMinutes,
      startsAt: startsAt.toISOString(),
      day: shortDay(startsAt, timezone),
      time: clockTime(startsAt, timezone),
      zoneName: zoneName(timezone, startsAt),
      reader: readerTime(startsAt, timezone, readerZone),
      asOf: ago(asOf, now),
    };
  });
}

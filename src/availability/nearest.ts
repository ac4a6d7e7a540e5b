import { dayIn, shiftDays, startOfDay } from '../lib/dates.ts';
import type { Specialist, SpecialistService } from '../specialists/index.ts';
import type { Slot } from './availability.ts';
import { withoutHeld, type HeldTime } from './holds.ts';
import { type CalendarReads, daysOver, offeredSlots } from './calendar-reads.ts';

interface Search {
  reads: CalendarReads;
  specialist: Specialist;
  service: SpecialistService;
  around: Date;
  /** For somebody else. */
  held: readonly HeldTime[];
  now: Date;
}

/** How many times are suggested. */
const wanted = 3;
const weekMs = 7 * 24 * 3_600_000;
// Limited, because the page that reports a taken time waits for it.
const maxSearchMs = 5_000;

/** The three free times nearest to `around`, within a week before and after, without `around` itself. Sorted by time. */
export async function nearestSlots(search: Search): Promise<Slot[]> {
  const { reads, specialist, service, around, held, now } = search;
  const zone = specialist.timezone;
  const distance = (time: Date) => Math.abs(time.getTime() - around.getTime());
  const best = (slots: Slot[]) =>
    slots
      .filter(({ startsAt }) => distance(startsAt) > 0 && distance(startsAt) <= weekMs)
      .toSorted((a, b) => distance(a.startsAt) - distance(b.startsAt))
      .slice(0, wanted);
  /** The smallest possible distance of a time on this day. */
  const leastDistance = (day: string) => {
    const [from, to] = [startOfDay(day, zone), startOfDay(shiftDays(day, 1), zone)];
    if (around >= from && around < to) return 0;
    return Math.min(distance(from), distance(new Date(to.getTime() - 1)));
  };

  const deadline = performance.now() + maxSearchMs;
  const days = await daysWithFreeTime(search);
  let found: Slot[] = [];
  for (const day of days.toSorted((a, b) => leastDistance(a) - leastDistance(b))) {
    const farthest = found[wanted - 1];
    if (farthest && distance(farthest.startsAt) <= leastDistance(day)) break;
    if (performance.now() > deadline) break;
    const answer = await reads.day(specialist, service, day);
    if (!answer.ok) break;
    found = best([...found, ...withoutHeld(offeredSlots([answer.value], service, now), held)]);
  }
  return found.toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
}

/** Days within the week before and after that have a free time, according to Acuity's months. */
async function daysWithFreeTime({ reads, specialist, service, around, now }: Search): Promise<string[]> {
  const from = new Date(Math.max(around.getTime() - weekMs, now.getTime()));
  const to = new Date(around.getTime() + weekMs + 1);
  if (from >= to) return [];
  const days = daysOver(from, to, specialist.timezone);
  const free = new Set<string>();
  for (const month of new Set(days.map((day) => day.slice(0, 7)))) {
    const answer = await reads.month(specialist, service, month);
    if (answer.ok) for (const day of answer.value.value) free.add(day);
  }
  return days.filter((day) => free.has(day) || day === dayIn(around, specialist.timezone));
}

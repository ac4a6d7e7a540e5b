// The month of free days and one day's free times, for every page with a time picker.
import type { Response } from 'express';
import { z } from 'zod';
import type { AvailabilityFailure, AvailabilityService, CacheState, Slot } from '../../availability/index.ts';
import type { KeptForm } from '../../accounts/index.ts';
import type { Clock } from '../../ports/clock.ts';
import { dateFormat } from '../../lib/date-formats.ts';
import { dayIn, shiftMonths, zoneName } from '../../lib/dates.ts';
import type { ExaminationType, Specialist } from '../../specialists/index.ts';
import { blankAsAbsent, calendarDay, calendarMonth, rawField } from '../forms/fields.ts';
import { parse, retryAfterSeconds } from '../problem.ts';
import { weekdays, weeksOf } from './month-grid.ts';
import { ago, clockTimeAmong, dayWords, monthWords, readerTime, zoneNameOf } from './when.ts';

export const pickerQuerySchema = z.object({
  month: blankAsAbsent(calendarMonth),
  day: blankAsAbsent(calendarDay),
});

/** The month and day that the page shows. @param unsent a form of this page that was kept (middleware/kept-forms.ts) */
export function pickerQuery(query: unknown, unsent: KeptForm | null): PickerRequest['query'] {
  const asked = parse(pickerQuerySchema, query);
  if (asked.day !== undefined || asked.month !== undefined) return asked;
  return { ...asked, ...dayOf(unsent?.fields) };
}

/** The day whose times the sent form showed. */
export function dayOf(sent: unknown): { day?: string } {
  const day = pickerQuerySchema.shape.day.safeParse(rawField(sent, 'day')).data;
  return day === undefined ? {} : { day };
}

interface PickerLink {
  href: string;
  label: string;
}

interface PickerDay {
  date: string;
  number: number;
  /** `Tuesday 1 December 2026` */
  label: string;
  /** Null: no free time on that day. */
  href: string | null;
  isChosen: boolean;
}

export interface PickerSlot {
  startsAt: string;
  label: string;
  /** The time on the reader's clock, if it differs. */
  reader: string | null;
  isChosen: boolean;
}

interface PickerParts {
  zoneName: string;
  readerZoneName: string | null;
  /** `12 minutes ago`, when Acuity does not answer and cached times are shown. */
  stale: string | null;
  cache: CacheState;
  weekdays: [string, string][];
  month: {
    label: string;
    previous: PickerLink | null;
    next: PickerLink | null;
    weeks: (PickerDay | null)[][];
  };
  day: {
    date: string;
    label: string;
    count: number;
    parts: { name: string; slots: PickerSlot[] }[];
  } | null;
}

/** The form around the times. `doing` is shown while its answer takes long. */
interface PickerSubmit {
  action: string;
  text: string;
  doing?: string;
  /** What the page shows beside the picker and may change: sent with the form. */
  seen?: string;
}

/** The data of views/bookings/_picker.ejs. `submit` null: times are shown but cannot be chosen. */
export type Picker = { here: string; submit: PickerSubmit | null } & (
  | ({ down: null } & PickerParts)
  | { down: { text: string; retryAfterMs: number } }
);

export interface PickerRequest {
  specialist: Specialist;
  type: ExaminationType;
  query: z.output<typeof pickerQuerySchema>;
  /** The viewer's id: times that are held for others are left out. */
  personId: string | undefined;
  /** The time that is chosen already. */
  chosen: Date | null;
  readerZone: string | null;
  /** The page's URL with this month and day. */
  href: (query: { month?: string; day?: string }) => string;
  submit: PickerSubmit | null;
}

const monthsAhead = 12;

export async function buildPicker(
  services: { availability: AvailabilityService; clock: Clock },
  request: PickerRequest,
): Promise<Picker> {
  const { specialist, type, query, chosen, personId } = request;
  const zone = specialist.timezone;
  const frame = { here: request.href(query), submit: request.submit };

  const month = await findMonth(services, request);
  if (!month.ok) return { ...frame, down: downText(month) };
  const chosenDay = chosen && dayIn(chosen, zone);
  const date =
    query.day ??
    (chosenDay?.startsWith(month.value.month) ? chosenDay : undefined) ??
    month.value.dates[0] ??
    null;
  const day = date ? await services.availability.day(specialist, { type, date, personId }) : null;
  if (day && !day.ok) return { ...frame, down: downText(day) };

  const readings = day ? [month.value, day.value] : [month.value];
  const stale = readings.filter(({ cache }) => cache === 'STALE').map(({ asOf }) => asOf.getTime());
  const shownAt = day?.value.slots[0]?.startsAt ?? new Date(`${month.value.month}-15T00:00:00Z`);
  return {
    ...frame,
    down: null,
    zoneName: zoneNameOf([shownAt, ...(day?.value.slots ?? []).map(({ startsAt }) => startsAt)], zone),
    readerZoneName:
      request.readerZone && readerTime(shownAt, zone, request.readerZone)
        ? zoneName(request.readerZone, shownAt)
        : null,
    stale: stale.length > 0 ? ago(new Date(Math.min(...stale)), services.clock.now()) : null,
    cache: stale.length > 0 ? 'STALE' : (readings.at(-1)?.cache ?? 'MISS'),
    weekdays,
    month: monthParts(services.clock, request, month.value, date),
    day: day && {
      date: day.value.date,
      label: dayWords(day.value.date),
      count: day.value.slots.length,
      parts: partsOfDay(day.value.slots, request),
    },
  };
}

/** The requested month; without one, the first month from now that has a free day. */
async function findMonth(
  services: { availability: AvailabilityService; clock: Clock },
  request: PickerRequest,
) {
  const { specialist, type, query, chosen } = request;
  const zone = specialist.timezone;
  const asked = query.day?.slice(0, 7) ?? query.month ?? (chosen && dayIn(chosen, zone).slice(0, 7));
  const today = dayIn(services.clock.now(), zone).slice(0, 7);
  const first = await services.availability.month(specialist, { type, month: asked ?? today });
  if (asked || !first.ok) return first;
  let found = first;
  for (let ahead = 1; ahead <= 2 && found.value.dates.length === 0; ahead++) {
    const later = await services.availability.month(specialist, { type, month: shiftMonths(today, ahead) });
    if (!later.ok) return later;
    if (later.value.dates.length > 0) found = later;
  }
  return found;
}

function monthParts(
  clock: Clock,
  request: PickerRequest,
  { month, dates }: { month: string; dates: string[] },
  shown: string | null,
): PickerParts['month'] {
  const free = new Set(dates);
  const thisMonth = dayIn(clock.now(), request.specialist.timezone).slice(0, 7);
  const link = (to: string): PickerLink => ({ href: request.href({ month: to }), label: monthWords(to) });
  return {
    label: monthWords(month),
    previous: month > thisMonth ? link(shiftMonths(month, -1)) : null,
    next: month < shiftMonths(thisMonth, monthsAhead) ? link(shiftMonths(month, 1)) : null,
    weeks: weeksOf(month).map((week) =>
      week.map(
        (cell) =>
          cell && {
            ...cell,
            label: dayWords(cell.date),
            href: free.has(cell.date) ? request.href({ day: cell.date }) : null,
            isChosen: cell.date === shown,
          },
      ),
    ),
  };
}

function partsOfDay(slots: Slot[], request: PickerRequest): { name: string; slots: PickerSlot[] }[] {
  const zone = request.specialist.timezone;
  // The zone is shown when the clocks change among the times: the end of daylight saving repeats an hour, and a booking that
  // is moved has its earlier time beside these.
  const times = slots.map(({ startsAt }) => startsAt);
  const parts = new Map<string, PickerSlot[]>();
  for (const { startsAt } of slots) {
    const slot = {
      startsAt: startsAt.toISOString(),
      label: clockTimeAmong(startsAt, zone, times),
      reader: readerTime(startsAt, zone, request.readerZone),
      isChosen: request.chosen?.getTime() === startsAt.getTime(),
    };
    const name = partOfDay(startsAt, zone);
    parts.set(name, [...(parts.get(name) ?? []), slot]);
  }
  return [...parts].map(([name, list]) => ({ name, slots: list }));
}

function partOfDay(at: Date, zone: string): string {
  const hour = Number(dateFormat('en-AU', zone, { hour: 'numeric', hourCycle: 'h23' }).format(at));
  if (hour < 12) return 'Morning';
  return hour < 17 ? 'Afternoon' : 'Evening';
}

/** Acuity refuses all our calls: nobody can book until an admin has acted (ports/acuity.ts). */
export const refusesUsWords =
  'The clinic’s calendar does not let Examdesk in at the moment, so nobody can book, move or cancel here. Our staff see this at once. Try again later; if it is urgent, call the agency.';

function downText(failure: AvailabilityFailure): { text: string; retryAfterMs: number } {
  if (failure.reason === 'type_not_offered') {
    throw new Error('buildPicker() was called with a type that the specialist does not offer');
  }
  if (failure.reason === 'acuity_unavailable') {
    return {
      text: 'We can’t reach the specialist’s calendar, so we can’t show free times. What you chose so far is kept, and nothing was booked. It usually works again within a minute.',
      retryAfterMs: failure.retryAfterMs,
    };
  }
  if (failure.reason === 'acuity_queue_full') {
    return {
      text: 'Too many people are looking at calendars right now, so we can’t show free times. What you chose so far is kept, and nothing was booked. Try again in a few seconds.',
      retryAfterMs: failure.retryAfterMs,
    };
  }
  if (failure.reason === 'acuity_refuses_us') {
    return {
      text: `${refusesUsWords} What you chose so far is kept, and nothing was booked.`,
      retryAfterMs: failure.retryAfterMs,
    };
  }
  return {
    text: 'The specialist’s calendar sent an answer that we can’t read. What you chose so far is kept, and nothing was booked. If trying again does not help, call the agency.',
    retryAfterMs: 30_000,
  };
}

/** Sets status and headers to match the picker: 503 while Acuity is unavailable. */
export function answerPicker(res: Response, picker: Picker): void {
  if (!picker.down) {
    res.set('X-Cache', picker.cache);
    return;
  }
  res.status(503).set('Retry-After', retryAfterSeconds(picker.down.retryAfterMs));
}

// When a calendar is free: opening hours minus appointments (with their padding) and blocks.
import { Temporal } from 'temporal-polyfill';
import { account, findType, type AppointmentType, type Calendar } from './fixture.ts';
import type { StoredAppointment } from './state.ts';
import { dayOf } from './times.ts';
import type { World } from './world.ts';

const minute = 60_000;

interface Span {
  from: number;
  to: number;
}

/** Free starts on one day of the calendar, sorted; only those that a client may book. */
export function freeSlots(
  world: World,
  calendar: Calendar,
  type: AppointmentType,
  day: string,
  ignoredIds: number[] = [],
): Date[] {
  const busy = busySpans(world, calendar, ignoredIds);
  return openSlots(calendar, type, day).filter(
    (start) => advanceProblem(world, start) === null && isFree(busy, start, type.duration, type),
  );
}

/** Every start within the opening hours, free or not. */
export function openSlots(calendar: Calendar, type: AppointmentType, day: string): Date[] {
  const date = Temporal.PlainDate.from(day);
  const step = type.duration + type.paddingBefore + type.paddingAfter;
  return (calendar.hours[date.dayOfWeek] ?? []).flatMap(([from, to]) => {
    // By wall clock, so that an hour that daylight saving removes or repeats is neither lost nor counted twice.
    const opens = date.toZonedDateTime({ timeZone: calendar.timezone, plainTime: from });
    const closes = date.toZonedDateTime({ timeZone: calendar.timezone, plainTime: to }).epochMilliseconds;
    const starts: Date[] = [];
    for (let at = opens.epochMilliseconds; at + type.duration * minute <= closes; at += step * minute)
      starts.push(new Date(at));
    return starts;
  });
}

/** Whether a client can book this start: within the opening hours and not taken. */
export function isOffered(
  world: World,
  calendar: Calendar,
  type: AppointmentType,
  start: Date,
  ignoredIds: number[] = [],
): boolean {
  const opens = openSlots(calendar, type, dayOf(start, calendar.timezone)).some(
    (slot) => slot.getTime() === start.getTime(),
  );
  return opens && isFree(busySpans(world, calendar, ignoredIds), start, type.duration, type);
}

export function advanceProblem(
  world: World,
  start: Date,
): 'not_available_min_hours_in_advance' | 'not_available_max_days_in_advance' | null {
  const ahead = start.getTime() - world.now().getTime();
  if (ahead < account.minHoursInAdvance * 60 * minute) return 'not_available_min_hours_in_advance';
  if (ahead > account.maxDaysInAdvance * 24 * 60 * minute) return 'not_available_max_days_in_advance';
  return null;
}

function isFree(
  busy: Span[],
  start: Date,
  duration: number,
  padding: Pick<AppointmentType, 'paddingBefore' | 'paddingAfter'>,
): boolean {
  const from = start.getTime() - padding.paddingBefore * minute;
  const to = start.getTime() + (duration + padding.paddingAfter) * minute;
  return busy.every((span) => span.to <= from || span.from >= to);
}

function busySpans({ store, now }: World, calendar: Calendar, ignoredIds: number[]): Span[] {
  const blocks = store.state.blocks
    .filter(({ calendarID }) => calendarID === calendar.id)
    .map(({ start, end }) => ({ from: Date.parse(start), to: Date.parse(end) }));
  const appointments = store.state.appointments
    .filter(
      (one) => one.calendarID === calendar.id && !ignoredIds.includes(one.id) && holdsItsSlot(one, now()),
    )
    .map(spanOf);
  return [...blocks, ...appointments];
}

function holdsItsSlot({ canceled, slotFreeAt }: StoredAppointment, now: Date): boolean {
  return !canceled || (slotFreeAt !== undefined && Date.parse(slotFreeAt) > now.getTime());
}

function spanOf({ datetime, duration, appointmentTypeID }: StoredAppointment): Span {
  const { paddingBefore = 0, paddingAfter = 0 } = findType(appointmentTypeID) ?? {};
  const start = Date.parse(datetime);
  return { from: start - paddingBefore * minute, to: start + (duration + paddingAfter) * minute };
}

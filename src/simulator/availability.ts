import { Temporal } from 'temporal-polyfill';
import { advanceMessages, requestedCalendar, requireTime, requireType, requireZone } from './appointments.ts';
import { refuse } from './errors.ts';
import { refuseQueriedAddons } from './extras.ts';
import { account, calendars, type AppointmentType, type Calendar } from './fixture.ts';
import { advanceProblem, freeSlots, isOffered } from './slots.ts';
import { dayOf, machineTime, parseMonth, parseTime } from './times.ts';
import { numbersIn, text, type Body } from './values.ts';
import type { World } from './world.ts';

interface SlotQuery {
  type: AppointmentType;
  from: Calendar[];
  zone: string;
  ignoredIds: number[];
}

export function availableDates(world: World, params: Body): { date: string }[] {
  const query = readQuery(params);
  const month = parseMonth(text(params.month));
  if (!month) throw refuse('invalid_datetime', `The datetime "${text(params.month)}" is invalid.`);
  const dates = new Set<string>();
  // A day of another zone overlaps the calendar's days on either side of it.
  const last = month.toPlainDate({ day: month.daysInMonth }).add({ days: 1 });
  for (
    let day = month.toPlainDate({ day: 1 }).subtract({ days: 1 });
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    for (const slot of slotsOn(world, query, day.toString())) dates.add(dayOf(slot, query.zone));
  }
  return [...dates]
    .filter((date) => date.startsWith(month.toString()))
    .toSorted()
    .map((date) => ({ date }));
}

export function availableTimes(world: World, params: Body): { time: string; slotsAvailable: number }[] {
  const query = readQuery(params);
  const given = text(params.date);
  const noon = parseTime(given, query.zone);
  if (!noon) throw refuse('invalid_datetime', `The datetime "${given}" is invalid.`);
  const wanted = dayOf(noon, query.zone);
  const day = Temporal.PlainDate.from(wanted);
  const starts = [-1, 0, 1]
    .flatMap((offset) => slotsOn(world, query, day.add({ days: offset }).toString()))
    .filter((slot) => dayOf(slot, query.zone) === wanted)
    .map((slot) => slot.getTime());
  return [...new Set(starts)]
    .toSorted((a, b) => a - b)
    .map((start) => ({ time: machineTime(new Date(start), query.zone), slotsAvailable: 1 }));
}

/** Answers an array with an array and an object with an object; 200 also when a time is not free (section 6.10). */
export function checkTimes(world: World, body: unknown): unknown {
  if (Array.isArray(body)) return (body as unknown[]).map((one) => checkTime(world, one));
  return checkTime(world, body);
}

function checkTime(world: World, body: unknown): Record<string, unknown> {
  const request = (body ?? {}) as Body;
  const type = requireType(request);
  const calendar = requestedCalendar(request.calendarID);
  const { start, given } = requireTime(request, calendar?.timezone ?? account.timezone);
  const from = calendar ? [calendar] : calendars.filter(({ id }) => type.calendarIDs.includes(id));
  const problem = advanceProblem(world, start);
  const isFree = !problem && from.some((one) => isOffered(world, one, type, start));
  const error = problem ?? 'not_available';
  const because = problem ? advanceMessages[problem] : 'is not an available time slot.';
  return {
    ...request,
    valid: isFree,
    // Which key carries the reason is not known (section 14.2): ours is the error envelope's.
    ...(isFree ? {} : { error, message: `The time "${given}" ${because}` }),
  };
}

function readQuery(query: Body): SlotQuery {
  const type = requireType(query);
  const calendar = requestedCalendar(query.calendarID);
  const zone = requireZone(query.timezone) ?? calendar?.timezone ?? account.timezone;
  const from = calendar ? [calendar] : calendars;
  refuseQueriedAddons(query);
  const ignoredIds = numbersIn(query, 'ignoreAppointmentIDs');
  return { type, from: from.filter(({ id }) => type.calendarIDs.includes(id)), zone, ignoredIds };
}

function slotsOn(world: World, { type, from, ignoredIds }: SlotQuery, day: string): Date[] {
  return from.flatMap((calendar) => freeSlots(world, calendar, type, day, ignoredIds));
}

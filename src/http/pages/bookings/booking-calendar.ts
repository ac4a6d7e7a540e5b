// The calendar views of the list: month and week as tables, agenda and day as rows under their days.
import type { Viewer } from '../../../accounts/index.ts';
import {
  examineeName,
  type Booking,
  type BookingList,
  type ListView,
  type WholeListQuery,
} from '../../../bookings/index.ts';
import { dayIn, offsetMinutes, shiftDays, shiftMonths, shortZone, zoneName } from '../../../lib/dates.ts';
import { paths } from '../../paths.ts';
import { lastDayOf, weekdays, weekOf, weeksOf, type MonthDay } from '../month-grid.ts';
import { clockTime, dayWords, daysWords, monthWords } from '../when.ts';
import { toneOf, type Tone } from './booking-words.ts';

export type CalendarView = Exclude<ListView, 'list'>;

interface CalendarLink {
  href: string;
  label: string;
}

interface CalendarCell {
  date: string;
  number: number;
  /** `Tuesday 1 December 2026`, for phones, where the table is a list of days. */
  label: string;
  isToday: boolean;
  /** The view of the day. */
  href: string;
  /** `zone`: null when the whole table has one. */
  entries: { href: string; time: string; zone: string | null; text: string; tone: Tone }[];
}

export interface BookingCalendar<Row> {
  view: CalendarView;
  label: string;
  previous: CalendarLink;
  next: CalendarLink;
  /** Month and week. */
  table: { weekdays: [string, string][]; weeks: (CalendarCell | null)[][] } | null;
  /** Agenda and day: the days with bookings. */
  days: { date: string; label: string; isToday: boolean; rows: Row[] }[] | null;
  isEmpty: boolean;
  /** In which zone the times of a table are; null without bookings. */
  times: string | null;
  /** The URL of the list for these days, when not all bookings are shown. */
  more: string | null;
}

/** The parts of the address that say which days are shown. */
export interface CalendarPlace {
  view: CalendarView;
  month?: string | undefined;
  day?: string | undefined;
}

export interface CalendarRequest<Row> {
  place: CalendarPlace;
  filters: WholeListQuery;
  /** Which day is today for the reader. */
  today: string;
  /** The list's URL with its filters. */
  href: (place: { view?: ListView; month?: string; day?: string; from?: string; to?: string }) => string;
  rowsOf: (bookings: Booking[]) => Promise<Row[]>;
}

const pageSize = 100;
const pagesShown = 3;

/** Each booking appears on the day of its own zone. */
export async function calendarOf<Row>(
  list: BookingList,
  viewer: Viewer,
  request: CalendarRequest<Row>,
): Promise<BookingCalendar<Row>> {
  const { view } = request.place;
  const start = startOf(request);
  const span = spanOf(request.place, start);
  const { bookings, isMore } = await bookingsBetween(list, viewer, request.filters, span);
  const byDay = Map.groupBy(bookings.toSorted(byWallClock), ({ startsAt, timezone }) =>
    dayIn(startsAt, timezone),
  );
  const isTable = view === 'calendar' || view === 'week';
  const turn = (by: 1 | -1): CalendarLink => {
    const place = turned(span, by);
    return { href: request.href({ view, ...place }), label: spanOf({ view, ...place }, start).label };
  };
  return {
    view,
    label: span.label,
    previous: turn(-1),
    next: turn(1),
    table: isTable ? { weekdays, weeks: weeksWith(span, byDay, request) } : null,
    days: isTable ? null : await daysWith(byDay, request),
    isEmpty: bookings.length === 0,
    times: isTable ? timesWords(bookings) : null,
    more: isMore ? request.href({ from: span.from, to: span.to }) : null,
  };
}

interface Span {
  view: CalendarView;
  from: string;
  to: string;
  label: string;
}

const agendaDays = 14;

/** The first day when the address names none: today, or the filter's first day when today is not among its days. */
function startOf({ today, filters: { from, to } }: CalendarRequest<unknown>): string {
  const isFiltered = (from !== undefined && today < from) || (to !== undefined && today > to);
  return (isFiltered && (from ?? to)) || today;
}

function spanOf({ view, month, day }: CalendarPlace, start: string): Span {
  if (view === 'calendar') {
    const shown = month ?? (day ?? start).slice(0, 7);
    return { view, from: `${shown}-01`, to: lastDayOf(shown), label: monthWords(shown) };
  }
  // The address names a month but no day: begin with `start` if it is in that month.
  const inMonth = month === undefined || start.startsWith(month) ? start : `${month}-01`;
  const first = day ?? inMonth;
  if (view === 'day') return { view, from: first, to: first, label: dayWords(first) };
  const from = view === 'week' ? (weekOf(first)[0]?.date ?? first) : first;
  const to = shiftDays(from, (view === 'week' ? 7 : agendaDays) - 1);
  return { view, from, to, label: daysWords(from, to) };
}

function turned({ view, from }: Span, by: 1 | -1): { month?: string; day?: string } {
  if (view === 'calendar') return { month: shiftMonths(from.slice(0, 7), by) };
  return { day: shiftDays(from, by * { day: 1, week: 7, agenda: agendaDays }[view]) };
}

async function bookingsBetween(list: BookingList, viewer: Viewer, filters: WholeListQuery, span: Span) {
  const bookings: Booking[] = [];
  const range = {
    from: filters.from && filters.from > span.from ? filters.from : span.from,
    to: filters.to && filters.to < span.to ? filters.to : span.to,
  };
  if (range.from > range.to) return { bookings, isMore: false };
  let cursor: string | undefined;
  for (let page = 0; page < pagesShown; page++) {
    const found = await list.page(viewer, { ...filters, ...range, limit: pageSize, cursor });
    if (found === 'bad_cursor') throw new Error('The list refused its own cursor');
    bookings.push(...found.bookings);
    if (!found.nextCursor) return { bookings, isMore: false };
    cursor = found.nextCursor;
  }
  return { bookings, isMore: true };
}

/** The order within a day: by the time of day in each examination's own zone. */
function byWallClock(a: Booking, b: Booking): number {
  const clock = ({ startsAt, timezone }: Booking) =>
    startsAt.getTime() + offsetMinutes(startsAt, timezone) * 60_000;
  return clock(a) - clock(b) || a.startsAt.getTime() - b.startsAt.getTime();
}

function weeksWith<Row>(
  span: Span,
  byDay: Map<string, Booking[]>,
  { today, href }: CalendarRequest<Row>,
): (CalendarCell | null)[][] {
  const zones = new Set([...byDay.values()].flat().map(({ timezone }) => timezone));
  const cellOf = (day: MonthDay): CalendarCell => ({
    ...day,
    label: dayWords(day.date),
    isToday: day.date === today,
    href: href({ view: 'day', day: day.date }),
    entries: (byDay.get(day.date) ?? []).map((booking) => entryOf(booking, zones.size > 1)),
  });
  const weeks = span.view === 'week' ? [weekOf(span.from)] : weeksOf(span.from.slice(0, 7));
  return weeks.map((week) => week.map((day) => day && cellOf(day)));
}

async function daysWith<Row>(
  byDay: Map<string, Booking[]>,
  { today, rowsOf }: CalendarRequest<Row>,
): Promise<{ date: string; label: string; isToday: boolean; rows: Row[] }[]> {
  const days = [...byDay].toSorted(([a], [b]) => a.localeCompare(b));
  const rows = await rowsOf(days.flatMap(([, bookings]) => bookings));
  let at = 0;
  return days.map(([date, { length }]) => ({
    date,
    label: dayWords(date),
    isToday: date === today,
    rows: rows.slice(at, (at += length)),
  }));
}

function timesWords(bookings: Booking[]): string | null {
  const [first] = bookings;
  if (!first) return null;
  return bookings.some(({ timezone }) => timezone !== first.timezone)
    ? 'Each time is local to its examination, in the zone beside it.'
    : `Times are ${zoneName(first.timezone, first.startsAt).replace(/ \(.*/, '')}.`;
}

function entryOf(booking: Booking, showsZone: boolean): CalendarCell['entries'][number] {
  const { startsAt, timezone: zone } = booking;
  return {
    href: paths.booking(booking.id),
    time: clockTime(startsAt, zone),
    zone: showsZone ? shortZone(zone, startsAt) : null,
    text: examineeName(booking.examinee),
    tone: toneOf(booking.currentProgress),
  };
}

// The calendar view of the list.
import type { Viewer } from '../../../accounts/index.ts';
import { examineeName, type Booking, type BookingList } from '../../../bookings/index.ts';
import { dayIn, offsetMinutes, shiftMonths, shortZone, zoneName } from '../../../lib/dates.ts';
import type { Clock } from '../../../ports/clock.ts';
import { paths } from '../../paths.ts';
import { withQuery } from '../links.ts';
import { lastDayOf, weekdays, weeksOf } from '../month-grid.ts';
import { clockTime, dayWords, monthWords } from '../when.ts';
import { toneOf, type Tone } from './booking-words.ts';

interface MonthLink {
  href: string;
  label: string;
}

interface MonthCell {
  date: string;
  number: number;
  /** `Tuesday 1 December 2026`, for phones, where the month is a list of days. */
  label: string;
  isToday: boolean;
  /** `zone`: null when the whole month has one. */
  entries: { href: string; time: string; zone: string | null; text: string; tone: Tone }[];
}

export interface BookingMonth {
  label: string;
  previous: MonthLink;
  next: MonthLink;
  weekdays: [string, string][];
  weeks: (MonthCell | null)[][];
  /** In which zone the times are; null without bookings. */
  times: string | null;
  /** The URL of the list for this month, when the calendar does not show all bookings. */
  more: string | null;
}

const pageSize = 100;
const pagesShown = 3;

/** `readerZone` decides which day is today; each booking appears on the day of its own zone. */
export async function bookingMonth(
  services: { bookingList: BookingList; clock: Clock },
  viewer: Viewer,
  askedMonth: string | undefined,
  readerZone: string | null,
): Promise<BookingMonth> {
  const today = dayIn(services.clock.now(), readerZone ?? 'Australia/Sydney');
  const month = askedMonth ?? today.slice(0, 7);
  const range = { from: `${month}-01`, to: lastDayOf(month) };
  const { bookings, isMore } = await bookingsBetween(services.bookingList, viewer, range);
  const byDay = Map.groupBy(bookings.toSorted(byWallClock), ({ startsAt, timezone }) =>
    dayIn(startsAt, timezone),
  );
  const zones = new Set(bookings.map(({ timezone }) => timezone));
  return {
    label: monthWords(month),
    previous: monthLink(shiftMonths(month, -1)),
    next: monthLink(shiftMonths(month, 1)),
    weekdays,
    weeks: weeksOf(month).map((week) =>
      week.map(
        (cell) =>
          cell && {
            ...cell,
            label: dayWords(cell.date),
            isToday: cell.date === today,
            entries: (byDay.get(cell.date) ?? []).map((booking) => entryOf(booking, zones.size > 1)),
          },
      ),
    ),
    times: timesWords(bookings, zones),
    more: isMore ? withQuery(paths.bookings(), range) : null,
  };
}

async function bookingsBetween(list: BookingList, viewer: Viewer, range: { from: string; to: string }) {
  const bookings: Booking[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesShown; page++) {
    const found = await list.page(viewer, { ...range, limit: pageSize, cursor });
    if (found === 'bad_cursor') throw new Error('The list refused its own cursor');
    bookings.push(...found.bookings);
    if (!found.nextCursor) return { bookings: earliestFirst(bookings), isMore: false };
    cursor = found.nextCursor;
  }
  return { bookings: earliestFirst(bookings), isMore: true };
}

export function earliestFirst(bookings: Booking[]): Booking[] {
  return bookings.toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
}

/** As a day prints them: by the clock of each examination. */
function byWallClock(a: Booking, b: Booking): number {
  const clock = ({ startsAt, timezone }: Booking) =>
    startsAt.getTime() + offsetMinutes(startsAt, timezone) * 60_000;
  return clock(a) - clock(b) || a.startsAt.getTime() - b.startsAt.getTime();
}

function timesWords([first]: Booking[], zones: ReadonlySet<string>): string | null {
  if (!first) return null;
  return zones.size > 1
    ? 'Each time is local to its examination, in the zone beside it.'
    : `Times are ${zoneName(first.timezone, first.startsAt).replace(/ \(.*/, '')}.`;
}

function entryOf(booking: Booking, showsZone: boolean): MonthCell['entries'][number] {
  const { startsAt, timezone: zone } = booking;
  return {
    href: paths.booking(booking.id),
    time: clockTime(startsAt, zone),
    zone: showsZone ? shortZone(zone, startsAt) : null,
    text: examineeName(booking.examinee),
    tone: toneOf(booking.currentProgress),
  };
}

function monthLink(month: string): MonthLink {
  return { href: withQuery(paths.bookings(), { view: 'calendar', month }), label: monthWords(month) };
}

// The calendar view of the list.
import type { Viewer } from '../../../accounts/index.ts';
import { examineeName, type Booking, type BookingList } from '../../../bookings/index.ts';
import { dayIn, shiftMonths } from '../../../lib/dates.ts';
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
  entries: { href: string; time: string; text: string; tone: Tone }[];
}

export interface BookingMonth {
  label: string;
  previous: MonthLink;
  next: MonthLink;
  weekdays: [string, string][];
  weeks: (MonthCell | null)[][];
  count: number;
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
  const byDay = Map.groupBy(bookings, ({ startsAt, timezone }) => dayIn(startsAt, timezone));
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
            entries: (byDay.get(cell.date) ?? []).map(entryOf),
          },
      ),
    ),
    count: bookings.length,
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

function entryOf(booking: Booking): MonthCell['entries'][number] {
  return {
    href: paths.booking(booking.id),
    time: clockTime(booking.startsAt, booking.timezone),
    text: examineeName(booking.examinee),
    tone: toneOf(booking.currentProgress),
  };
}

function monthLink(month: string): MonthLink {
  return { href: withQuery(paths.bookings(), { view: 'calendar', month }), label: monthWords(month) };
}

// Formats of days and times for pages, on top of lib/dates. Each instant is formatted in an explicit zone.
import { dateFormat } from '../../lib/date-formats.ts';
import {
  dayIn,
  formatDay,
  formatTime,
  offsetMinutes,
  sameWallClock,
  shortZone,
  zoneName,
  zonePlaceName,
} from '../../lib/dates.ts';

export { dayWords } from '../../lib/dates.ts';

const dayWithYear = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
const dayWithoutYear = { weekday: 'short', day: 'numeric', month: 'short' } as const;
const weekdayAlone = { weekday: 'short' } as const;
const longDay = { day: 'numeric', month: 'long', year: 'numeric' } as const;
const monthWithYear = { month: 'long', year: 'numeric' } as const;

/** `Tue 1 Dec 2026` */
export function shortDay(at: Date, zone: string): string {
  return dateFormat('en-AU', zone, dayWithYear).format(at).replace(',', '');
}

/** `Tue 8 Dec, 9:00 am`; with the year when it is not the present one. */
export function dayAndClock(at: Date, zone: string, now: Date): string {
  const isThisYear = dayIn(at, zone).slice(0, 4) === dayIn(now, zone).slice(0, 4);
  const day = isThisYear
    ? dateFormat('en-AU', zone, dayWithoutYear).format(at).replace(',', '')
    : shortDay(at, zone);
  return `${day}, ${clockTime(at, zone)}`;
}

/** `Tue 8 Dec, 9:00 am AEDT`; with the year when it is not the present one. */
export function dayAndClockInZone(at: Date, zone: string, now: Date): string {
  return `${dayAndClock(at, zone, now)} ${shortZone(zone, at)}`;
}

/** When something was written or done: `Tue 1 Dec 2026, 9:00 am AEDT` */
export function stamp(at: Date, zone: string): string {
  return `${shortDay(at, zone)}, ${clockAndZone(at, zone)}`;
}

/** `9:00 am`, with a no-break space. */
export function clockTime(at: Date, zone: string): string {
  return formatTime(at, zone).replaceAll(' ', '\u00a0');
}

/** `9:00 am AEDT` */
export function clockAndZone(at: Date, zone: string): string {
  return `${clockTime(at, zone)} ${shortZone(zone, at)}`;
}

/** Whether the clocks change between two of these times. */
export function clocksChange(times: readonly Date[], zone: string): boolean {
  return new Set(times.map((at) => offsetMinutes(at, zone))).size > 1;
}

/** Like `clockTime`, for a time that is shown beside `others`: with the zone, if the clocks change among them. */
export function clockTimeAmong(at: Date, zone: string, others: readonly Date[]): string {
  return clocksChange([at, ...others], zone) ? clockAndZone(at, zone) : clockTime(at, zone);
}

/** `Sydney time (AEDT, UTC+11)`; only `Sydney time` if the clocks change among the times. */
export function zoneNameOf(times: readonly [Date, ...Date[]], zone: string): string {
  return clocksChange(times, zone) ? zonePlaceName(zone) : zoneName(zone, times[0]);
}

/** `9:00 am, Tuesday 1 December 2026` */
export function timeAndDay(at: Date, zone: string): string {
  return `${clockTime(at, zone)}, ${formatDay(at, zone)}`;
}

/** The time in the reader's zone, `6:00 am` or `11:30 pm Mon`; null when both zones show the same. */
export function readerTime(at: Date, zone: string, readerZone: string | null): string | null {
  if (!readerZone || sameWallClock(at, zone, readerZone)) return null;
  const time = clockTime(at, readerZone);
  if (dayIn(at, zone) === dayIn(at, readerZone)) return time;
  return `${time} ${dateFormat('en-AU', readerZone, weekdayAlone).format(at)}`;
}

/** Time, day and zone of the reader; null when both zones show the same. */
export function readerTimeAndDay(
  at: Date,
  zone: string,
  readerZone: string | null,
): { time: string; zone: string } | null {
  if (!readerZone || sameWallClock(at, zone, readerZone)) return null;
  return { time: timeAndDay(at, readerZone), zone: zoneName(readerZone, at) };
}

/** `December 2026` for `2026-12`. */
export function monthWords(month: string): string {
  return dateFormat('en-AU', 'UTC', monthWithYear).format(noonOf(`${month}-01`));
}

/** `30 November – 6 December 2026` */
export function daysWords(from: string, to: string): string {
  return dateFormat('en-AU', 'UTC', longDay).formatRange(noonOf(from), noonOf(to));
}

/** How long ago: `12 minutes ago`, `3 hours ago`, `5 days ago`. */
export function ago(then: Date, now: Date): string {
  const minutes = Math.round((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 1) return 'less than a minute ago';
  if (minutes < 60) return `${counted(minutes, 'minute')} ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return `${counted(hours, 'hour')} ago`;
  return `${counted(Math.round(hours / 24), 'day')} ago`;
}

/** A duration: `less than a minute`, `1 hour 12 minutes`. */
export function lasting(from: Date, to: Date): string {
  const minutes = Math.floor((to.getTime() - from.getTime()) / 60_000);
  if (minutes < 1) return 'less than a minute';
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return [hours > 0 && counted(hours, 'hour'), rest > 0 && counted(rest, 'minute')].filter(Boolean).join(' ');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function noonOf(day: string): Date {
  return new Date(`${day}T12:00:00Z`);
}

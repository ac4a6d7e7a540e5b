// Calendar days and times of day for people. A day is `YYYY-MM-DD`, a month `YYYY-MM`, an instant a Date.
import { Temporal } from 'temporal-polyfill';
import { dateFormat } from './date-formats.ts';
import { remembered } from './remembered.ts';
import { isTimeZone } from './zones.ts';

export { isTimeZone };

// PostgreSQL has no year 0.
const hasNoYear = (text: string): boolean => text.startsWith('0000');

/** The day, or null when it is not in the calendar (2026-02-30) or not `YYYY-MM-DD`. */
export const parseDay = remembered((text: string): string | null => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || hasNoYear(text)) return null;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString();
  } catch {
    return null;
  }
});

/** The month (`2026-12`), or null when the text is not one. */
export function parseMonth(text: string): string | null {
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(text) && !hasNoYear(text) ? text : null;
}

/** `day` moved by `count` days, back when negative. */
export const shiftDays = remembered((day: string, count: number): string =>
  Temporal.PlainDate.from(day).add({ days: count }).toString(),
);

/**
 * How many days from Monday to Friday there are after `from`, up to and with `until`; 0 when that is not later. Holidays
 * are not known.
 */
export const businessDaysUntil = remembered((from: string, until: string): number => {
  const days = daysBetween(from, until);
  if (days <= 0) return 0;
  const { dayOfWeek } = Temporal.PlainDate.from(from);
  const rest = Array.from({ length: days % 7 }, (_, at) => ((dayOfWeek + at) % 7) + 1);
  return Math.floor(days / 7) * 5 + rest.filter((weekday) => weekday <= 5).length;
});

/** From `from` to `until`, negative when that is earlier: 1 from a day to the next. */
export function daysBetween(from: string, until: string): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(until)).days;
}

/** `month` moved by `count` months, back when negative. */
export function shiftMonths(month: string, count: number): string {
  return Temporal.PlainYearMonth.from(month).add({ months: count }).toString();
}

export function daysInMonth(month: string): number {
  return Temporal.PlainYearMonth.from(month).daysInMonth;
}

/** The calendar day in `zone` at `instant`. */
export function dayIn(instant: Date, zone: string): string {
  const ms = instant.getTime();
  // Every request has another "now". Since 1972 every zone's day begins with a minute of UTC.
  return dayAt(ms < firstWholeMinutes ? ms : ms - (ms % 60_000), zone);
}

const firstWholeMinutes = Date.UTC(1973, 0, 1);

const dayAt = remembered((ms: number, zone: string): string =>
  wallClock(new Date(ms), zone).toPlainDate().toString(),
);

/** The hour of the day in `zone` at `instant`: 0 to 23. */
export function hourIn(instant: Date, zone: string): number {
  return wallClock(instant, zone).hour;
}

/** The first instant of `day` in `zone`, also where the clocks skip midnight. */
export function startOfDay(day: string, zone: string): Date {
  return new Date(startMsOfDay(day, zone));
}

const startMsOfDay = remembered(
  (day: string, zone: string): number => Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds,
);

/** Whether both zones show the same day and time at `instant`. */
export function sameWallClock(instant: Date, zoneA: string, zoneB: string): boolean {
  return offsetAt(instant.getTime(), zoneA) === offsetAt(instant.getTime(), zoneB);
}

/** The offset of `zone` at `instant` in minutes east of UTC. */
export function offsetMinutes(instant: Date, zone: string): number {
  return offsetAt(instant.getTime(), zone);
}

const longDay = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const;
const timeOfDay = { hour: 'numeric', minute: '2-digit', hour12: true } as const;
const shortZoneName = { timeZoneName: 'short' } as const;

/** "Tuesday 1 December 2026" */
export function formatDay(instant: Date, zone: string): string {
  return dateFormat('en-AU', zone, longDay).format(instant);
}

/** `Tuesday 1 December 2026` for `2026-12-01`. */
export function dayWords(day: string): string {
  return formatDay(new Date(`${day}T12:00:00Z`), 'UTC');
}

/** "1 December 2026" for `2026-12-01` */
export function dayInWords(day: string): string {
  return dateFormat('en-AU', 'UTC', { day: 'numeric', month: 'long', year: 'numeric' }).format(
    Date.parse(`${day}T12:00:00Z`),
  );
}

/** "Thu 26 Nov" for `2026-11-26` */
export function weekdayAndDay(day: string): string {
  const format = dateFormat('en-AU', 'UTC', { weekday: 'short', day: 'numeric', month: 'short' });
  return format.format(Date.parse(`${day}T12:00:00Z`)).replace(',', '');
}

/** "10:00 am" */
export function formatTime(instant: Date, zone: string): string {
  // Newer ICU data uses a narrow no-break space here, which plain-text e-mail programs show wrongly.
  return dateFormat('en-AU', zone, timeOfDay).format(instant).replace(/\s/gu, ' ');
}

/** "09:00", as spreadsheets read a time */
export function clockTime(instant: Date, zone: string): string {
  return wallClock(instant, zone).toPlainTime().toString({ smallestUnit: 'minute' });
}

/** "Sydney time (AEDT, UTC+11)"; "Tokyo time (UTC+9)" where English has no abbreviation; "UTC". */
export function zoneName(zone: string, instant: Date): string {
  if (zone === 'UTC') return zone;
  const abbreviation = zoneAbbreviation(zone, instant);
  const offset = formatOffset(instant, zone);
  return `${zonePlace(zone)} (${abbreviation && abbreviation !== offset ? `${abbreviation}, ${offset}` : offset})`;
}

/**
 * "10:00 am, Tuesday 1 December 2026 (Sydney time, AEDT)". With a `readerZone` whose clocks differ at that
 * moment, the reader's own follows: "…, which is 7:00 am, Tuesday 1 December 2026 in Perth time (AWST)".
 */
export function formatExamTime(instant: Date, zone: string, readerZone?: string): string {
  const there = `${formatTime(instant, zone)}, ${formatDay(instant, zone)} (${zonePlace(zone)}, ${shortZone(zone, instant)})`;
  if (!readerZone || sameWallClock(instant, zone, readerZone)) return there;
  const here = `${formatTime(instant, readerZone)}, ${formatDay(instant, readerZone)}`;
  return `${there}, which is ${here} in ${zonePlace(readerZone)} (${shortZone(readerZone, instant)})`;
}

/** "Sydney time"; "UTC". */
export function zonePlaceName(zone: string): string {
  return zone === 'UTC' ? zone : zonePlace(zone);
}

/** "AEDT", or "UTC+9" where there is no abbreviation. */
export function shortZone(zone: string, instant: Date): string {
  return zoneAbbreviation(zone, instant) ?? formatOffset(instant, zone);
}

/** Minutes. */
const offsetAt = remembered(
  (ms: number, zone: string): number => wallClock(new Date(ms), zone).offsetNanoseconds / 60e9,
);

function wallClock(instant: Date, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(zone);
}

/** "Sydney time"; the last part of the zone's name is its best-known city. */
function zonePlace(zone: string): string {
  const city = zone.split('/').at(-1)?.replaceAll('_', ' ') ?? zone;
  return `${city} time`;
}

function formatOffset(instant: Date, zone: string): string {
  const minutes = offsetMinutes(instant, zone);
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  const rest = size % 60 ? `:${String(Math.round(size % 60)).padStart(2, '0')}` : '';
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`;
}

// Each English locale abbreviates the zones of its own region and writes GMT+11 for the others.
const locales = ['en-AU', 'en-US', 'en-GB'];

const abbreviationAt = remembered((zone: string, ms: number): string | null => {
  for (const locale of locales) {
    const parts = dateFormat(locale, zone, shortZoneName).formatToParts(ms);
    const letters = parts.find((part) => part.type === 'timeZoneName')?.value;
    if (letters && !/^(GMT|UTC)[+−-]/.test(letters)) return letters;
  }
  return null;
});

function zoneAbbreviation(zone: string, instant: Date): string | null {
  return abbreviationAt(zone, instant.getTime());
}

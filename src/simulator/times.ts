// Times as Acuity writes them (`2026-03-18T14:00:00-0700` in the calendar's zone) and reads them: Acuity accepts
// whatever PHP's strtotime accepts, the simulator the formats that clients really send.
import { Temporal } from 'temporal-polyfill';
import { dateFormat } from '../lib/date-formats.ts';

const pattern =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Reads an instant; a time without an offset is wall-clock time in `zone`. Null when it cannot be read. */
export function parseTime(given: string, zone: string): Date | null {
  const match = pattern.exec(given.trim());
  if (!match) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', half, offset] = match;
  const hours = half ? (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0) : Number(hour);
  try {
    const wall = Temporal.PlainDateTime.from(
      {
        year: Number(year),
        month: Number(month),
        day: Number(day),
        hour: hours,
        minute: Number(minute),
        second: Number(second),
      },
      { overflow: 'reject' },
    );
    if (!offset) return new Date(wall.toZonedDateTime(zone).epochMilliseconds);
    const colon = offset === 'Z' ? 'Z' : offset.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2');
    return new Date(Temporal.Instant.from(`${wall.toString()}${colon}`).epochMilliseconds);
  } catch {
    return null;
  }
}

/** `2026-03` or `2026-3`. */
export function parseMonth(given: string): Temporal.PlainYearMonth | null {
  const match = /^(\d{4})-(\d{1,2})(?:-\d{1,2})?$/.exec(given.trim());
  if (!match || Number(match[2]) < 1 || Number(match[2]) > 12) return null;
  return Temporal.PlainYearMonth.from({ year: Number(match[1]), month: Number(match[2]) });
}

export function isZone(zone: string): boolean {
  try {
    return dateFormat('en', zone, {}).resolvedOptions().timeZone !== '' && zone.includes('/');
  } catch {
    return false;
  }
}

function zoned(at: Date, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone);
}

/** `2026-03-18T14:00:00-0700` */
export function machineTime(at: Date, zone: string): string {
  const local = zoned(at, zone);
  return `${local.toPlainDateTime().toString({ smallestUnit: 'second' })}${local.offset.replace(':', '')}`;
}

/** `March 18, 2026` */
export function humanDate(at: Date, zone: string): string {
  return dateFormat('en-US', zone, { dateStyle: 'long' }).format(at);
}

/** `Wednesday` */
export function weekday(at: Date, zone: string): string {
  return dateFormat('en-US', zone, { weekday: 'long' }).format(at);
}

/** `2:00pm` */
export function humanTime(at: Date, zone: string): string {
  const { hour, minute } = zoned(at, zone);
  return `${hour % 12 || 12}:${String(minute).padStart(2, '0')}${hour < 12 ? 'am' : 'pm'}`;
}

/** `2026-03-18` */
export function dayOf(at: Date, zone: string): string {
  return zoned(at, zone).toPlainDate().toString();
}

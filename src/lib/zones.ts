import { Temporal } from 'temporal-polyfill';
import { failure, ok, type Result } from './result.ts';

/** Whether `name` is an IANA zone that this machine knows. */
export function isTimeZone(name: string): boolean {
  // Rejects offsets such as +10:00, which have no daylight-saving time.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Converts a wall-clock time to an instant. `day` is `YYYY-MM-DD`, `time` `HH:MM`. Fails for a time that a clock change
 * skips or repeats.
 */
export function parseWallTime(
  day: string,
  time: string,
  zone: string,
): Result<Date, { reason: 'not_a_time' | 'skipped' | 'ambiguous' }> {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || !/^\d{2}:\d{2}$/.test(time) || !isTimeZone(zone)) {
    return failure({ reason: 'not_a_time' });
  }
  let wall: Temporal.PlainDateTime;
  try {
    wall = Temporal.PlainDateTime.from(`${day}T${time}:00`, { overflow: 'reject' });
  } catch {
    return failure({ reason: 'not_a_time' });
  }
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = wall.toZonedDateTime(zone, { disambiguation: 'later' });
  if (earlier.epochMilliseconds === later.epochMilliseconds) return ok(new Date(earlier.epochMilliseconds));
  const isRepeated = earlier.toPlainDateTime().equals(wall) && later.toPlainDateTime().equals(wall);
  return failure({ reason: isRepeated ? 'ambiguous' : 'skipped' });
}

/** Parses an instant with an offset (`2026-12-01T09:00:00+10:00` or `…Z`); null for anything else. */
export function parseInstant(text: string): Date | null {
  const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;
  if (!shape.test(text)) return null;
  try {
    return new Date(Temporal.Instant.from(text).epochMilliseconds);
  } catch {
    return null;
  }
}

import { Temporal } from 'temporal-polyfill';

/** The agency's own zone: for days and times where nobody names another. */
export const agencyZone = 'Australia/Sydney';

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

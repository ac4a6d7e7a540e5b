// Shared by the pages' forms and queries.
import type { Request } from 'express';
import { z } from 'zod';
import { isTimeZone, parseDay, parseMonth } from '../../lib/dates.ts';
import { agencyZone } from '../../lib/zones.ts';

export { fieldErrors } from '../../lib/typed-input.ts';

/** An empty field of a GET form counts as absent. */
export function blankAsAbsent<Output>(schema: z.ZodType<Output>) {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() === '' ? undefined : value),
    schema.optional(),
  );
}

/** `YYYY-MM-DD`, a day that exists. */
export const calendarDay = z
  .string('Give one day')
  .refine((day) => parseDay(day) !== null, 'Enter a real date');

/** `YYYY-MM` */
export const calendarMonth = z
  .string('Give one month')
  .refine((month) => parseMonth(month) !== null, 'Enter a real month');

/** The value to show in the field again; arrays and missing values are ''. */
export function typed(body: unknown, name: string): string {
  const value: unknown = rawField(body, name);
  return typeof value === 'string' ? value : '';
}

/** What a parameter of an address names; null when it names none of them. */
export function namedIn<Value>(values: Readonly<Record<string, Value>>, name: unknown): Value | null {
  return typeof name === 'string' && Object.hasOwn(values, name) ? (values[name] ?? null) : null;
}

/** As it was sent, for a schema to check. */
export function rawField(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

/** The zone of days and times on a page that belong to no examination: the reader’s, or else the agency’s. */
export const pageZoneOf = ({ headers }: Pick<Request, 'headers'>): string =>
  readerZoneOf(headers.cookie) ?? agencyZone;

/** The reader's time zone from the cookie that public/js/time-zone.js sets; null when it is missing or invalid. */
export function readerZoneOf(cookieHeader: string | undefined): string | null {
  const match = /(?:^|;\s*)tz=([^;]{1,128})/.exec(cookieHeader ?? '');
  if (!match?.[1]) return null;
  try {
    const zone = decodeURIComponent(match[1]);
    return isTimeZone(zone) ? zone : null;
  } catch {
    return null;
  }
}

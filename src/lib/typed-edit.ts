// Reads the edit of a record as it was typed. A value is checked only if it differs from the record's, so that a value that
// is older than a rule does not prevent saving another one.
import type { z } from 'zod';
import { failure, type InvalidFields, ok, type Result } from './result.ts';
import { tidyProse } from './typed-text.ts';

/** Values as they were sent, by the names of their fields; a missing one stays as it is. */
export type Sent = Readonly<Record<string, unknown>>;

/** The fields of a record with their rules, in the order of their form. */
export type FieldSchemas<T> = { [Name in keyof T]: z.ZodType<T[Name]> };

/** The values that change. */
export function readEdit<T extends object>(
  schemas: FieldSchemas<T>,
  now: T,
  sent: Sent,
): Result<Partial<T>, InvalidFields> {
  const edit: Partial<T> = {};
  const errors: InvalidFields['errors'] = [];
  for (const name of Object.keys(schemas) as (keyof T & string)[]) {
    const value = sent[name];
    if (value === undefined || isSameText(value, now[name])) continue;
    const parsed = schemas[name].safeParse(value);
    if (!parsed.success) errors.push({ path: name, message: parsed.error.issues[0]?.message ?? '' });
    else if (parsed.data !== now[name]) edit[name] = parsed.data;
  }
  return errors.length > 0 ? failure({ reason: 'invalid', errors }) : ok(edit);
}

/** Forms send numbers and ticked boxes as text, and empty text for null. */
export function isSameText(sent: unknown, stored: unknown): boolean {
  return tidyProse(asText(sent)) === tidyProse(asText(stored));
}

export function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The names of the fields whose values differ between the two. */
export function changedSince<T extends object>(before: T | Sent, now: T): (keyof T & string)[] {
  const names = Object.keys(now) as (keyof T & string)[];
  return names.filter((name) => asText((before as Sent)[name]) !== asText(now[name]));
}

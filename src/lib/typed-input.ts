// Schemas for what people type. Each tidies the text first, then checks it.
import { z } from 'zod';
import { isEmail, longestEmail, tidyEmail } from './typed-email.ts';
import { hasInvisible, tidyLine, tidyProse } from './typed-text.ts';
import type { FieldError } from './result.ts';

const pasted = 'Has invisible characters in it: type it instead of pasting it';

/** @param missing the message when it is no text */
export function typedLine(missing?: string) {
  return z
    .string(missing)
    .overwrite(tidyLine)
    .refine((text) => !hasInvisible(text, 'line'), pasted);
}

export function typedProse(missing?: string) {
  return z
    .string(missing)
    .overwrite(tidyProse)
    .refine((text) => !hasInvisible(text, 'prose'), pasted);
}

export function typedEmail(missing: string) {
  return z
    .string(missing)
    .overwrite(tidyEmail)
    .max(longestEmail, {
      error: `Enter an e-mail address of at most ${longestEmail} characters`,
      abort: true,
    })
    .refine(isEmail, 'Enter an e-mail address like name@example.com');
}

/** Accepts a number or digits. Refuses everything that Number() would read as 0 or 1: '', null, true, []. */
export function typedWhole(
  message: string,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
  tooMuch: string = message,
) {
  return z.preprocess(
    (sent) => (typeof sent === 'string' && /^\s*\d{1,15}\s*$/.test(sent) ? Number(sent) : sent),
    z.int(message).min(least, message).max(most, tooMuch),
  );
}

/** A checkbox, which a form sends as text. */
export function typedBox(message?: string) {
  return z.preprocess(
    (sent) => (sent === 'true' || sent === 'false' ? sent === 'true' : sent),
    z.boolean(message),
  );
}

/** Parses empty text as null. */
export function blankAsNull<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((sent) => (sent === '' ? null : sent), schema.nullable());
}

/** The first error of each field. @param rename of its path */
export function fieldErrors(
  error: z.ZodError,
  rename: (path: string) => string = (path) => path,
): FieldError[] {
  const byPath = new Map<string, string>();
  for (const issue of error.issues) {
    const path = rename(issue.path.join('.'));
    if (!byPath.has(path)) byPath.set(path, issue.message);
  }
  return [...byPath].map(([path, message]) => ({ path, message }));
}

// Parses text that people type about an examination: tidies it, checks it, and says what to do when it is refused.
// Strict for new input, lenient for what is in Acuity already.
import { z } from 'zod';
import { dayIn } from '../lib/dates.ts';
import { readTypedDay } from '../lib/typed-day.ts';
import { isEmail, longestEmail, tidyEmail } from '../lib/typed-email.ts';
import { nameFault } from '../lib/typed-name.ts';
import { hasInvisible, tidyLine, tidyProse } from '../lib/typed-text.ts';
import { agencyZone } from '../lib/zones.ts';
import { readPhone } from './booking.phone.ts';

export function text(what: string) {
  return z.string({
    error: ({ input }) => (input === undefined ? `Enter ${what}` : `Enter ${what} as one piece of text`),
  });
}

/** Parses an empty box as null. */
export function optional<Output>(schema: z.ZodType<Output, string>) {
  return z
    .preprocess(
      (value) => (typeof value === 'string' && tidyProse(value) === '' ? null : value),
      schema.nullish(),
    )
    .transform((value) => value ?? null);
}

/** Accepts names as identity cards have them: `Ali s/o Rahman`, `Siti binti A/L`, `Jennifer 8.`. */
export function nameSchema(what: string) {
  return text(`the examinee’s ${what}`)
    .transform(tidyLine)
    .superRefine((value, ctx) => {
      const message = value === '' ? `Enter the examinee’s ${what}` : whyNotAName(value, what);
      if (message) ctx.addIssue({ code: 'custom', message });
    });
}

/** A name that some people do not have: '' then. */
export function optionalNameSchema(what: string) {
  return text(`the examinee’s ${what}`)
    .transform(tidyLine)
    .superRefine((value, ctx) => {
      const message = value === '' ? null : whyNotAName(value, what);
      if (message) ctx.addIssue({ code: 'custom', message });
    });
}

function whyNotAName(value: string, what: string): string | null {
  const What = what.charAt(0).toUpperCase() + what.slice(1);
  if (value.length > 100) return `${What} must be 100 characters or fewer`;
  switch (nameFault(value)) {
    case 'invisible':
      return `${What} has invisible characters in it: type it instead of pasting it`;
    case 'emoji':
      return `${What} cannot have emoji in it: use letters, as on an identity card`;
    case 'brackets':
      return `${What} cannot have < or > in it`;
    case 'only_marks':
      return `${What} must have letters in it`;
    case null:
      break;
  }
  return null;
}

export const phoneSchema = text('the examinee’s phone number').transform((value, ctx) => {
  const phone = readPhone(value);
  if (phone) return phone;
  const message =
    tidyLine(value) === ''
      ? 'Enter the examinee’s phone number'
      : 'Enter one phone number that can be called, like 0412 345 678, or +64 21 123 456 for one outside Australia';
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
});

export const emailSchema = text('an e-mail address')
  .transform(tidyEmail)
  .superRefine((value, ctx) => {
    const message =
      value.length > longestEmail
        ? `The e-mail address must be ${longestEmail} characters or fewer`
        : 'Enter an e-mail address in the right form, like name@example.com';
    if (!isEmail(value)) ctx.addIssue({ code: 'custom', message });
  });

export const dateOfBirthSchema = text('the date of birth').transform((value, ctx) => {
  const typed = readTypedDay(value);
  const message =
    typed.kind === 'unreadable'
      ? 'Enter a real date of birth, with the day before the month, like 27/3/1984 or 27 March 1984'
      : typed.kind === 'short_year'
        ? 'Enter the year of birth in four digits, like 1984'
        : whyNotBornOn(typed.day);
  if (typed.kind === 'day' && !message) return typed.day;
  ctx.addIssue({ code: 'custom', message: message ?? '' });
  return z.NEVER;
});

/** Schemas are constants and have no clock port. */
export function isBeforeToday(day: string): boolean {
  return day < dayIn(new Date(), agencyZone);
}

function whyNotBornOn(day: string): string | null {
  if (!isBeforeToday(day)) return 'The date of birth must be in the past';
  return day < '1900' ? 'The date of birth must be after 1900' : null;
}

/** Several lines of prose: normalises line ends to `\n` and refuses other control characters. */
export function proseSchema(what: string, maxLength: number) {
  return text(what)
    .transform(tidyProse)
    .superRefine((value, ctx) => {
      if (value.length > maxLength) {
        ctx.addIssue({
          code: 'custom',
          message: `Must be ${maxLength} characters or fewer: it has ${value.length}`,
        });
      }
      if (hasInvisible(value, 'prose')) {
        ctx.addIssue({
          code: 'custom',
          message: 'Has invisible characters in it: type it instead of pasting it',
        });
      }
    });
}

/** Notes that were not given become ''. */
export const notesSchema = proseSchema('the notes', 2000)
  .nullish()
  .transform((value) => value ?? '');

/** One line of at most `maxLength` characters. */
export function lineSchema(what: string, maxLength: number) {
  const What = what.charAt(0).toUpperCase() + what.slice(1);
  return text(what)
    .transform(tidyLine)
    .superRefine((value, ctx) => {
      if (value.length > maxLength)
        ctx.addIssue({ code: 'custom', message: `${What} must be ${maxLength} characters or fewer` });
      if (hasInvisible(value, 'line')) {
        ctx.addIssue({
          code: 'custom',
          message: `${What} has invisible characters in it: type it instead of pasting it`,
        });
      }
    });
}

/** Undefined when it cannot be read as one day on which somebody alive was born. */
export function readDayOfBirth(typed: string): string | undefined {
  const read = readTypedDay(typed);
  return read.kind === 'day' && whyNotBornOn(read.day) === null ? read.day : undefined;
}

/** Whether the text is a way of writing that there is none. */
export function isNone(typed: string): boolean {
  return /^(no|nil|none|not (needed|required|applicable)|n\/?a|-+)\.?$/i.test(typed);
}

/** Null for the ways in which people write that no interpreter is needed. */
export function readLanguage(typed: string): string | null {
  return isNone(typed) ? null : typed;
}

// Parses text that people type about an examination: tidies it, checks it, and says what to do when it is refused.
// Strict for new input, lenient for what is in Acuity already.
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { parseDay } from '../lib/dates.ts';
import { hasInvisible, tidyText } from '../lib/typed-text.ts';

const emoji = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;

/** How a phone number is stored: E.164, with `;ext=` where it has an extension. */
const storedPhone = /^\+[1-9]\d{6,14}(;ext=\d{1,7})?$/;

export function text(what: string) {
  return z.string({
    error: ({ input }) => (input === undefined ? `Enter ${what}` : `Enter ${what} as one piece of text`),
  });
}

/** Parses an empty box as null. */
export function optional<Output>(schema: z.ZodType<Output, string>) {
  return z
    .preprocess(
      (value) => (typeof value === 'string' && value.trim() === '' ? null : value),
      schema.nullish(),
    )
    .transform((value) => value ?? null);
}

/** Accepts names as identity cards have them: `Ali s/o Rahman`, `Siti binti A/L`, `Jennifer 8.`. */
export function nameSchema(what: string) {
  return text(`the examinee’s ${what}`)
    .transform(tidyName)
    .superRefine((value, ctx) => {
      const message = value === '' ? `Enter the examinee’s ${what}` : whyNotAName(value, what);
      if (message) ctx.addIssue({ code: 'custom', message });
    });
}

/** A name that some people do not have: '' then. */
export function optionalNameSchema(what: string) {
  return text(`the examinee’s ${what}`)
    .transform(tidyName)
    .superRefine((value, ctx) => {
      const message = value === '' ? null : whyNotAName(value, what);
      if (message) ctx.addIssue({ code: 'custom', message });
    });
}

function tidyName(value: string): string {
  return tidyText(value).replaceAll(/ {2,}/g, ' ');
}

function whyNotAName(value: string, what: string): string | null {
  const What = what.charAt(0).toUpperCase() + what.slice(1);
  if (hasInvisible(value, 'line'))
    return `${What} has invisible characters in it: type it instead of pasting it`;
  if (emoji.test(value)) return `${What} cannot have emoji in it: use letters, as on an identity card`;
  if (value.length > 100) return `${What} must be 100 characters or fewer`;
  if (/[<>]/.test(value)) return `${What} cannot have < or > in it`;
  return /\p{L}/u.test(value) ? null : `${What} must have letters in it`;
}

export const phoneSchema = text('the examinee’s phone number').transform((value, ctx) => {
  const typed = tidyText(value);
  const phone = phoneIn(typed);
  if (phone) return phone;
  const message =
    typed === ''
      ? 'Enter the examinee’s phone number'
      : 'Enter one phone number that can be called, like 0412 345 678, or +64 21 123 456 for one outside Australia';
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/**
 * The phone number in its stored form, or null when the text is not exactly one number. `00` and Australia's `0011`
 * mean the plus of an international number. A longer "extension" is taken for a second number in the same box.
 */
function phoneIn(typed: string): string | null {
  if (typed.length > 60) return null;
  const international = typed.replace(/^\(?(0011|00)\)?[\s-]*(?=[1-9])/, '+');
  const parsed = parsePhoneNumberFromString(international, { defaultCountry: 'AU', extract: false });
  if (!parsed?.isValid()) return null;
  const phone = parsed.ext ? `${parsed.number};ext=${parsed.ext}` : parsed.number;
  return isPhone(phone) ? phone : null;
}

/** False for text that somebody typed in Acuity and that could not be read as a number. */
export function isPhone(stored: string): boolean {
  return storedPhone.test(stored);
}

export const emailSchema = text('an e-mail address')
  .transform((value) => value.trim())
  .pipe(
    z
      .email('Enter an e-mail address in the right form, like name@example.com')
      .max(254, 'The e-mail address must be 254 characters or fewer'),
  );

export const dateOfBirthSchema = text('the date of birth').transform((value, ctx) => {
  const day = calendarDay(value.trim());
  const message = !day
    ? 'Enter a real date of birth as year, month and day, like 1984-03-27'
    : Temporal.PlainDate.compare(day, Temporal.Now.plainDateISO('UTC')) >= 0
      ? 'The date of birth must be in the past'
      : day.year < 1900
        ? 'The date of birth must be after 1900'
        : null;
  if (!message) return day!.toString();
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
});

export function calendarDay(value: string): Temporal.PlainDate | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return null;
  try {
    return Temporal.PlainDate.from(value, { overflow: 'reject' });
  } catch {
    return null;
  }
}

/** Several lines of prose: normalises line ends to `\n` and refuses other control characters. */
export function proseSchema(what: string, maxLength: number) {
  return text(what)
    .transform(tidyText)
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
    .transform(tidyText)
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

/** Text that is no phone number stays as typed, and marks the booking "details needed" (isPhone). */
export function readPhone(typed: string): string {
  return phoneIn(typed) ?? typed;
}

/** Reads `1984-03-27`, `27/03/1984` and `27.3.1984`. Null for anything else: staff look it up in Acuity. */
export function readDay(typed: string): string | null {
  const [, day, month, year] = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/.exec(typed) ?? [];
  const iso = year && month && day ? `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : typed;
  return parseDay(iso) === null ? null : iso;
}

/** Null for the ways in which people write that no interpreter is needed. */
export function readLanguage(typed: string): string | null {
  const isNone = /^(no|nil|none|not (needed|required|applicable)|n\/?a|-+)\.?$/i.test(typed);
  return isNone ? null : typed.slice(0, 60).trim();
}

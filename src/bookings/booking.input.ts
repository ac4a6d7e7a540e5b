// What people and programs may type into a booking. JSON, the pages and the drafts parse with the same schemas;
// each message says what to do.
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { isTimeZone, parseInstant } from '../lib/zones.ts';
import { examinationTypes } from '../specialists/index.ts';
import { uuidPattern } from '../lib/uuid.ts';
import { bookingStatuses, progresses, type BookingRequest } from './booking.ts';

// Everything below U+0020 and U+007F–U+009F, also the marks that turn or hide text.
const controlCharacter = /[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/u;
const controlCharacterInProse = /[\p{Cs}\u202a-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/u;
const emoji = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;
const nameCharacters = /^[\p{L}\p{M} '’ʼ‘.‐-]+$/u;

function text(what: string) {
  return z.string({
    error: ({ input }) => (input === undefined ? `Enter ${what}` : `Enter ${what} as one piece of text`),
  });
}

function tidy(value: string): string {
  return value.normalize('NFC').trim();
}

/** An empty box is an absent answer. */
function optional<Output>(schema: z.ZodType<Output, string>) {
  return z
    .preprocess(
      (value) => (typeof value === 'string' && value.trim() === '' ? null : value),
      schema.nullish(),
    )
    .transform((value) => value ?? null);
}

function name(what: string) {
  return text(`the examinee’s ${what}`)
    .transform((value) => tidy(value).replaceAll(/ {2,}/g, ' '))
    .superRefine((value, ctx) => {
      const message = whyNotAName(value, what);
      if (message) ctx.addIssue({ code: 'custom', message });
    });
}

function whyNotAName(value: string, what: string): string | null {
  const What = what.charAt(0).toUpperCase() + what.slice(1);
  if (value === '') return `Enter the examinee’s ${what}`;
  if (controlCharacter.test(value))
    return `${What} has invisible characters in it: type it instead of pasting it`;
  if (emoji.test(value))
    return `${What} cannot have emoji in it: use letters, spaces, hyphens and apostrophes`;
  if (value.length > 100) return `${What} must be 100 characters or fewer`;
  if (!nameCharacters.test(value) || !/\p{L}/u.test(value)) {
    return `${What} can have letters, spaces, hyphens, apostrophes and full stops only`;
  }
  return null;
}

const phone = text('the examinee’s phone number').transform((value, ctx) => {
  const typed = tidy(value);
  const parsed =
    typed.length <= 40
      ? parsePhoneNumberFromString(typed, { defaultCountry: 'AU', extract: false })
      : undefined;
  if (parsed?.isValid() && !parsed.ext) return parsed.number;
  const message =
    typed === ''
      ? 'Enter the examinee’s phone number'
      : 'Enter a phone number that can be called, like 0412 345 678, or +64 21 123 456 for one outside Australia';
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const email = text('an e-mail address')
  .transform((value) => value.trim())
  .pipe(
    z
      .email('Enter an e-mail address in the right form, like name@example.com')
      .max(254, 'The e-mail address must be 254 characters or fewer'),
  );

const dateOfBirth = text('the date of birth').transform((value, ctx) => {
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

function calendarDay(value: string): Temporal.PlainDate | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return null;
  try {
    return Temporal.PlainDate.from(value, { overflow: 'reject' });
  } catch {
    return null;
  }
}

/** Several lines of prose: line ends are made `\n`; other control characters are refused. */
export function proseSchema(what: string, maxLength: number) {
  return text(what)
    .transform((value) => tidy(value.replaceAll(/\r\n?/g, '\n')))
    .superRefine((value, ctx) => {
      if (value.length > maxLength) {
        ctx.addIssue({
          code: 'custom',
          message: `Must be ${maxLength} characters or fewer: it has ${value.length}`,
        });
      }
      if (controlCharacterInProse.test(value)) {
        ctx.addIssue({
          code: 'custom',
          message: 'Has invisible characters in it: type it instead of pasting it',
        });
      }
    });
}

/** Usable field by field: `examineeSchema.shape.phone`. Empty optional fields become null; phone becomes E.164. */
export const examineeSchema = z.object(
  {
    firstName: name('first name'),
    lastName: name('last name'),
    phone,
    email: optional(email),
    dateOfBirth: optional(dateOfBirth),
  },
  'Enter the examinee’s details',
);

export const claimNumberSchema = optional(
  text('the claim number')
    .transform(tidy)
    .superRefine((value, ctx) => {
      if (value.length > 60)
        ctx.addIssue({ code: 'custom', message: 'The claim number must be 60 characters or fewer' });
      if (controlCharacter.test(value)) {
        ctx.addIssue({
          code: 'custom',
          message: 'The claim number has invisible characters in it: type it instead of pasting it',
        });
      }
    }),
);

/** Absent notes are ''. */
export const notesSchema = proseSchema('the notes', 2000)
  .nullish()
  .transform((value) => value ?? '');

export const startsAtSchema = text('the time of the examination').transform((value, ctx) => {
  const instant = parseInstant(value.trim());
  if (instant) return instant;
  ctx.addIssue({
    code: 'custom',
    message: 'Give the time with its offset from UTC, like 2026-12-01T09:00:00+10:00',
  });
  return z.NEVER;
});

export const timezoneSchema = text('a time zone').refine(
  isTimeZone,
  'Give a time zone by its IANA name, like Australia/Sydney',
);

/** Any UUID in canonical form, made lower-case: what is none is not even looked up. */
export const idSchema = z.string().regex(new RegExp(uuidPattern, 'i'), 'Not an id').toLowerCase();

export const idempotencyKeySchema = z
  .string('Send one Idempotency-Key')
  .regex(/^[\x20-\x7e]{1,200}$/, 'An Idempotency-Key is 1 to 200 printable characters')
  .refine((key) => key.trim() !== '', 'An Idempotency-Key is 1 to 200 printable characters');

const answerSchema = z.object({
  fieldId: z
    .number('Give the field’s number')
    .int('Give the field’s number')
    .positive('Give the field’s number'),
  value: proseSchema('the answer', 2000),
});

/** The body of POST /bookings. */
export const bookingRequestSchema = z.object(
  {
    specialistId: text('a specialist').pipe(idSchema),
    type: z.enum(examinationTypes, 'Choose in_person or telehealth'),
    startsAt: startsAtSchema,
    timezone: optional(timezoneSchema),
    examinee: examineeSchema,
    claimNumber: claimNumberSchema,
    notes: notesSchema,
    answers: z
      .array(answerSchema, 'Give the answers as a list')
      .max(50, 'Give 50 answers or fewer')
      .nullish()
      .transform((value) => value ?? []),
  },
  'Send a JSON object',
) satisfies z.ZodType<BookingRequest>;

export const rescheduleRequestSchema = z.object({ startsAt: startsAtSchema }, 'Send a JSON object');

/** The reason stays with us and with the specialist's calendar. */
export const cancelRequestSchema = z.preprocess(
  (body) => body ?? {},
  z.object(
    {
      reason: optional(proseSchema('the reason', 500)),
    },
    'Send a JSON object',
  ),
);

/** Query parameters come as text; an empty one is an absent one. */
function parameter<Output>(schema: z.ZodType<Output, string>) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
}

const daySchema = z
  .string('Give one day, like 2026-12-01')
  .refine((value) => calendarDay(value) !== null, 'Give a day of the calendar, like 2026-12-01');

/** The query of GET /bookings. */
export const bookingListQuerySchema = z.object({
  status: parameter(z.enum(bookingStatuses, `Choose one of ${bookingStatuses.join(', ')}`)),
  progress: parameter(z.enum(progresses, `Choose one of ${progresses.join(', ')}`)),
  specialistId: parameter(idSchema),
  q: parameter(z.string('Give one text to look for').max(200, 'Look for 200 characters or fewer')),
  from: parameter(daySchema),
  to: parameter(daySchema),
  view: parameter(z.enum(['list', 'calendar'], 'Choose list or calendar')),
  cursor: parameter(z.string('Give one cursor').max(200, 'This is no cursor of ours')),
  limit: parameter(
    z
      .string('Give one number')
      .regex(/^([1-9]\d?|100)$/, 'Give a number from 1 to 100')
      .transform(Number),
  ).transform((value) => value ?? 20),
});

/** The body of POST /bookings/:id/progress. */
export const progressRequestSchema = z.object(
  {
    progress: z.enum(progresses, `Choose one of ${progresses.join(', ')}`),
    notes: notesSchema,
  },
  'Send a JSON object',
);

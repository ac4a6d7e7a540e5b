// Schemas for what people and programs may send about a booking. JSON, pages and drafts parse with the same ones; each
// message says what to do.
import { z } from 'zod';
import { parseDay } from '../lib/dates.ts';
import { tidyLine } from '../lib/typed-text.ts';
import { uuidPattern } from '../lib/uuid.ts';
import { isTimeZone, parseInstant } from '../lib/zones.ts';
import { examinationTypes } from '../specialists/index.ts';
import { caseShape, examineeShape, filterShape } from './booking.details.ts';
import { notesSchema, optional, proseSchema, text } from './booking.text.ts';
import { bookingStatuses, progresses, type BookingRequest } from './booking.ts';

// When both names are empty, asks for both: the first name may be empty only if there is a last name.
export const needsAName = {
  path: ['firstName'],
  message: 'Enter the examinee’s first name',
  // Runs also when another field is wrong, so that all errors are shown at once.
  when: ({ value }: { value: unknown }) =>
    typeof value === 'object' &&
    value !== null &&
    'firstName' in value &&
    typeof value.firstName === 'string',
};

export function hasAName(given: { firstName?: unknown; lastName?: unknown }): boolean {
  return [given.firstName, given.lastName].some((name) => typeof name === 'string' && tidyLine(name) !== '');
}

/** Usable for single fields: `examineeSchema.shape.phone`. Empty optional fields become null; phone becomes E.164. */
export const examineeSchema = z
  .object(examineeShape('schema'), 'Enter the examinee’s details')
  .refine(hasAName, needsAName);

/** Each detail under its own name, as in forms. */
export const flatDetailsSchema = z
  .object({ ...examineeShape('schema'), ...caseShape('schema') })
  .refine(hasAName, needsAName);

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

/** Any UUID in canonical form, made lower-case. Other text never reaches the database. */
export const idSchema = z.string().regex(new RegExp(uuidPattern, 'i'), 'Not an id').toLowerCase();

export const idempotencyKeySchema = z
  .string('Send one Idempotency-Key')
  .regex(/^[\x20-\x7e]{1,200}$/, 'An Idempotency-Key is 1 to 200 printable characters')
  .refine((key) => key.trim() !== '', 'An Idempotency-Key is 1 to 200 printable characters');

const answerSchema = z.object(
  {
    fieldId: z
      .number('Give the field’s number')
      .int('Give the field’s number')
      .positive('Give the field’s number'),
    // What is valid depends on the question: readAnswers reports errors under the field's number.
    value: z.unknown().meta({
      anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
      description:
        'Text; yes or no; for a checkboxlist the chosen options; for a file a web address or “later”',
    }),
  },
  'Give each answer as an object with fieldId and value',
);

/** The body of POST /bookings. */
export const bookingRequestSchema = z.object(
  {
    specialistId: text('a specialist').pipe(idSchema),
    type: z.enum(examinationTypes, 'Choose in_person or telehealth'),
    startsAt: startsAtSchema,
    timezone: optional(timezoneSchema),
    examinee: examineeSchema,
    ...caseShape('schema'),
    answers: z
      .array(answerSchema, 'Give the answers as a list')
      .max(200, 'Give 200 answers or fewer')
      .nullish()
      .transform((value) => value ?? []),
  },
  'Send a JSON object',
) satisfies z.ZodType<BookingRequest>;

export const rescheduleRequestSchema = z.object({ startsAt: startsAtSchema }, 'Send a JSON object');

/** The reason is kept here and sent to the specialist's calendar only. */
export const cancelRequestSchema = z.preprocess(
  (body) => body ?? {},
  z.object(
    {
      reason: optional(proseSchema('the reason', 500)),
    },
    'Send a JSON object',
  ),
);

/** Query parameters are text; a blank one counts as absent. */
function parameter<Output>(schema: z.ZodType<Output, string>) {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() === '' ? undefined : value),
    schema.optional(),
  );
}

const daySchema = z
  .string('Give one day, like 2026-12-01')
  .refine((value) => parseDay(value) !== null, 'Give a day of the calendar, like 2026-12-01');

/** Page size of the list when the query names no limit. */
export const defaultPageSize = 20;

/** How the page shows the list; programs get the same rows in each. `calendar` is the month. */
export const listViews = ['list', 'agenda', 'day', 'week', 'calendar'] as const;
export type ListView = (typeof listViews)[number];

/** The query of GET /bookings. http/forms/booking-filter.ts adds what only the page has. */
export const bookingListQuerySchema = z.object({
  status: parameter(z.enum(bookingStatuses, `Choose one of ${bookingStatuses.join(', ')}`)),
  progress: parameter(z.enum(progresses, `Choose one of ${progresses.join(', ')}`)),
  specialistId: parameter(idSchema),
  q: parameter(z.string('Give one text to look for').max(200, 'Look for 200 characters or fewer')),
  ...filterShape(parameter(z.enum(['yes', 'no'], 'Choose yes or no'))),
  from: parameter(daySchema),
  to: parameter(daySchema),
  view: parameter(z.enum(listViews, `Choose one of ${listViews.join(', ')}`)),
  cursor: parameter(z.string('Give one cursor').max(200, 'Unknown cursor')),
  limit: parameter(
    z
      .string('Give one number')
      .regex(/^([1-9]\d?|100)$/, 'Give a number from 1 to 100')
      .transform(Number),
  ).transform((value) => value ?? defaultPageSize),
});

/** The body of POST /bookings/:id/progress. */
export const progressRequestSchema = z.object(
  {
    progress: z.enum(progresses, `Choose one of ${progresses.join(', ')}`),
    notes: notesSchema,
  },
  'Send a JSON object',
);

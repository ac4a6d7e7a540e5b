// Bookings and attempts in JSON. The OpenAPI document is made from these schemas.
import { z } from 'zod';
import {
  bookingStatuses,
  caseShape,
  contactRoles,
  examineeShape,
  progresses,
  type Contact,
} from '../../bookings/index.ts';
import type { Answer } from '../../questions/index.ts';
import { examinationTypes } from '../../specialists/index.ts';
import { problemSchema } from './problem.schema.ts';

const instant = z.iso.datetime().describe('ISO 8601, UTC');
const person = z.object({ id: z.uuid(), name: z.string() });

export const bookingSchema = z.object({
  id: z.uuid(),
  reference: z.string(),
  acuityAppointmentId: z.int(),
  specialist: person.extend({ specialty: z.string() }),
  organization: person.nullable(),
  createdBy: person.nullable().describe('The referrer it belongs to'),
  createdFor: person.nullable().describe('The admin who made it while acting as that referrer'),
  detailsNeeded: z.boolean(),
  examinee: z.object(examineeShape('json')),
  ...caseShape('json'),
  startsAt: instant,
  durationMinutes: z.int(),
  timezone: z.string().describe('The examination’s own zone (IANA)'),
  type: z.enum(examinationTypes),
  location: z.string().nullable(),
  meetingLink: z.string().nullable(),
  status: z.enum(bookingStatuses),
  currentProgress: z.enum(progresses),
  source: z.enum(['portal', 'acuity_direct']),
  version: z.int(),
  createdAt: instant,
  updatedAt: instant,
});

export const progressSchema = z.object({
  id: z.uuid(),
  progress: z.enum(progresses),
  changedBy: person.nullable(),
  changedFor: person.nullable(),
  source: z.enum(['portal', 'acuity', 'reconciliation', 'import']),
  notes: z.string(),
  moved: z.object({ from: instant, to: instant }).nullable().describe('The examination got a new time'),
  createdAt: instant,
});

export const contactSchema = z.object({
  user: person,
  role: z.enum(contactRoles).describe('Which messages the contact receives; the booker receives all of them'),
});

export function contactJson({ userId, name, role }: Contact): z.output<typeof contactSchema> {
  return { user: { id: userId, name }, role };
}

export const slotTakenSchema = problemSchema.extend({
  startsAt: instant.optional().describe('The time that clashes'),
  nearest: z
    .array(z.object({ startsAt: instant, durationMinutes: z.int() }))
    .optional()
    .describe('Up to three free times near it'),
});

export const pendingSchema = problemSchema.extend({
  code: z.literal('outcome_pending'),
  attempt: z.object({ id: z.uuid(), url: z.string() }),
});

/** The answer to one of Acuity's questions, with the question as it was asked. */
export const answerSchema = z.object({
  fieldId: z.int(),
  form: z.string(),
  label: z.string(),
  value: z.union([z.string(), z.array(z.string())]),
});

export function answerJson({ fieldId, form, label, value }: Answer): z.output<typeof answerSchema> {
  return { fieldId, form, label, value };
}

export const attemptSchema = z.object({
  state: z.enum(['open', 'completed', 'failed']),
  booking: bookingSchema.optional(),
  failure: z
    .object({
      reason: z.string(),
      errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    })
    .optional()
    .describe('errors: what to answer before booking again'),
});

// Converts between Acuity's JSON and our types. Replies before a change are parsed strictly; replies to a change
// leniently, so that no appointment is lost because of a missing field.
import { z } from 'zod';
import { offsetMinutes } from '../../lib/dates.ts';
import { acuityFieldTypes, type AcuityForm, type Appointment } from '../../ports/acuity.ts';

/**
 * Acuity's format, `2026-12-01T10:00:00+1100`. Always with an offset: without one Acuity assumes the account's zone.
 */
export function formatDatetime(instant: Date, zone: string): string {
  const minutes = offsetMinutes(instant, zone);
  const wall = new Date(instant.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const size = Math.abs(minutes);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${wall}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/** Reads an instant from `…±HHMM`, `…±HH:MM` or `…Z`; null for anything else, also for a time without an offset. */
export function parseDatetime(text: string): Date | null {
  const shape = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?:(Z)|([+-]\d{2}):?(\d{2}))$/;
  const [, day, time, utc, hours, minutes] = shape.exec(text.trim()) ?? [];
  if (!day || !time) return null;
  const instant = new Date(`${day}T${time}${utc ?? `${hours}:${minutes}`}`);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

const instant = z.string().transform((text, context) => {
  const parsed = parseDatetime(text);
  if (parsed) return parsed;
  context.addIssue({ code: 'custom', message: 'is not a time with an offset' });
  return z.NEVER;
});

export const availableDatesReply = z.array(z.object({ date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/) }));

export const availableTimesReply = z.array(
  z.object({ time: instant, slotsAvailable: z.number().optional() }),
);

const id = z.coerce.number().int().positive();
/** A malformed value counts as absent. */
const text = z.coerce
  .string()
  .trim()
  .transform((value) => value || null)
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);
const flag = z.boolean().nullish().catch(null);

const appointmentReply = z.object({
  id,
  datetime: instant.nullish().catch(null),
  datetimeCreated: instant.nullish().catch(null),
  appointmentTypeID: id.nullish().catch(null),
  calendarID: id.nullish().catch(null),
  // A string here, a number in appointment types.
  duration: z.coerce.number().positive().nullish().catch(null),
  calendarTimezone: text,
  canceled: flag,
  noShow: flag,
  firstName: text,
  lastName: text,
  email: text,
  phone: text,
  location: text,
  notes: text,
  scheduledBy: text,
  forms: z
    .array(
      z.object({
        values: z
          .array(z.object({ fieldID: id.nullish().catch(null), value: text }))
          .nullish()
          .catch(null),
      }),
    )
    .nullish()
    .catch(null),
});

type AppointmentReply = z.output<typeof appointmentReply>;

/** What the request says already, used where the reply lacks it. */
export type KnownFacts = Partial<
  Pick<Appointment, 'startsAt' | 'appointmentTypeId' | 'calendarId' | 'canceled'>
> & {
  client?: Appointment['client'];
  answers?: ReadonlyMap<number, string>;
};

export type ReadAppointment =
  | { kind: 'complete'; appointment: Appointment }
  /** The reply has an id, but lacks or garbles a field that we need. */
  | { kind: 'incomplete'; id: number; reply: AppointmentReply }
  | { kind: 'unreadable' };

export function readAppointment(json: unknown, known: KnownFacts = {}): ReadAppointment {
  const parsed = appointmentReply.safeParse(json);
  if (!parsed.success) return { kind: 'unreadable' };
  const reply = parsed.data;
  const isComplete = reply.datetime && reply.appointmentTypeID && reply.calendarID && reply.duration;
  const appointment = isComplete ? asAppointment(reply, known) : null;
  return appointment ? { kind: 'complete', appointment } : { kind: 'incomplete', id: reply.id, reply };
}

/**
 * Builds an appointment from the reply, and from `known` where the reply lacks a field. Null when neither has time,
 * type and calendar. An unknown duration becomes 0.
 */
export function asAppointment(reply: AppointmentReply, known: KnownFacts): Appointment | null {
  const startsAt = reply.datetime ?? known.startsAt;
  const appointmentTypeId = reply.appointmentTypeID ?? known.appointmentTypeId;
  const calendarId = reply.calendarID ?? known.calendarId;
  if (!startsAt || !appointmentTypeId || !calendarId) return null;
  const canceled = reply.canceled ?? known.canceled ?? false;
  const answers = reply.forms ? answersOf(reply) : (known.answers ?? new Map<number, string>());
  return {
    id: reply.id,
    appointmentTypeId,
    calendarId,
    startsAt,
    createdAt: reply.datetimeCreated ?? null,
    durationMinutes: reply.duration ?? 0,
    calendarTimezone: reply.calendarTimezone,
    canceled,
    noShow: canceled && reply.noShow === true,
    client: {
      firstName: reply.firstName ?? known.client?.firstName ?? '',
      lastName: reply.lastName ?? known.client?.lastName ?? '',
      email: reply.email ?? known.client?.email ?? null,
      phone: reply.phone ?? known.client?.phone ?? null,
    },
    location: locationIn(reply.location, answers),
    notes: reply.notes,
    scheduledBy: reply.scheduledBy,
    answers,
  };
}

/**
 * Acuity copies an address that the client typed into an intake form into the appointment's location (official help
 * page on locations). That is where the examinee lives, not where the examination takes place.
 */
function locationIn(location: string | null, answers: ReadonlyMap<number, string>): string | null {
  const isAnswer = [...answers.values()].some((answer) => answer.trim() === location?.trim());
  return isAnswer ? null : location;
}

function answersOf(reply: AppointmentReply): ReadonlyMap<number, string> {
  const answers = new Map<number, string>();
  for (const { values } of reply.forms ?? []) {
    for (const { fieldID, value } of values ?? []) {
      // A question can be on two forms; the first one with an answer counts.
      if (fieldID && value && !answers.has(fieldID)) answers.set(fieldID, value);
    }
  }
  return answers;
}

export const errorReply = z.object({
  status_code: z.number().optional(),
  message: z.string(),
  error: z.string(),
});

/** acuity.md 6.15 */
export const webhookReply = z.object({
  id: z.coerce.number().int(),
  event: z.string(),
  target: z.string(),
  status: z.string().default('active'),
});

const textOrNull = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || null);

/** acuity.md 6.13: `/me` */
export const accountReply = z.object({
  id: z.coerce.number().int(),
  name: textOrNull,
  email: textOrNull,
  timezone: textOrNull,
  plan: textOrNull,
});

/** acuity.md 6.12 */
export const calendarsReply = z.array(
  z
    .object({
      id: z.coerce.number().int(),
      name: z.string(),
      location: z.string().nullish(),
      timezone: z.string().min(1),
    })
    .transform(({ location, ...calendar }) => ({ ...calendar, location: location?.trim() || null })),
);

export const appointmentTypesReply = z.array(
  z
    .object({
      id: z.coerce.number().int(),
      name: z.string(),
      active: z.union([z.boolean(), z.stringbool()]).default(true),
      duration: z.coerce.number().int().positive(),
      calendarIDs: z.array(z.coerce.number().int()).default([]),
    })
    .transform(({ calendarIDs, duration, ...type }) => ({
      ...type,
      durationMinutes: duration,
      calendarIds: calendarIDs,
    })),
);

const truthy = z
  .union([z.boolean(), z.stringbool(), z.number().transform((value) => value !== 0)])
  .catch(false);
const ids = z
  .array(z.unknown())
  .catch([])
  .transform((values) => values.flatMap((value) => id.safeParse(value).data ?? []));
/** An array, or one text with an option on each line. */
const options = z
  .union([z.array(z.unknown()), z.string().transform((lines): unknown[] => lines.split(/\r?\n/))])
  .catch([])
  .transform((values) => values.flatMap((value) => text.parse(value) ?? []));

const fieldReply = z.object({
  id,
  name: text.transform((name) => name ?? ''),
  required: truthy,
  type: z.enum(acuityFieldTypes).catch('textbox'),
  options,
});

const formReply = z.object({
  id,
  name: text.transform((name) => name ?? ''),
  description: text,
  hidden: truthy,
  appointmentTypeIDs: ids,
  fields: z
    .array(z.unknown())
    .catch([])
    .transform((fields) => fields.flatMap((field) => fieldReply.safeParse(field).data ?? [])),
});

/** acuity.md 6.12. A form or field without an id is left out. */
export const formsReply: z.ZodType<AcuityForm[]> = z.array(z.unknown()).transform((forms) =>
  forms.flatMap((form) => {
    const { data } = formReply.safeParse(form);
    if (!data) return [];
    const { hidden, appointmentTypeIDs, ...rest } = data;
    return { ...rest, isInternal: hidden, appointmentTypeIds: appointmentTypeIDs };
  }),
);

import { z } from 'zod';
import {
  addSpecialist,
  editSpecialist,
  freeCalendars,
  readOffer,
  readServices,
  type AcuityOffer,
  type OfferFailure,
  type SpecialistEdit,
  type WantedServices,
} from '../../../specialists/index.ts';
import { findRow, tableNamed } from '../../../console/index.ts';
import type { Failure } from '../../../lib/result.ts';
import { typedLine, typedProse } from '../../../lib/typed-input.ts';
import { notFound, parse, Problem } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';
import {
  changedValues,
  fieldsOf,
  formField,
  ticked,
  type Answer,
  type FormAction,
  type FormField,
} from './form.ts';

/** Accepts a number or digits. Refuses everything that Number() would read as 0 or 1: '', null, true, []. */
const wholeNumber = (message: string, least = 0, most = Number.MAX_SAFE_INTEGER, tooMuch = message) =>
  z.preprocess(
    (sent) => (typeof sent === 'string' && /^\s*\d{1,15}\s*$/.test(sent) ? Number(sent) : sent),
    z.int(message).min(least, message).max(most, tooMuch),
  );

const orNull = <T extends z.ZodType>(schema: T) =>
  z.preprocess((sent) => (sent === '' ? null : sent), schema.nullable());

const tooLong = (longest: number) => `Use at most ${longest.toLocaleString('en-AU')} characters`;
const neededLine = (missing: string) => typedLine(missing).min(2, missing).max(120, tooLong(120));
const optional = (text: ReturnType<typeof typedLine>, longest: number) =>
  text.max(longest, tooLong(longest)).transform((value) => value || null);

const specialistSchema = z.object({
  name: neededLine('Enter a name').meta({ label: 'Name' }),
  title: optional(typedLine(), 40).meta({ label: 'Title (optional)' }),
  specialty: neededLine('Enter a specialty').meta({ label: 'Specialty' }),
  location: optional(typedLine(), 300).meta({
    label: 'Place (empty: telehealth only)',
    hint: 'When the calendar in Acuity has a location, that one is used: change it there.',
  }),
  qualifications: optional(typedLine(), 300).meta({ label: 'Qualifications' }),
  languages: optional(typedLine(), 200).meta({
    label: 'Languages',
    hint: 'Separated by commas: English, Arabic',
  }),
  examines: optional(typedProse(), 2_000).meta({
    label: 'What they examine',
    type: 'textarea',
    hint: 'One kind of injury or question a line.',
  }),
  reportDays: orNull(wholeNumber('Enter 1 to 365 days, or nothing', 1, 365)).meta({
    label: 'Days until the report',
    type: 'text',
    hint: 'From the examination to the report. Shown until five reports of the last year tell it.',
  }),
  position: wholeNumber('Enter a whole number', 0, 10_000, 'Enter at most 10,000').meta({
    label: 'Position in lists',
  }),
  isActive: z
    .unknown()
    .transform(ticked)
    .pipe(z.boolean('Choose whether the specialist takes new bookings'))
    .meta({ label: 'Takes new bookings' }),
});

const typeOptions = (offer: AcuityOffer): FormField['options'] => [
  { value: '', label: 'Not offered' },
  ...offer.types.map((type) => ({
    value: String(type.id),
    label: `${type.name} (${type.durationMinutes} min), on ${calendarsOf(offer, type)}`,
    only: { for: 'calendarId', values: type.calendarIds.map(String) },
  })),
];

/** The names of the calendars that offer the type. */
function calendarsOf({ calendars }: AcuityOffer, { calendarIds }: AcuityOffer['types'][number]): string {
  const names = calendars.filter(({ id }) => calendarIds.includes(id)).map(({ name }) => name);
  return names.join(', ') || 'no calendar';
}

/** The offer with only the types that the calendar has. */
function typesOn({ calendars, types }: AcuityOffer, calendarId: number): AcuityOffer {
  return { calendars, types: types.filter(({ calendarIds }) => calendarIds.includes(calendarId)) };
}

const acuityId = orNull(wholeNumber('Choose one'));
const typeIn = (label: string) =>
  acuityId.meta({ label: `${label}: appointment type in Acuity`, type: 'select' });
const servicesSchema = z.object({ in_person: typeIn('In person'), telehealth: typeIn('Telehealth') });

function serviceFields(offer: AcuityOffer, chosen: WantedServices): FormField[] {
  const select = { options: typeOptions(offer) };
  return fieldsOf(servicesSchema, chosen, { in_person: select, telehealth: select });
}

/** The profile may follow later. */
const addSchema = specialistSchema
  .partial({ qualifications: true, languages: true, examines: true, reportDays: true })
  .extend({ calendarId: wholeNumber('Choose a calendar'), ...servicesSchema.partial().shape });

const blank: SpecialistEdit = {
  name: '',
  title: null,
  specialty: '',
  location: null,
  qualifications: null,
  languages: null,
  examines: null,
  reportDays: null,
  position: 100,
  isActive: true,
};

const add: FormAction = {
  async open({ db, acuity }) {
    const offer = await readOffer({ acuity });
    if (!offer.ok) throw acuityProblem();
    const calendars = await freeCalendars(db, offer.value);
    return {
      intro:
        calendars.length === 0
          ? 'Every calendar in Acuity already has a specialist. Create a calendar in Acuity first.'
          : 'The time zone and the appointment lengths are read from Acuity.',
      version: '',
      fields: [
        formField('calendarId', 'Calendar in Acuity', '', {
          type: 'select',
          options: [
            { value: '', label: 'Choose…' },
            ...calendars.map(({ id, name, location, timezone }) => ({
              value: String(id),
              label: `${name} (${timezone})`,
              fills: { name, ...(location !== null && { location }) },
            })),
          ],
        }),
        ...fieldsOf(specialistSchema, blank),
        ...serviceFields(offer.value, { in_person: null, telehealth: null }),
      ],
    };
  },
  notice: 'Added. Free times can be booked now',
  async send(services, actor, _id, { values }) {
    const { in_person = null, telehealth = null, ...edit } = parse(addSchema, values);
    const offered = { in_person, telehealth };
    return answerOf(await addSpecialist(services, actor, { ...blank, ...edit, services: offered }));
  },
};

async function specialistOf({ db }: ConsoleServices, id: string) {
  const row = await findRow(db, tableNamed('specialists'), id);
  if (!row) throw notFound();
  const edit = Object.fromEntries(Object.keys(blank).map((name) => [name, row[name]]));
  return {
    edit: edit as unknown as SpecialistEdit,
    calendarId: row.acuityCalendarId as number,
    updatedAt: row.updatedAt as Date,
  };
}

/** Without Acuity all but the services can be changed. */
const changeSpecialist: FormAction = {
  async open(services, id) {
    const { updatedAt, calendarId, edit } = await specialistOf(services, id);
    const offer = await readOffer(services);
    const intro = 'The calendar and its time zone come from Acuity.';
    return {
      intro: offer.ok ? intro : `${intro} It cannot be reached now: change what can be booked later.`,
      version: updatedAt.toISOString(),
      isPartial: true,
      fields: [
        ...fieldsOf(specialistSchema, edit),
        ...(offer.ok
          ? serviceFields(typesOn(offer.value, calendarId), await readServices(services.db, id))
          : []),
      ],
    };
  },
  async send(services, actor, id, { version, values }) {
    const { edit: now, updatedAt } = await specialistOf(services, id);
    const seen = new Date(version);
    const isStale = updatedAt.getTime() !== seen.getTime();
    const edit = isStale
      ? {}
      : parse(specialistSchema.partial(), changedValues(fieldsOf(specialistSchema, now), values));
    const before = await readServices(services.db, id);
    const wanted = { ...before, ...parse(servicesSchema.partial(), values) };
    const edited = await editSpecialist(services, actor, id, seen, { ...now, ...edit, services: wanted });
    return answerOf(edited);
  },
};

/** @throws Problem */
function answerOf(done: { ok: true } | Failure<OfferFailure | { reason: 'stale' }>): Answer {
  if (done.ok || done.reason !== 'acuity') return done;
  throw acuityProblem();
}

const acuityProblem = (): Problem =>
  new Problem(
    'acuity_unavailable',
    'We can’t reach Acuity right now. Its calendars and appointment types are needed here. Try again in a moment.',
    { headers: { 'Retry-After': '10' } },
  );

export const specialistForms = {
  'specialists/edit': changeSpecialist,
  'specialists/new': add,
};

import { z } from 'zod';
import {
  addSpecialist,
  editSpecialist,
  freeCalendars,
  readOffer,
  readServices,
  type AcuityOffer,
  type ExaminationType,
  type OfferFailure,
  type SpecialistEdit,
  type WantedServices,
} from '../../../specialists/index.ts';
import { findRow, tableNamed } from '../../../console/index.ts';
import type { Failure } from '../../../lib/result.ts';
import { typedLine, typedProse } from '../../../lib/typed-input.ts';
import { notFound, parse, Problem } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';
import { changedValues, formField, ticked, type Answer, type FormAction, type FormField } from './form.ts';

/** Accepts a number or digits. Refuses everything that Number() would read as 0 or 1: '', null, true, []. */
const wholeNumber = (message: string) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .trim()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ],
      message,
    )
    .pipe(z.int(message).nonnegative(message));

const optionalLine = (longest: number) =>
  typedLine()
    .max(longest, `Use at most ${longest} characters`)
    .transform((value) => value || null);

const specialistSchema = z.object({
  name: typedLine('Enter a name').min(2, 'Enter a name').max(120, 'Use at most 120 characters'),
  title: optionalLine(40),
  specialty: typedLine('Enter a specialty')
    .min(2, 'Enter a specialty')
    .max(120, 'Use at most 120 characters'),
  location: optionalLine(300),
  qualifications: optionalLine(300),
  languages: optionalLine(200),
  examines: typedProse()
    .max(2_000, 'Use at most 2,000 characters')
    .transform((value) => value || null),
  reportDays: z.union(
    [
      z.literal('').transform(() => null),
      z.null(),
      wholeNumber('Enter a whole number of days').pipe(z.int().min(1).max(365)),
    ],
    'Enter 1 to 365 days, or nothing',
  ),
  position: wholeNumber('Enter a whole number').pipe(z.int().max(10_000, 'Enter at most 10,000')),
  isActive: z.unknown().transform(ticked).pipe(z.boolean('Choose whether the specialist takes new bookings')),
});

const specialistFields = (edit: SpecialistEdit): FormField[] => [
  formField('name', 'Name', edit.name),
  formField('title', 'Title (optional)', edit.title),
  formField('specialty', 'Specialty', edit.specialty),
  formField('location', 'Place (empty: telehealth only)', edit.location, {
    hint: 'When the calendar in Acuity has a location, that one is used: change it there.',
  }),
  formField('qualifications', 'Qualifications', edit.qualifications),
  formField('languages', 'Languages', edit.languages, { hint: 'Separated by commas: English, Arabic' }),
  formField('examines', 'What they examine', edit.examines, {
    type: 'textarea',
    hint: 'One kind of injury or question a line.',
  }),
  formField('reportDays', 'Days until the report', edit.reportDays === null ? '' : String(edit.reportDays), {
    hint: 'From the examination to the report. Shown until five reports of the last year tell it.',
  }),
  formField('position', 'Position in lists', edit.position),
  formField('isActive', 'Takes new bookings', edit.isActive),
];

const typeField = (
  name: ExaminationType,
  label: string,
  offer: AcuityOffer,
  chosen: number | null,
): FormField =>
  formField(name, label, chosen === null ? '' : String(chosen), {
    type: 'select',
    options: [
      { value: '', label: 'Not offered' },
      ...offer.types.map((type) => ({
        value: String(type.id),
        label: `${type.name} (${type.durationMinutes} min), on ${calendarsOf(offer, type)}`,
        only: { for: 'calendarId', values: type.calendarIds.map(String) },
      })),
    ],
  });

/** The names of the calendars that offer the type. */
function calendarsOf({ calendars }: AcuityOffer, { calendarIds }: AcuityOffer['types'][number]): string {
  const names = calendars.filter(({ id }) => calendarIds.includes(id)).map(({ name }) => name);
  return names.join(', ') || 'no calendar';
}

/** The offer with only the types that the calendar has. */
function typesOn({ calendars, types }: AcuityOffer, calendarId: number): AcuityOffer {
  return { calendars, types: types.filter(({ calendarIds }) => calendarIds.includes(calendarId)) };
}

const serviceFields = (offer: AcuityOffer, chosen: WantedServices): FormField[] => [
  typeField('in_person', 'In person: appointment type in Acuity', offer, chosen.in_person),
  typeField('telehealth', 'Telehealth: appointment type in Acuity', offer, chosen.telehealth),
];

const acuityId = z.union([z.literal('').transform(() => null), wholeNumber('Choose one')], 'Choose one');
const servicesSchema = z.object({ in_person: acuityId, telehealth: acuityId }).partial();
const calendarSchema = z.object({
  calendarId: wholeNumber('Choose a calendar'),
});

/** The profile may follow later. */
const addSchema = specialistSchema
  .partial({ qualifications: true, languages: true, examines: true, reportDays: true })
  .extend({ ...calendarSchema.shape, ...servicesSchema.shape });

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
        ...specialistFields(blank),
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
        ...specialistFields(edit),
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
      : parse(specialistSchema.partial(), changedValues(specialistFields(now), values));
    const before = await readServices(services.db, id);
    const wanted = { ...before, ...parse(servicesSchema, values) };
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

import type { Request, Response } from 'express';
import { z } from 'zod';
import {
  soonestSlots,
  type AvailabilityFailure,
  type AvailabilityService,
  type CacheState,
  type FreeSlot,
  type NextFreeReader,
  type NextFreeTimes,
} from '../../availability/index.ts';
import type { ReportWait, ReportWaits } from '../../bookings/index.ts';
import { isTimeZone } from '../../lib/dates.ts';
import { remembered } from '../../lib/remembered.ts';
import { type AskedQuestions, type Questions, questionTypes } from '../../questions/index.ts';
import {
  examinationTypes,
  type ExaminationType,
  type Specialist,
  type SpecialistRepository,
} from '../../specialists/index.ts';
import { viewerOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { blankAsAbsent, calendarDay, calendarMonth } from '../forms/fields.ts';
import {
  bySoonest,
  findSpecialists,
  knownFree,
  specialistFilterFields,
  specialistSort,
} from '../forms/specialist-filter.ts';
import { paths } from '../paths.ts';
import {
  acuityError,
  acuityQueueFull,
  acuityRefusesUs,
  acuityUnavailable,
  invalid,
  notFound,
  parse,
  type Problem,
} from '../problem.ts';
import { problem } from './problem.schema.ts';

export interface SpecialistsApiServices {
  specialists: SpecialistRepository;
  reportWaits: ReportWaits;
  availability: AvailabilityService;
  nextFree: NextFreeReader;
  questions: Questions;
}

const type = z.enum(examinationTypes, 'Choose in_person or telehealth');

const listQuery = z.object({
  q: z.string('Give one text').max(200, 'Use at most 200 characters').optional(),
  type: blankAsAbsent(type),
  specialty: specialistFilterFields.specialty,
  location: specialistFilterFields.location.describe('A town, such as Sydney NSW'),
  sort: specialistSort,
});

const firstFreeQuery = listQuery.omit({ sort: true }).extend({
  limit: z.coerce.number('Use a number').int('Use a whole number').min(1).max(50).default(10),
});

const availabilityQuery = z
  .object({
    type,
    date: calendarDay.optional(),
    month: calendarMonth.optional(),
    timezone: z
      .string('Give one time zone')
      .refine(isTimeZone, 'Use an IANA name such as Australia/Sydney')
      .optional(),
  })
  .refine(({ date, month }) => (date === undefined) !== (month === undefined), {
    path: ['date'],
    message: 'Give either a date or a month',
  });

const freeSlotSchema = z.object({
  type,
  startsAt: z.iso.datetime(),
  durationMinutes: z.int(),
  asOf: z.iso.datetime().describe('When Acuity named it. A time is checked again when it is booked.'),
});

const specialistSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  title: z.string().nullable(),
  specialty: z.string(),
  location: z.string().nullable(),
  timezone: z.string(),
  types: z.array(type),
  nextFree: freeSlotSchema
    .nullable()
    .describe('The first free time known, at most an hour old; null: none is known just now'),
});

const profileSchema = specialistSchema.extend({
  qualifications: z.string().nullable(),
  languages: z.array(z.string()),
  examines: z.array(z.string()).describe('Kinds of injuries and questions'),
  reportDays: z
    .int()
    .nullable()
    .describe('From the examination to the report: the median of the last reports, or as an admin typed it'),
  photoUrl: z.string().nullable(),
  cvUrl: z.string().nullable(),
});

const firstFreeSchema = z.object({
  times: z.array(
    freeSlotSchema.extend({ specialist: specialistSchema.omit({ types: true, nextFree: true }) }),
  ),
});

const daySchema = z.object({
  specialistId: z.uuid(),
  type,
  date: z.iso.date(),
  timezone: z.string(),
  slots: z.array(z.object({ startsAt: z.iso.datetime(), durationMinutes: z.int() })),
});

const monthSchema = z.object({
  specialistId: z.uuid(),
  type,
  month: z.string(),
  timezone: z.string(),
  dates: z.array(z.iso.date()),
});

const questionsQuery = z.object({ type });

const questionsSchema = z.object({
  questions: z.array(
    z.object({
      fieldId: z.int(),
      form: z.string(),
      label: z.string(),
      description: z.string().optional().describe('The form’s description'),
      type: z.enum(questionTypes),
      required: z.boolean(),
      options: z.array(z.string()).optional().describe('For dropdown and checkboxlist'),
    }),
  ),
  asOf: z.iso
    .datetime()
    .nullable()
    .describe('Null: Acuity has not been read yet; bookings are accepted without answers'),
});

export function specialistsEndpoints(services: SpecialistsApiServices): Endpoint[] {
  return [
    {
      method: 'get',
      path: paths.specialists(),
      access: 'session',
      summary: 'Specialists who can be booked',
      request: { query: listQuery },
      responses: {
        200: { description: 'Active ones', schema: z.object({ specialists: z.array(specialistSchema) }) },
        401: problem('not_signed_in'),
        422: problem('invalid'),
      },
      async handle(req, res) {
        const { sort, ...filter } = parse(listQuery, req.query);
        const found = await findSpecialists(services, filter);
        const known = await knownFree(services, found, filter.type, personOf(res));
        const sorted = sort === 'soonest' ? bySoonest(found, known) : found;
        res.json({ specialists: sorted.map((one) => present(one, known)) });
      },
    },
    {
      method: 'get',
      path: paths.firstFree(),
      access: 'session',
      summary: 'The soonest free times of all specialists who match',
      request: { query: firstFreeQuery },
      responses: {
        200: {
          description:
            'Soonest first, without a call to Acuity; specialists of whom none is known are missing',
          schema: firstFreeSchema,
        },
        401: problem('not_signed_in'),
        422: problem('invalid'),
      },
      async handle(req, res) {
        const { limit, ...filter } = parse(firstFreeQuery, req.query);
        const found = await findSpecialists(services, filter);
        const soonest = soonestSlots(await knownFree(services, found, filter.type, personOf(res)), limit);
        res.json({ times: soonest.map((slot) => presentSlot(slot, found)) });
      },
    },
    {
      method: 'get',
      path: paths.specialist(':id'),
      access: 'session',
      summary: 'A specialist with their profile',
      responses: {
        200: { description: 'The specialist', schema: z.object({ specialist: profileSchema }) },
        401: problem('not_signed_in'),
        404: problem('not_found: unknown, or no longer active'),
      },
      async handle(req, res) {
        const { id } = (req as Request<{ id: string }>).params;
        const found = await services.specialists.findById(id);
        if (!found?.isActive) throw notFound();
        const known = await knownFree(services, [found], undefined, personOf(res));
        const waits = await services.reportWaits.bySpecialist();
        res.json({ specialist: { ...present(found, known), ...presentProfile(found, waits.get(id)) } });
      },
    },
    {
      method: 'get',
      path: paths.availability(':id'),
      access: 'session',
      summary: 'Free times of one day, or days of one month with a free time',
      request: { query: availabilityQuery },
      responses: {
        200: {
          description:
            'X-Cache is HIT, MISS or STALE; STALE: Acuity does not answer, and the times are up to an hour old',
          schema: z.union([daySchema, monthSchema]),
        },
        401: problem('not_signed_in'),
        404: problem('not_found: unknown, or no longer active'),
        422: problem('invalid: also when the specialist does not offer the type'),
        502: problem('acuity_error'),
        503: problem('acuity_unavailable, acuity_queue_full: see Retry-After'),
      },
      handle: (req, res) => showAvailability(services, req as Request<{ id: string }>, res),
    },
    {
      method: 'get',
      path: paths.questions(':id'),
      access: 'session',
      summary: 'Questions to answer in a booking, besides the examinee’s details',
      request: { query: questionsQuery },
      responses: {
        200: {
          description: 'X-Cache is STALE when Acuity cannot be read right now, else HIT',
          schema: questionsSchema,
        },
        401: problem('not_signed_in'),
        404: problem('not_found: unknown, or no longer active'),
        422: problem('invalid: also when the specialist does not offer the type'),
      },
      handle: (req, res) => showQuestions(services, req as Request<{ id: string }>, res),
    },
  ];
}

/** Keeps formatted times, because the same few occur often. Formatting took half as long as the rest of the JSON. */
const isoOf = remembered((ms: number) => new Date(ms).toISOString());

function personOf(res: Response): string | null {
  return viewerOf(res)?.userId ?? null;
}

async function showAvailability(
  { specialists, availability }: SpecialistsApiServices,
  req: Request<{ id: string }>,
  res: Response,
): Promise<void> {
  const query = parse(availabilityQuery, req.query);
  const specialist = await specialists.findById(req.params.id);
  if (!specialist?.isActive) throw notFound();
  const asked = { type: query.type, ...(query.timezone && { timezone: query.timezone }) };
  const subject = { specialistId: specialist.id, type: query.type };

  if (query.date !== undefined) {
    const day = await availability.day(specialist, {
      ...asked,
      date: query.date,
      personId: viewerOf(res)?.userId,
    });
    if (!day.ok) throw problemOf(day);
    const { date, timezone, slots, cache } = day.value;
    const times = slots.map(({ startsAt, durationMinutes }) => ({
      startsAt: isoOf(startsAt.getTime()),
      durationMinutes,
    }));
    answer(res, cache, { ...subject, date, timezone, slots: times });
  } else {
    const month = await availability.month(specialist, { ...asked, month: query.month ?? '' });
    if (!month.ok) throw problemOf(month);
    const { timezone, dates, cache } = month.value;
    answer(res, cache, { ...subject, month: month.value.month, timezone, dates });
  }
}

async function showQuestions(
  { specialists, questions }: SpecialistsApiServices,
  req: Request<{ id: string }>,
  res: Response,
): Promise<void> {
  const query = parse(questionsQuery, req.query);
  const specialist = await specialists.findById(req.params.id);
  if (!specialist?.isActive) throw notFound();
  const service = specialist.services.find((offered) => offered.type === query.type);
  if (!service) throw problemOf({ reason: 'type_not_offered' });
  const asked = await questions.questionsFor(service.acuityAppointmentTypeId);
  answer(res, !asked || asked.isStale ? 'STALE' : 'HIT', presentQuestions(asked));
}

function presentQuestions(asked: AskedQuestions | null): z.output<typeof questionsSchema> {
  const questions = (asked?.forms ?? []).flatMap((form) =>
    form.questions.map(({ fieldId, label, type: kind, required, options }) => ({
      fieldId,
      form: form.name,
      label,
      ...(form.description && { description: form.description }),
      type: kind,
      required,
      ...(options.length > 0 && { options }),
    })),
  );
  return { questions, asOf: asked?.asOf.toISOString() ?? null };
}

function answer(res: Response, cache: CacheState, body: object): void {
  res.set('X-Cache', cache).json(body);
}

function problemOf(why: AvailabilityFailure): Problem {
  switch (why.reason) {
    case 'type_not_offered':
      return invalid([{ path: 'type', message: 'This specialist does not offer that kind of examination' }]);
    case 'acuity_unavailable':
      return acuityUnavailable(why.retryAfterMs);
    case 'acuity_queue_full':
      return acuityQueueFull(why.retryAfterMs);
    case 'acuity_refuses_us':
      return acuityRefusesUs(why.retryAfterMs);
    case 'acuity_error':
      return acuityError();
    default:
      return why satisfies never;
  }
}

function present(specialist: Specialist, known: readonly NextFreeTimes[]): z.output<typeof specialistSchema> {
  const types: ExaminationType[] = specialist.services.map((service) => service.type);
  const own = known.filter(({ specialistId }) => specialistId === specialist.id);
  const [next] = soonestSlots(own, 1);
  return { ...presentBriefly(specialist), types, nextFree: next ? presentTime(next) : null };
}

function presentProfile({ id, profile }: Specialist, wait: ReportWait | undefined) {
  const { qualifications, languages, examines, reportDays, photo, cv } = profile;
  return {
    qualifications,
    languages,
    examines,
    reportDays: wait?.days ?? reportDays,
    photoUrl: photo && paths.specialistFile(id, 'photo'),
    cvUrl: cv && paths.specialistFile(id, 'cv'),
  };
}

function presentBriefly({ id, name, title, specialty, location, timezone }: Specialist) {
  return { id, name, title, specialty, location, timezone };
}

function presentTime({ type: kind, startsAt, durationMinutes, asOf }: FreeSlot) {
  return { type: kind, startsAt: startsAt.toISOString(), durationMinutes, asOf: asOf.toISOString() };
}

function presentSlot(
  slot: FreeSlot,
  found: readonly Specialist[],
): z.output<typeof firstFreeSchema>['times'][number] {
  const specialist = found.find(({ id }) => id === slot.specialistId);
  if (!specialist) throw new Error(`A free time names specialist ${slot.specialistId}, who was not found`);
  return { specialist: presentBriefly(specialist), ...presentTime(slot) };
}

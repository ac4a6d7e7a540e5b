import type { Request, Response } from 'express';
import { z } from 'zod';
import type { AvailabilityFailure, AvailabilityService, CacheState } from '../../availability/index.ts';
import { isTimeZone } from '../../lib/dates.ts';
import { type AskedQuestions, type Questions, questionTypes } from '../../questions/index.ts';
import {
  examinationTypes,
  type ExaminationType,
  type Specialist,
  type SpecialistRepository,
} from '../../specialists/index.ts';
import type { Endpoint } from '../endpoint.ts';
import { blankAsAbsent, calendarDay, calendarMonth } from '../forms/fields.ts';
import { paths } from '../paths.ts';
import {
  acuityError,
  acuityQueueFull,
  acuityUnavailable,
  invalid,
  notFound,
  parse,
  type Problem,
} from '../problem.ts';
import { problem } from './problem.schema.ts';

export interface SpecialistsApiServices {
  specialists: SpecialistRepository;
  availability: AvailabilityService;
  questions: Questions;
}

const type = z.enum(examinationTypes, 'Choose in_person or telehealth');

const listQuery = z.object({
  q: z.string('Give one text').max(200, 'Use at most 200 characters').optional(),
  type: blankAsAbsent(type),
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

const specialistSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  title: z.string().nullable(),
  specialty: z.string(),
  location: z.string().nullable(),
  timezone: z.string(),
  types: z.array(type),
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
        const filter = parse(listQuery, req.query);
        const specialists = await services.specialists.listActive({
          ...(filter.q && { q: filter.q }),
          ...(filter.type && { type: filter.type }),
        });
        res.json({ specialists: specialists.map(present) });
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
    const day = await availability.day(specialist, { ...asked, date: query.date });
    if (!day.ok) throw problemOf(day);
    const { date, timezone, slots, cache } = day.value;
    answer(res, cache, { ...subject, date, timezone, slots });
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
    case 'acuity_error':
      return acuityError();
    default:
      return why satisfies never;
  }
}

function present(specialist: Specialist): z.output<typeof specialistSchema> {
  const { id, name, title, specialty, location, timezone, services } = specialist;
  const types: ExaminationType[] = services.map((service) => service.type);
  return { id, name, title, specialty, location, timezone, types };
}

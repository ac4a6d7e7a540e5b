// The wait-list for programs: what one waits for, and the times that are held.
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Actor } from '../../accounts/index.ts';
import { idSchema, type BookingService } from '../../bookings/index.ts';
import { examinationTypes } from '../../specialists/index.ts';
import {
  holdMinutes,
  type AcceptFailure,
  type JoinFailure,
  type WaitEntry,
  type WaitList,
  type WaitOffer,
} from '../../waiting/index.ts';
import { actorOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { blankAsAbsent, calendarDay } from '../forms/fields.ts';
import { paths } from '../paths.ts';
import { conflict, notFound, parse, type Problem } from '../problem.ts';
import { answer, problemFor } from './bookings.problems.ts';
import { bookingSchema, pendingSchema } from './bookings.schemas.ts';
import { problem } from './problem.schema.ts';

export interface WaitListApiServices {
  waitList: WaitList;
  bookings: BookingService;
}

/** Shared with the page's form. Days are in the specialist's zone. */
export const joinSchema = z.object({
  specialistId: z.string('Choose a specialist').pipe(idSchema),
  type: z.enum(examinationTypes, 'Choose in person or telehealth'),
  before: z.preprocess((day) => day || undefined, calendarDay),
  notBefore: blankAsAbsent(calendarDay),
});

const idParams = z.object({ id: z.uuid() });
const instant = z.iso.datetime();

const wantedSchema = z.object({
  id: z.uuid(),
  bookingId: z.uuid().nullable().describe('Null: on the list before booking'),
  specialist: z.object({ id: z.uuid(), name: z.string(), specialty: z.string(), timezone: z.string() }),
  type: z.enum(examinationTypes),
});

const entrySchema = wantedSchema.extend({
  before: instant.describe('Only earlier times; of a booking, its own time'),
  notBefore: instant.nullable(),
  createdAt: instant,
});

const offerSchema = wantedSchema.extend({
  startsAt: instant,
  durationMinutes: z.int(),
  expiresAt: instant.describe('Until then nobody else is offered this time within Examdesk'),
});

const listSchema = z.object({ entries: z.array(entrySchema), offers: z.array(offerSchema) });
const list = {
  description: 'What you wait for, oldest first, and the times held for you',
  schema: listSchema,
};
const refused = { 401: problem('not_signed_in'), 403: problem('forbidden: referrers only') };

export function waitListEndpoints(services: WaitListApiServices): Endpoint[] {
  const { waitList } = services;
  /** @param act throws Problem when it is refused */
  const change = (
    path: string,
    summary: string,
    act: (actor: Actor, req: Request) => Promise<void>,
  ): Pick<Endpoint, 'method' | 'path' | 'access' | 'summary' | 'handle'> => ({
    method: 'post',
    path,
    access: 'referrer',
    summary,
    async handle(req, res) {
      const actor = actorOf(req, res);
      await act(actor, req);
      res.json(await listOf(waitList, actor));
    },
  });
  return [
    {
      method: 'get',
      path: paths.waitList(),
      access: 'referrer',
      summary: 'Your wait-list',
      responses: { 200: list, ...refused },
      async handle(req, res) {
        res.json(await listOf(waitList, actorOf(req, res)));
      },
    },
    {
      ...change(paths.waitList(), 'Wait for an earlier time before booking; again: change the days', join),
      request: { body: joinSchema },
      responses: {
        200: list,
        ...refused,
        404: problem('not_found: no active specialist who offers this'),
        422: problem('invalid'),
      },
    },
    {
      ...change(paths.bookingWaitList(':id'), 'Wait for an earlier time of a booking', joinForBooking),
      request: { params: idParams },
      responses: {
        200: list,
        ...refused,
        404: problem('not_found'),
        409: problem('invalid_transition: the booking cannot be moved, or is over'),
      },
    },
    {
      ...change(paths.waitListLeave(':id'), 'Leave the wait-list', leave),
      request: { params: idParams },
      responses: { 200: list, ...refused, 404: problem('not_found') },
    },
    {
      ...change(paths.offerDecline(':id'), 'Let an offered time go to the next person', decline),
      request: { params: idParams },
      responses: { 200: list, ...refused, 404: problem('not_found') },
    },
    {
      method: 'post',
      path: paths.offerAccept(':id'),
      access: 'referrer',
      summary: `Accept an offered time within its ${holdMinutes} minutes: moves the booking`,
      request: { params: idParams },
      responses: {
        200: {
          description: 'The moved booking. Null when there is none yet: book the offered time',
          schema: z.object({ booking: bookingSchema.nullable(), offer: offerSchema.nullable() }),
        },
        202: problem('outcome_pending: Location is the attempt’s URL', pendingSchema),
        ...refused,
        404: problem('not_found'),
        409: problem('slot_taken; invalid_transition: the offer has ended, or the booking cannot be moved'),
        422: problem('invalid'),
        502: problem('acuity_error'),
        503: problem('acuity_unavailable: see Retry-After'),
      },
      handle: (req, res) => accept(services, req, res),
    },
  ];

  async function join(actor: Actor, req: Request): Promise<void> {
    const joined = await waitList.join(actor, parse(joinSchema, req.body));
    if (!joined.ok) throw notJoined(joined);
  }

  async function joinForBooking(actor: Actor, req: Request): Promise<void> {
    const joined = await waitList.joinForBooking(actor, idOf(req));
    if (!joined.ok) throw notJoined(joined);
  }

  async function leave(actor: Actor, req: Request): Promise<void> {
    if (!(await waitList.leave(actor, idOf(req)))) throw notFound();
  }

  async function decline(actor: Actor, req: Request): Promise<void> {
    if (!(await waitList.decline(actor, idOf(req)))) throw notFound();
  }
}

function notJoined(failure: JoinFailure): Problem {
  if (failure.reason !== 'not_possible') return problemFor(failure);
  return conflict('invalid_transition', 'This booking cannot be moved to an earlier time.');
}

async function accept(
  { waitList, bookings }: WaitListApiServices,
  req: Request,
  res: Response,
): Promise<void> {
  const actor = actorOf(req, res);
  const accepted = await waitList.accept(actor, idOf(req));
  if (!accepted.ok) return notAccepted(res, accepted);
  if (accepted.value.kind === 'to_book')
    return void res.json({ booking: null, offer: offerJson(accepted.value.offer) });
  const seen = await bookings.view(actor, accepted.value.bookingId, { isOpened: false });
  if (!seen) throw notFound();
  res.json({ booking: seen.booking, offer: null });
}

function notAccepted(res: Response, failure: AcceptFailure): void {
  switch (failure.reason) {
    case 'not_found':
      throw notFound();
    case 'not_moved':
      return answer(res, { ok: false, ...failure.because }, () => undefined);
    case 'taken':
      throw conflict('slot_taken', 'This time has just been taken in the clinic. You stay on the wait-list.');
    case 'lapsed':
      throw conflict(
        'invalid_transition',
        'This offer has ended: its hold is over, or it was declined. You stay on the wait-list.',
      );
  }
}

async function listOf(waitList: WaitList, { viewer }: Actor): Promise<z.input<typeof listSchema>> {
  const { entries, offers } = await waitList.of(viewer);
  return { entries: entries.map(entryJson), offers: offers.map(offerJson) };
}

function wantedJson({ id, booking, specialist, type }: WaitEntry | WaitOffer) {
  return { id, bookingId: booking?.id ?? null, specialist, type };
}

function entryJson(entry: WaitEntry): z.input<typeof entrySchema> {
  return {
    ...wantedJson(entry),
    before: entry.before.toISOString(),
    notBefore: entry.notBefore?.toISOString() ?? null,
    createdAt: entry.createdAt.toISOString(),
  };
}

function offerJson(offer: WaitOffer): z.input<typeof offerSchema> {
  return {
    ...wantedJson(offer),
    startsAt: offer.startsAt.toISOString(),
    durationMinutes: offer.durationMinutes,
    expiresAt: offer.expiresAt.toISOString(),
  };
}

function idOf(req: Request): string {
  return String(req.params.id);
}

import type { Request } from 'express';
import { z } from 'zod';
import type { Actor } from '../../accounts/index.ts';
import type { AttemptService, ChangeFailure } from '../../attempts/index.ts';
import {
  bookingCalendar,
  bookingListQuerySchema,
  bookingRequestSchema,
  cancelRequestSchema,
  contactsRequestSchema,
  idempotencyKeySchema,
  progressRequestSchema,
  rescheduleRequestSchema,
  type Booking,
  type BookingList,
  type BookingService,
} from '../../bookings/index.ts';
import type { DocumentService } from '../../documents/index.ts';
import { parseSender } from '../../lib/mail-sender.ts';
import type { Result } from '../../lib/result.ts';
import { actorOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { paths } from '../paths.ts';
import { invalid, notFound, parse } from '../problem.ts';
import { answer } from './bookings.problems.ts';
import { documentJson, documentSchema } from './documents.api.ts';
import {
  answerJson,
  answerSchema,
  attemptSchema,
  bookingSchema,
  contactJson,
  contactSchema,
  pendingSchema,
  progressSchema,
  slotTakenSchema,
} from './bookings.schemas.ts';
import { problem } from './problem.schema.ts';

export interface BookingApiServices {
  attempts: AttemptService;
  bookings: BookingService;
  bookingList: BookingList;
  documents: DocumentService;
  config: { BASE_URL: string; MAIL_FROM: string };
}

const idParams = z.object({ id: z.uuid() });
const noSession = problem('not_signed_in');
const pending = problem(
  'outcome_pending: Acuity’s answer was lost; Location is the attempt’s URL',
  pendingSchema,
);
const clash = problem('slot_taken (with the nearest free times) and other conflicts', slotTakenSchema);
const acuityAway = {
  502: problem('acuity_error'),
  503: problem('acuity_unavailable, acuity_queue_full: nothing was changed; see Retry-After'),
};

export function bookingEndpoints(services: BookingApiServices): Endpoint[] {
  const { attempts, bookings, bookingList, config } = services;
  return [
    {
      method: 'post',
      path: '/bookings',
      access: 'referrer',
      summary: 'Book an examination',
      request: {
        headers: z.object({ 'idempotency-key': idempotencyKeySchema.optional() }),
        body: bookingRequestSchema,
      },
      responses: {
        201: { description: 'Booked', schema: z.object({ booking: bookingSchema }) },
        202: pending,
        401: noSession,
        403: problem('forbidden'),
        409: clash,
        422: problem('invalid'),
        ...acuityAway,
      },
      async handle(req, res) {
        const key = req.get('idempotency-key');
        const idempotencyKey =
          key === undefined ? null : parse(idempotencyKeySchema, key, { path: 'Idempotency-Key' });
        const request = parse(bookingRequestSchema, req.body);
        const booked = await attempts.book(actorOf(req, res), request, idempotencyKey);
        answer(res, booked, (booking) => {
          res.status(201).location(paths.booking(booking.id)).json({ booking });
        });
      },
    },
    {
      method: 'get',
      path: '/bookings',
      access: 'session',
      summary: 'The bookings that the viewer may see, latest examination first',
      request: { query: bookingListQuerySchema },
      responses: {
        200: {
          description: 'One page',
          schema: z.object({ bookings: z.array(bookingSchema), nextCursor: z.string().nullable() }),
        },
        401: noSession,
        422: problem('invalid'),
      },
      async handle(req, res) {
        const { viewer } = actorOf(req, res);
        const { view: _view, ...query } = parse(bookingListQuerySchema, req.query);
        const page = await bookingList.page(viewer, query);
        if (page === 'bad_cursor') {
          throw invalid([{ path: 'cursor', message: 'Unknown cursor: start at the first page' }]);
        }
        res.json(page);
      },
    },
    {
      method: 'get',
      path: '/bookings/attempts/:id',
      access: 'session',
      summary: 'How an attempt ended when Acuity’s answer was lost',
      request: { params: idParams },
      responses: {
        200: { description: 'The attempt’s state', schema: attemptSchema },
        401: noSession,
        404: problem('not_found'),
      },
      async handle(req, res) {
        const actor = actorOf(req, res);
        const attempt = await attempts.find(actor, idOf(req));
        if (!attempt) throw notFound();
        if (attempt.state === 'open') res.json({ state: 'open' });
        else if (attempt.state === 'failed') res.json({ state: 'failed', failure: attempt.failure });
        else {
          const seen = await bookings.view(actor, attempt.bookingId, { isOpened: false });
          res.json({ state: 'completed', ...(seen && { booking: seen.booking }) });
        }
      },
    },
    {
      method: 'get',
      path: '/bookings/:id',
      access: 'session',
      summary: 'One booking with its history and documents',
      request: { params: idParams },
      responses: {
        200: {
          description: 'The booking',
          schema: z.object({
            booking: bookingSchema,
            progress: z.array(progressSchema),
            answers: z.array(answerSchema),
            documents: z.array(documentSchema),
            contacts: z.array(contactSchema),
          }),
        },
        401: noSession,
        404: problem('not_found'),
      },
      async handle(req, res) {
        const { documents: list } = services.documents.inView;
        const how = { isOpened: false, parts: { documents: list } };
        const seen = await bookings.view(actorOf(req, res), idOf(req), how);
        if (!seen) throw notFound();
        const { booking, progress, answers, contacts, documents } = seen;
        res.json({
          booking,
          progress,
          answers: answers.map(answerJson),
          documents: documents.map(documentJson),
          contacts: contacts.map(contactJson),
        });
      },
    },
    {
      method: 'get',
      path: '/bookings/:id/calendar.ics',
      access: 'session',
      summary: 'The appointment as an iCalendar file',
      request: { params: idParams },
      responses: {
        200: { description: 'An iCalendar file', contentType: 'text/calendar' },
        401: noSession,
        404: problem('not_found'),
      },
      async handle(req, res) {
        const seen = await bookings.view(actorOf(req, res), idOf(req), { isOpened: false });
        if (!seen) throw notFound();
        const url = new URL(paths.booking(seen.booking.id), config.BASE_URL).href;
        const organizer = parseSender(config.MAIL_FROM);
        const { method, fileName, content } = bookingCalendar(seen.booking, url, organizer);
        res.attachment(fileName).type(`text/calendar; method=${method}`).send(content);
      },
    },
    changeEndpoint({
      path: '/bookings/:id/reschedule',
      summary: 'Move an examination to another time',
      done: 'Moved',
      body: rescheduleRequestSchema,
      change: (actor, id, { startsAt }) => attempts.reschedule(actor, id, startsAt),
    }),
    changeEndpoint({
      path: '/bookings/:id/cancel',
      summary: 'Cancel an examination',
      done: 'Cancelled',
      body: cancelRequestSchema,
      change: (actor, id, { reason }) => attempts.cancel(actor, id, reason),
    }),
    {
      method: 'post',
      path: '/bookings/:id/contacts',
      access: 'session',
      summary: 'Set the colleagues who are told about a booking',
      request: { params: idParams, body: contactsRequestSchema },
      responses: {
        200: {
          description: 'All contacts as they are now',
          schema: z.object({ contacts: z.array(contactSchema) }),
        },
        401: noSession,
        404: problem('not_found'),
        422: problem('invalid'),
      },
      async handle(req, res) {
        const { contacts } = parse(contactsRequestSchema, req.body);
        const set = await bookings.setContacts(actorOf(req, res), idOf(req), contacts);
        if (set.ok) res.json({ contacts: set.value.map(contactJson) });
        else throw set.reason === 'invalid' ? invalid(set.errors) : notFound();
      },
    },
    {
      method: 'post',
      path: '/bookings/:id/progress',
      access: 'staff',
      summary: 'Set the progress of a booking by hand',
      request: { params: idParams, body: progressRequestSchema },
      responses: {
        201: { description: 'Recorded', schema: z.object({ progress: progressSchema }) },
        202: pending,
        401: noSession,
        403: problem('forbidden'),
        404: problem('not_found'),
        409: clash,
        422: problem('invalid'),
      },
      async handle(req, res) {
        const { progress, notes } = parse(progressRequestSchema, req.body);
        const moved = await bookings.moveProgress(actorOf(req, res), idOf(req), progress, notes);
        answer(res, moved, (entry) => res.status(201).json({ progress: entry }));
      },
    },
  ];
}

interface Change<Body extends z.ZodType> {
  path: string;
  summary: string;
  done: string;
  body: Body;
  change: (
    actor: Actor,
    bookingId: string,
    request: z.output<Body>,
  ) => Promise<Result<Booking, ChangeFailure>>;
}

/** A change of a booking that Acuity has to confirm. */
function changeEndpoint<Body extends z.ZodType>({
  path,
  summary,
  done,
  body,
  change,
}: Change<Body>): Endpoint {
  return {
    method: 'post',
    path,
    access: 'session',
    summary,
    request: { params: idParams, body },
    responses: {
      200: { description: done, schema: z.object({ booking: bookingSchema }) },
      202: pending,
      401: noSession,
      404: problem('not_found'),
      409: clash,
      422: problem('invalid'),
      ...acuityAway,
    },
    async handle(req, res) {
      const changed = await change(actorOf(req, res), idOf(req), parse(body, req.body));
      answer(res, changed, (booking) => res.json({ booking }));
    },
  };
}

function idOf(req: Request): string {
  return String(req.params.id);
}

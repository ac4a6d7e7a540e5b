import type { Request } from 'express';
import { z } from 'zod';
import type { AttemptService } from '../../attempts/index.ts';
import {
  bookingCalendar,
  bookingListQuerySchema,
  bookingRequestSchema,
  cancelRequestSchema,
  contactsRequestSchema,
  idempotencyKeySchema,
  progressRequestSchema,
  rescheduleRequestSchema,
  type BookingList,
  type BookingService,
} from '../../bookings/index.ts';
import type { DocumentService } from '../../documents/index.ts';
import { actorOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { paths } from '../paths.ts';
import { invalid, notFound, parse } from '../problem.ts';
import { answer } from './bookings.problems.ts';
import { documentJson, documentSchema } from './documents.schemas.ts';
import {
  answerJson,
  answerSchema,
  attemptSchema,
  bookingSchema,
  contactJson,
  contactSchema,
  pendingSchema,
  problemSchema,
  progressSchema,
  slotTakenSchema,
} from './bookings.schemas.ts';

export interface BookingApiServices {
  attempts: AttemptService;
  bookings: BookingService;
  bookingList: BookingList;
  documents: DocumentService;
  config: { BASE_URL: string };
}

const idParams = z.object({ id: z.uuid() });
const problem = (description: string) => ({
  description,
  schema: problemSchema,
  contentType: 'application/problem+json',
});
const noSession = problem('not_signed_in');
const pending = {
  description: 'outcome_pending: Acuity’s answer was lost; Location tells where to look',
  schema: pendingSchema,
  contentType: 'application/problem+json',
};
const clash = {
  description: 'slot_taken (with the nearest free times) and other conflicts',
  schema: slotTakenSchema,
  contentType: 'application/problem+json',
};
const acuityAway = {
  502: problem('acuity_error'),
  503: problem('acuity_unavailable: nothing was changed; see Retry-After'),
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
      summary: 'Bookings one may see, the latest examination first',
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
          throw invalid([{ path: 'cursor', message: 'This is no cursor of ours: start at the first page' }]);
        }
        res.json(page);
      },
    },
    {
      method: 'get',
      path: '/bookings/attempts/:id',
      access: 'session',
      summary: 'How an attempt ended whose answer was lost',
      request: { params: idParams },
      responses: {
        200: { description: 'Where it stands', schema: attemptSchema },
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
          const seen = await bookings.view(actor, attempt.bookingId);
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
        const seen = await bookings.view(actorOf(req, res), idOf(req));
        if (!seen) throw notFound();
        const { booking, progress, answers } = seen;
        const [documents, contacts] = await Promise.all([
          services.documents.list(actorOf(req, res).viewer, booking.id),
          bookings.contactsOf(booking),
        ]);
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
        const seen = await bookings.view(actorOf(req, res), idOf(req));
        if (!seen) throw notFound();
        const url = new URL(paths.booking(seen.booking.id), config.BASE_URL).href;
        const { fileName, content } = bookingCalendar(seen.booking, url);
        res.attachment(fileName).type('text/calendar').send(content);
      },
    },
    {
      method: 'post',
      path: '/bookings/:id/reschedule',
      access: 'session',
      summary: 'Move an examination to another time',
      request: { params: idParams, body: rescheduleRequestSchema },
      responses: {
        200: { description: 'Moved', schema: z.object({ booking: bookingSchema }) },
        202: pending,
        401: noSession,
        404: problem('not_found'),
        409: clash,
        422: problem('invalid'),
        ...acuityAway,
      },
      async handle(req, res) {
        const { startsAt } = parse(rescheduleRequestSchema, req.body);
        const moved = await attempts.reschedule(actorOf(req, res), idOf(req), startsAt);
        answer(res, moved, (booking) => res.json({ booking }));
      },
    },
    {
      method: 'post',
      path: '/bookings/:id/cancel',
      access: 'session',
      summary: 'Cancel an examination',
      request: { params: idParams, body: cancelRequestSchema },
      responses: {
        200: { description: 'Cancelled', schema: z.object({ booking: bookingSchema }) },
        202: pending,
        401: noSession,
        404: problem('not_found'),
        409: clash,
        422: problem('invalid'),
        ...acuityAway,
      },
      async handle(req, res) {
        const { reason } = parse(cancelRequestSchema, req.body);
        const cancelled = await attempts.cancel(actorOf(req, res), idOf(req), reason);
        answer(res, cancelled, (booking) => res.json({ booking }));
      },
    },
    {
      method: 'post',
      path: '/bookings/:id/contacts',
      access: 'session',
      summary: 'Say who is told about a booking beside its booker',
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
      summary: 'Move the work on a booking on, by hand',
      request: { params: idParams, body: progressRequestSchema },
      responses: {
        201: { description: 'Written down', schema: z.object({ progress: progressSchema }) },
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

function idOf(req: Request): string {
  return String(req.params.id);
}

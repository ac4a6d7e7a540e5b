// Messages between the referrers of a booking and staff. Notes of staff are on pages only.
import type { Request } from 'express';
import { z } from 'zod';
import { idempotencyKeySchema, type BookingService } from '../../bookings/index.ts';
import { messageRequestSchema, type BookingMessage, type Messages } from '../../messages/index.ts';
import type { Ids } from '../../ports/ids.ts';
import { actorOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { paths } from '../paths.ts';
import { conflict, notFound, parse, tooManyRequests } from '../problem.ts';
import { closedWords, tooManyWords } from './messages.problems.ts';
import { problem } from './problem.schema.ts';

export interface MessageApiServices {
  bookings: BookingService;
  messages: Messages;
  ids: Ids;
}

const person = z.object({ id: z.uuid(), name: z.string() });
const instant = z.iso.datetime().describe('ISO 8601, UTC');

export const messageSchema = z.object({
  id: z.uuid(),
  text: z.string().describe('Plain text'),
  isFromStaff: z.boolean(),
  createdBy: person.describe('Who wrote it'),
  createdFor: person.nullable().describe('The admin who wrote it while acting as that referrer'),
  createdAt: instant,
  answeredAt: instant.nullable().describe('Of a referrer’s message: since when it needs no answer'),
  readBy: z.array(person).describe('Others who have read it'),
  isUnread: z.boolean().describe('Whether the viewer had not read it before this request'),
});

const idParams = z.object({ id: z.uuid() });
const querySchema = z.object({
  before: z.uuid('Give the id of a message').optional().describe('Only messages older than this one'),
  limit: z.coerce.number('Give a number').int().min(1).max(100).default(50),
});

export function messageEndpoints({ bookings, messages, ids }: MessageApiServices): Endpoint[] {
  return [
    {
      method: 'get',
      path: paths.bookingMessages(':id'),
      access: 'session',
      summary: 'The messages about a booking, the newest or those before one; they become read',
      request: { params: idParams, query: querySchema },
      responses: {
        200: {
          description: 'Oldest first; older: what to give as before for the page before this one',
          schema: z.object({ messages: z.array(messageSchema), older: z.uuid().nullable() }),
        },
        401: problem('not_signed_in'),
        404: problem('not_found'),
        422: problem('invalid'),
      },
      async handle(req, res) {
        const { before, limit } = parse(querySchema, req.query);
        const actor = actorOf(req, res);
        const seen = await bookings.view(actor, idOf(req));
        if (!seen) throw notFound();
        const { booking } = seen;
        const thread = await messages.thread(actor.viewer, booking.id, { limit, ...(before && { before }) });
        await messages.markRead(actor.viewer, booking.id, thread.messages);
        res.json({ messages: thread.messages.map(messageJson), older: thread.older });
      },
    },
    {
      method: 'post',
      path: paths.bookingMessages(':id'),
      access: 'session',
      summary: 'Write a message about a booking',
      request: {
        params: idParams,
        headers: z.object({ 'idempotency-key': idempotencyKeySchema.optional() }),
        body: messageRequestSchema,
      },
      responses: {
        201: { description: 'Sent', schema: z.object({ message: messageSchema }) },
        401: problem('not_signed_in'),
        404: problem('not_found'),
        409: problem('invalid_transition: archived or without a referrer; idempotency_conflict'),
        422: problem('invalid'),
        429: problem('too_many_requests: see Retry-After'),
      },
      async handle(req, res) {
        const actor = actorOf(req, res);
        // Checked before the text is read, so that strangers get the same answer whatever they send.
        if (!(await bookings.changedAt(actor, idOf(req)))) throw notFound();
        const { text } = parse(messageRequestSchema, req.body);
        const key = req.get('idempotency-key');
        const idempotencyKey =
          key === undefined ? ids.uuid() : parse(idempotencyKeySchema, key, { path: 'Idempotency-Key' });
        const sent = await messages.send(actor, idOf(req), { text, idempotencyKey });
        if (sent.ok) return void res.status(201).json({ message: messageJson(sent.value) });
        if (sent.reason === 'not_found') throw notFound();
        if (sent.reason === 'too_many') throw tooManyRequests(sent.retryAfterMs, `${tooManyWords}.`);
        throw sent.reason === 'booking_closed'
          ? conflict('invalid_transition', `${closedWords}.`)
          : conflict('idempotency_conflict', 'This key was used for another message.');
      },
    },
  ];
}

function messageJson(message: BookingMessage) {
  const { id, text, isFromStaff, createdBy, createdFor, createdAt, answeredAt, readBy, isUnread } = message;
  return { id, text, isFromStaff, createdBy, createdFor, createdAt, answeredAt, readBy, isUnread };
}

function idOf(req: Request): string {
  return String(req.params.id);
}

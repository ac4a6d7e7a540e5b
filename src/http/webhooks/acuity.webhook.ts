// Receives events from Acuity or another automation layer. Requests are signed; the raw bytes are read here, because
// the signature covers them.
import express, { type Request, type Response } from 'express';
import { z } from 'zod';
import type { RequestFacts } from '../../audit/index.ts';
import { eventHeader } from '../../relay/index.ts';
import type { IncomingEvent, Refusal, WebhookService } from '../../webhooks/index.ts';
import { actorOf, requestFacts } from '../actor.ts';
import { problem } from '../api/problem.schema.ts';
import type { Endpoint } from '../endpoint.ts';
import { paths } from '../paths.ts';
import { badRequest, conflict, notFound, Problem, retryAfterSeconds } from '../problem.ts';

const limitBytes = 16 * 1024;
const readRaw = express.raw({ type: () => true, limit: limitBytes, inflate: false });

/** What Acuity sends. Described only: the signature covers the bytes, and what they say is checked after it. */
const acuityEvent = z.object({
  action: z.string(),
  id: z.int(),
  calendarID: z.int().optional(),
  appointmentTypeID: z.int().optional(),
});
const signatures = z.object({
  'x-acuity-signature': z
    .string()
    .optional()
    .describe('base64(HMAC-SHA256(body, ACUITY_API_KEY)): required with a form body'),
});
const standardWebhooks = z.object({
  'webhook-id': z.string().optional().describe('Standard Webhooks: these three are required with JSON'),
  'webhook-timestamp': z.string().optional().describe('Seconds since 1970, at most five minutes ago'),
  'webhook-signature': z.string().optional().describe('Made with one of AUTOMATION_SECRETS'),
});

const refusals = {
  400: problem('`bad_request`: the body is not what its content type says'),
  401: problem('`bad_signature`'),
  413: problem('`too_large`: more than 16 KB'),
  415: problem('`unsupported_type`'),
};

export function webhookEndpoints({ webhooks }: { webhooks: WebhookService }): Endpoint[] {
  return [
    {
      method: 'post',
      path: paths.relay(),
      access: 'anyone',
      summary: 'The relay: stores an event from Acuity, and delivers it later',
      request: { headers: signatures, form: acuityEvent },
      responses: {
        202: { description: 'Stored', schema: z.object({ eventId: z.uuid() }) },
        ...refusals,
      },
      async handle(req, res) {
        const taken = await webhooks.take(await eventOf(req, res), requestFacts(req, res));
        if (!taken.ok) throw refused(taken.refusal);
        res.status(202).json({ eventId: taken.eventId });
      },
    },
    {
      method: 'post',
      path: paths.acuityWebhook(),
      access: 'anyone',
      summary: 'Brings the booking of an appointment in step with Acuity',
      request: { headers: signatures.extend(standardWebhooks.shape), form: acuityEvent, body: acuityEvent },
      responses: {
        200: {
          description: 'Done; `bookingId` when there is a booking',
          schema: z.object({
            outcome: z.enum(['created', 'skipped', 'updated', 'cancelled', 'ignored']),
            bookingId: z.uuid().optional(),
          }),
        },
        ...refusals,
        503: problem('`unavailable`: send it again, after as many seconds as Retry-After says'),
      },
      handle: (req, res) => receive(webhooks, req, res),
    },
    {
      method: 'post',
      path: '/admin/webhooks/:id/replay',
      access: 'admin',
      summary: 'Deliver an event again, whatever became of it',
      request: { params: z.object({ id: z.uuid() }) },
      responses: {
        202: { description: 'It waits to be delivered', schema: z.object({ eventId: z.uuid() }) },
        401: problem('`not_signed_in`'),
        403: problem('`forbidden`'),
        404: problem('`not_found`'),
        409: problem('`invalid_transition`: it was refused, and its bytes were not kept'),
      },
      handle: (req, res) => replay(webhooks, req, res),
    },
  ];
}

async function receive(webhooks: WebhookService, req: Request, res: Response): Promise<void> {
  const event = await eventOf(req, res);
  const request: RequestFacts = requestFacts(req, res);
  const answer = await webhooks.receive(event, request, req.get(eventHeader));
  switch (answer.kind) {
    case 'refused':
      throw refused(answer.refusal);
    case 'retry':
      throw new Problem('unavailable', 'The event cannot be processed right now. Send it again.', {
        headers: { 'Retry-After': retryAfterSeconds(answer.retryAfterMs) },
      });
    case 'done':
      res.json({ outcome: answer.outcome, ...(answer.bookingId && { bookingId: answer.bookingId }) });
  }
}

async function replay(webhooks: WebhookService, req: Request, res: Response): Promise<void> {
  const eventId = String(req.params.id);
  const done = await webhooks.replay(actorOf(req, res), eventId);
  if (done === 'not_found') throw notFound();
  if (done === 'refused_event')
    throw conflict('invalid_transition', 'This event was refused, and its bytes were not kept.');
  res.status(202).json({ eventId });
}

async function eventOf(req: Request, res: Response): Promise<IncomingEvent> {
  await new Promise<void>((resolve, reject) => {
    readRaw(req, res, (error?: Error) => (error ? reject(error) : resolve()));
  });
  const body: unknown = req.body;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(req.headers))
    if (typeof value === 'string') headers[name] = value;
  return { body: Buffer.isBuffer(body) ? body : Buffer.alloc(0), headers };
}

function refused(refusal: Refusal): Problem {
  if (refusal === 'malformed') return badRequest('The body is not the JSON object it says it is.');
  if (refusal === 'unsupported_type') {
    return new Problem('unsupported_type', 'Send the form body that Acuity signed.');
  }
  return new Problem(
    'bad_signature',
    refusal === 'too_old'
      ? 'The event was signed more than five minutes ago.'
      : 'The signature does not fit these bytes.',
  );
}

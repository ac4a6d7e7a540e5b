// The forms of a booking's messages and of the notes of staff, and the page of older messages.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { isStaff } from '../../../accounts/index.ts';
import { idSchema, idempotencyKeySchema } from '../../../bookings/index.ts';
import { messageRequestSchema, noteSchema } from '../../../messages/index.ts';
import type { Result } from '../../../lib/result.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { blankAsAbsent, fieldErrors, rawField, readerZoneOf, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound, parse, tooManyRequests } from '../../problem.ts';
import { closedWords, tooManyWords } from '../../api/messages.problems.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { titleParts } from './booking-words.ts';
import { threadRows, type MessageRow } from './messages-section.ts';
import { showBooking } from './show.page.ts';

type Needs = Pick<PageServices, 'bookings' | 'documents' | 'messages' | 'waitList' | 'clock' | 'ids'>;
type BookingRequest = Request<{ id: string }>;

export interface MessagesPage extends PageData {
  bookingId: string;
  heading: string;
  rows: MessageRow[];
  olderHref: string | null;
}

const querySchema = z.object({ before: blankAsAbsent(idSchema) });

export function messagesPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.bookingMessages(':id'),
      access: 'session',
      handle: (req, res) => showMessages(services, req as BookingRequest, res),
    },
    {
      method: 'post',
      path: paths.bookingMessages(':id'),
      access: 'session',
      handle: (req, res) => sendMessage(services, req as BookingRequest, res),
    },
    {
      method: 'post',
      path: paths.bookingMessagesAnswered(':id'),
      access: 'staff',
      async handle(req, res) {
        const { id } = (req as BookingRequest).params;
        if (!(await services.messages.needNoAnswer(actorOf(req, res), id))) throw notFound();
        res.redirect(303, `${paths.booking(id)}?answered#messages`);
      },
    },
    {
      method: 'post',
      path: paths.bookingNotes(':id'),
      access: 'staff',
      handle: (req, res) => addNote(services, req as BookingRequest, res),
    },
  ];
}

async function showMessages(services: Needs, req: BookingRequest, res: Response): Promise<void> {
  const { before } = parse(querySchema, req.query);
  const actor = actorOf(req, res);
  const found = await services.bookings.view(actor, req.params.id);
  if (!found) throw notFound();
  const { booking } = found;
  const thread = await services.messages.thread(actor.viewer, booking.id, { ...(before && { before }) });
  await services.messages.markRead(actor.viewer, booking.id, thread.messages);
  const readerZone = readerZoneOf(req.headers.cookie);
  const heading = titleParts(booking, { now: services.clock.now(), readerZone }).join(' · ');
  const page: MessagesPage = {
    title: `Messages: ${heading}`,
    bookingId: booking.id,
    heading,
    ...threadRows(thread, actor.viewer, booking.id, readerZone ?? booking.timezone),
  };
  res.render('bookings/messages', page);
}

async function sendMessage(services: Needs, req: BookingRequest, res: Response): Promise<void> {
  const form = messageRequestSchema.safeParse({ text: rawField(req.body, 'text') });
  if (!form.success) {
    const refused = { errors: fieldErrors(form.error), typed: { text: typed(req.body, 'text') } };
    return showBooking(services, req, res.status(422), refused);
  }
  const { text } = form.data;
  const key = parse(idempotencyKeySchema, rawField(req.body, 'idempotencyKey'));
  const sent = await sendOnce(services, key, (idempotencyKey) =>
    services.messages.send(actorOf(req, res), req.params.id, { text, idempotencyKey }),
  );
  const answered = isStaff(actorOf(req, res).viewer) ? '?answered' : '';
  if (sent.ok) return res.redirect(303, `${paths.booking(req.params.id)}${answered}#messages`);
  if (sent.reason === 'not_found') throw notFound();
  const isTooMany = sent.reason === 'too_many';
  if (isTooMany) res.set(tooManyRequests(sent.retryAfterMs).headers);
  const message = isTooMany ? tooManyWords : closedWords;
  const refused = { errors: [{ path: 'text', message }], typed: { text } };
  return showBooking(services, req, res.status(isTooMany ? 429 : 409), refused);
}

async function addNote(services: Needs, req: BookingRequest, res: Response): Promise<void> {
  const form = noteSchema.safeParse({ note: rawField(req.body, 'note') });
  if (!form.success) {
    const refused = { errors: fieldErrors(form.error), typed: { note: typed(req.body, 'note') } };
    return showBooking(services, req, res.status(422), refused);
  }
  const { note: text } = form.data;
  const key = parse(idempotencyKeySchema, rawField(req.body, 'idempotencyKey'));
  const added = await sendOnce(services, key, (idempotencyKey) =>
    services.messages.addNote(actorOf(req, res), req.params.id, { text, idempotencyKey }),
  );
  if (added.ok) return res.redirect(303, `${paths.booking(req.params.id)}#notes`);
  if (added.reason === 'not_found') throw notFound();
  const refused = { errors: [{ path: 'note', message: closedWords }], typed: { note: text } };
  return showBooking(services, req, res.status(409), refused);
}

/** Sends with a new key when the form's key was used for another text: somebody went back and wrote something else. */
async function sendOnce<Value, Failed extends { reason: string }>(
  { ids }: Pick<Needs, 'ids'>,
  key: string,
  send: (key: string) => Promise<Result<Value, Failed>>,
): Promise<Result<Value, Failed>> {
  const sent = await send(key);
  return sent.ok || sent.reason !== 'idempotency_conflict' ? sent : send(ids.uuid());
}

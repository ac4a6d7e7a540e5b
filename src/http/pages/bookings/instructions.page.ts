// Instructions for the examinee: a page to print, or to send by e-mail.
import type { Request, Response } from 'express';
import { instructionsFor, isPlanned, type Instructions } from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { namedIn, readerZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound, tooManyRequests } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { stamp } from '../when.ts';

type Needs = Pick<PageServices, 'bookings' | 'instructions' | 'clock'>;
type InstructionsRequest = Request<{ id: string }>;

export interface InstructionsPage extends PageData {
  bookingId: string;
  reference: string;
  specialist: string;
  instructions: Instructions;
  /** Null: the examination is still to come. */
  over: 'cancelled' | 'past' | null;
  /** The examinee's address; null: it cannot be sent. */
  address: string | null;
  sentAt: string | null;
  notice: { text: string; isFailure: boolean } | null;
}

const notices: Record<string, InstructionsPage['notice']> = {
  queued: { text: 'The instructions are on their way to the examinee.', isFailure: false },
  sent_already: {
    text: 'The instructions were sent a few minutes ago. They were not sent again.',
    isFailure: false,
  },
  sent_often: {
    text: 'The instructions were sent five times since yesterday. They were not sent again: print them, or call.',
    isFailure: true,
  },
  no_address: {
    text: 'Nothing was sent: there is no e-mail address, or the examination is over.',
    isFailure: true,
  },
};

export function instructionsPages(services: Needs): PageRoute[] {
  const path = paths.bookingInstructions(':id');
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: (req, res) => showInstructions(services, req as InstructionsRequest, res),
    },
    {
      method: 'post',
      path,
      access: 'session',
      handle: (req, res) => sendInstructions(services, req as InstructionsRequest, res),
    },
  ];
}

async function showInstructions(services: Needs, req: InstructionsRequest, res: Response): Promise<void> {
  const found = await services.bookings.view(actorOf(req, res), req.params.id);
  if (!found) throw notFound();
  const { booking } = found;
  const { phone, sentAt } = await services.instructions.facts(booking.id);
  const { startsAt, timezone: zone } = booking;
  const isPast = startsAt <= services.clock.now();
  const over = booking.status === 'cancelled' ? 'cancelled' : isPast || !isPlanned(booking) ? 'past' : null;
  const page: InstructionsPage = {
    title: `Instructions for ${instructionsFor(booking, phone).examinee || 'the examinee'}`,
    bookingId: booking.id,
    reference: booking.reference,
    specialist: booking.specialist.name,
    instructions: instructionsFor(booking, phone),
    over,
    address: over ? null : booking.examinee.email,
    sentAt: sentAt && stamp(sentAt, readerZoneOf(req.headers.cookie) ?? zone),
    notice: namedIn(notices, req.query.done),
  };
  res.render('bookings/instructions', page);
}

async function sendInstructions(services: Needs, req: InstructionsRequest, res: Response): Promise<void> {
  const actor = actorOf(req, res);
  // Answers 404 for an unknown booking, and records a refused request.
  if (!(await services.bookings.changedAt(actor, req.params.id))) throw notFound();
  const done = await services.instructions.send(actor, req.params.id);
  if (done === 'not_found') throw notFound();
  if (typeof done !== 'string')
    throw tooManyRequests(
      done.retryAfterMs,
      'You sent many instructions within an hour. Wait a while, then go on.',
    );
  res.redirect(303, `${paths.bookingInstructions(req.params.id)}?done=${done}`);
}

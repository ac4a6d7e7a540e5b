import type { Request, Response } from 'express';
import { cancelRequestSchema, examineeName, type Booking } from '../../../bookings/index.ts';
import type { FieldError } from '../../../lib/result.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { fieldErrors, rawField, readerZoneOf, typed } from '../../forms/fields.ts';
import { keptFormOf } from '../../middleware/kept-forms.ts';
import { paths } from '../../paths.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { afterChange, listOf, withBack } from './back-to-list.ts';
import { bookingToChange, readerOf, seenStartsAtIn, type BookingRequest } from './booking-to-change.ts';
import { appointmentFacts, type BookingFact } from './booking-words.ts';
import { changeProblem, movedProblem, type ChangeProblem } from './change-problem.ts';

export interface CancelPage extends PageData {
  bookingId: string;
  reference: string;
  /** The form's action, with the way back to the list. */
  action: string;
  /** Where to go without cancelling. */
  keepHref: string;
  rows: BookingFact[];
  /** The time that the page shows, ISO 8601: sent with the form. */
  seen: string;
  values: { reason: string };
  problem: ChangeProblem | null;
}

type Needs = Pick<PageServices, 'attempts' | 'bookings'>;

export function cancelPages(services: Needs): PageRoute[] {
  const path = '/bookings/:id/cancel';
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: (req, res) =>
        showCancel(services, req as BookingRequest, res, keptFormOf(res, req.originalUrl)?.fields),
    },
    {
      method: 'post',
      path,
      access: 'session',
      handle: (req, res) => cancel(services, req as BookingRequest, res),
    },
  ];
}

/** @param sent by the page that the person had open, with the time that it showed */
async function showCancel(services: Needs, req: BookingRequest, res: Response, sent: unknown): Promise<void> {
  const found = await bookingToChange(services, req, res, 'cancelled');
  if (!found) return;
  const problem = movedProblem(found, seenStartsAtIn(sent), readerOf(req, res));
  render(req, res, found.booking, { problem });
}

async function cancel(services: Needs, req: BookingRequest, res: Response): Promise<void> {
  const found = await bookingToChange(services, req, res, 'cancelled');
  if (!found) return;
  const { booking } = found;
  const form = cancelRequestSchema.safeParse({ reason: rawField(req.body, 'reason') });
  if (!form.success) return render(req, res.status(422), booking, { errors: named(fieldErrors(form.error)) });
  const cancelled = await services.attempts.cancel(
    actorOf(req, res),
    booking.id,
    form.data.reason,
    seenStartsAtIn(req.body),
  );
  if (cancelled.ok) return res.redirect(303, afterChange(booking, 'cancelled', req));
  if (cancelled.reason === 'invalid')
    return render(req, res.status(422), booking, { errors: cancelled.errors });
  if (cancelled.reason === 'slot_taken') throw new Error('A cancellation cannot meet a taken slot');
  if (cancelled.reason === 'stale') return showCancel(services, req, res.status(409), req.body);
  const problem = changeProblem(res, booking, cancelled);
  if (problem) render(req, res, booking, { problem });
}

function named(errors: FieldError[]) {
  return errors.map(({ message }) => ({ path: 'reason', message: `Reason: ${message}` }));
}

function render(
  req: Request,
  res: Response,
  booking: Booking,
  { errors = [], problem = null }: { errors?: FieldError[]; problem?: ChangeProblem | null },
): void {
  const page: CancelPage = {
    title: `Cancel booking ${booking.reference}`,
    errors,
    bookingId: booking.id,
    reference: booking.reference,
    action: withBack(paths.bookingCancel(booking.id), listOf(req)),
    keepHref: listOf(req) ?? paths.booking(booking.id),
    rows: [
      { label: 'Examinee', value: examineeName(booking.examinee) },
      ...appointmentFacts(booking, readerZoneOf(req.headers.cookie)),
    ],
    seen: booking.startsAt.toISOString(),
    values: { reason: typed(req.body, 'reason') },
    problem,
  };
  res.render('bookings/cancel', page);
}

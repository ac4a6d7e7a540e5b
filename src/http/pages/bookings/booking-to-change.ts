import type { Request, Response } from 'express';
import { startsAtSchema, type Booking } from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import { rawField } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import { mayChange } from './show.page.ts';

export type BookingRequest = Request<{ id: string }>;

/** Null after a redirect to the booking's page, when the booking can no longer be changed. */
export async function bookingToChange(
  { bookings }: Pick<PageServices, 'bookings'>,
  req: BookingRequest,
  res: Response,
  change: 'cancelled' | 'rescheduled',
): Promise<Booking | null> {
  const found = await bookings.view(actorOf(req, res), req.params.id);
  if (!found) throw notFound();
  if (mayChange(found.booking, change)) return found.booking;
  res.redirect(303, paths.booking(found.booking.id));
  return null;
}

/** The booking's time on the page that the form was sent from; null when the form does not tell. */
export function seenStartsAtIn(form: unknown): Date | null {
  return startsAtSchema.safeParse(rawField(form, 'seenStartsAt')).data ?? null;
}

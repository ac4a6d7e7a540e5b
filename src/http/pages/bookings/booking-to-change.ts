import type { Request, Response } from 'express';
import type { Booking } from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import { may } from './show.page.ts';

export type BookingRequest = Request<{ id: string }>;

/** Null when the answer has been given: a booking that can no longer be changed says so on its own page. */
export async function bookingToChange(
  { bookings }: Pick<PageServices, 'bookings'>,
  req: BookingRequest,
  res: Response,
  change: 'cancelled' | 'rescheduled',
): Promise<Booking | null> {
  const found = await bookings.view(actorOf(req, res), req.params.id);
  if (!found) throw notFound();
  if (may(found.booking, change)) return found.booking;
  res.redirect(303, paths.booking(found.booking.id));
  return null;
}

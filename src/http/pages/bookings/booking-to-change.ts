import type { Request, Response } from 'express';
import { startsAtSchema, type BookingView } from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import { rawField, readerZoneOf } from '../../forms/fields.ts';
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
): Promise<BookingView | null> {
  const found = await bookings.view(actorOf(req, res), req.params.id);
  if (!found) throw notFound();
  if (mayChange(found.booking, change)) return found;
  res.redirect(303, paths.booking(found.booking.id));
  return null;
}

/** The booking's time on the page from which the form was sent or the link followed; null when it does not tell. */
export function seenStartsAtIn(sent: unknown): Date | null {
  return startsAtSchema.safeParse(rawField(sent, 'seen')).data ?? null;
}

/** Who reads the page, and on which clock. */
export function readerOf(req: Request, res: Response): { viewerId: string; readerZone: string | null } {
  return { viewerId: actorOf(req, res).viewer.userId, readerZone: readerZoneOf(req.headers.cookie) };
}

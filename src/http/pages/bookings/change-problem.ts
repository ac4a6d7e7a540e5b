// Why a booking was not moved or cancelled, for its page.
import type { Response } from 'express';
import type { ChangeFailure } from '../../../attempts/index.ts';
import type { Booking, BookingView } from '../../../bookings/index.ts';
import { paths } from '../../paths.ts';
import { forbidden, notFound, retryAfterSeconds } from '../../problem.ts';
import { withQuery } from '../links.ts';
import { zonePlaceName } from '../../../lib/dates.ts';
import { refusesUsWords } from '../time-picker.ts';
import { stamp, timeAndDay } from '../when.ts';
import { moverWords } from './booking-words.ts';

export interface ChangeProblem {
  title: string;
  text: string;
}

/** Sets the status and returns what to show; null after a redirect. @throws Problem for other failures */
export function changeProblem(
  res: Response,
  booking: Pick<Booking, 'id'>,
  failure: Exclude<ChangeFailure, { reason: 'slot_taken' | 'invalid' | 'stale' }>,
): ChangeProblem | null {
  if (failure.reason === 'not_found') throw notFound();
  if (failure.reason === 'forbidden') throw forbidden();
  if (failure.reason === 'already_cancelled' || failure.reason === 'invalid_transition') {
    // The booking's page shows its current state.
    res.redirect(303, paths.booking(booking.id));
    return null;
  }
  if (failure.reason === 'outcome_pending') {
    res.redirect(303, withQuery(paths.bookingAttempt(failure.attemptId), { booking: booking.id }));
    return null;
  }
  if ('retryAfterMs' in failure) {
    res.status(503).set('Retry-After', retryAfterSeconds(failure.retryAfterMs));
    return outOfReachWords[failure.reason];
  }
  res.status(502);
  return {
    title: 'Nothing was changed: the calendar refused',
    text: 'The specialist’s calendar did not accept the change. The booking is unchanged. If trying again does not help, call the agency.',
  };
}

/** For a page that was opened when the booking had another time. @param seenStartsAt that time; null: unknown */
export function movedProblem(
  { booking, progress }: Pick<BookingView, 'booking' | 'progress'>,
  seenStartsAt: Date | null,
  { viewerId, readerZone }: { viewerId: string; readerZone: string | null },
): ChangeProblem | null {
  const { startsAt, timezone: zone } = booking;
  if (!seenStartsAt || seenStartsAt.getTime() === startsAt.getTime()) return null;
  const move = progress.findLast(({ moved }) => moved?.to.getTime() === startsAt.getTime());
  return {
    title: 'This booking was moved meanwhile',
    text: [
      move && `${moverWords(move, viewerId)} on ${stamp(move.createdAt, readerZone ?? zone)}.`,
      `It is now at ${timeAndDay(startsAt, zone)} (${zonePlaceName(zone)}).`,
      'Your page still showed another time, so nothing was changed: check the new time, and go on if you still want to.',
    ]
      .filter(Boolean)
      .join(' '),
  };
}

const outOfReachWords = {
  acuity_unavailable: {
    title: 'Nothing was changed: we can’t reach the calendar',
    text: 'We can’t reach the specialist’s calendar right now. The booking is unchanged; try again in a minute.',
  },
  acuity_queue_full: {
    title: 'Nothing was changed: we are very busy',
    text: 'Too many requests wait for the specialist’s calendar right now. The booking is unchanged; try again in a few seconds.',
  },
  acuity_refuses_us: {
    title: 'Nothing was changed: the calendar does not let us in',
    text: `${refusesUsWords} The booking is unchanged.`,
  },
};

import type { Response } from 'express';
import type { BookFailure, ChangeFailure } from '../../attempts/index.ts';
import { progressWords, type Stale } from '../../bookings/index.ts';
import type { Result } from '../../lib/result.ts';
import { requestIdOf } from '../actor.ts';
import { paths } from '../paths.ts';
import {
  problemType,
  acuityError,
  acuityQueueFull,
  acuityRefusesUs,
  acuityUnavailable,
  conflict,
  forbidden,
  invalid,
  notFound,
  type Problem,
} from '../problem.ts';

/** Answers 202 for an outcome that is still open. @throws Problem for every other failure */
export function answer<T>(
  res: Response,
  result: Result<T, BookFailure | ChangeFailure | Stale>,
  send: (value: T) => void,
): void {
  if (result.ok) return send(result.value);
  if (result.reason !== 'outcome_pending') throw problemFor(result);
  const url = paths.bookingAttempt(result.attemptId);
  res
    .status(202)
    .location(url)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: problemType(res, 'outcome_pending'),
        title: 'Accepted',
        status: 202,
        detail: 'The calendar’s answer was lost. We are checking what happened: read the attempt.',
        code: 'outcome_pending',
        requestId: requestIdOf(res),
        attempt: { id: result.attemptId, url },
      }),
    );
}

/** The problem codes for bookings and their changes. Clients rely on them: they never change. */
export function problemFor(
  failure: Exclude<BookFailure | ChangeFailure | Stale, { reason: 'outcome_pending' }>,
): Problem {
  switch (failure.reason) {
    case 'forbidden':
      return forbidden();
    case 'not_found':
      return notFound();
    case 'invalid':
      return invalid(failure.errors);
    case 'slot_taken':
      return slotTaken(failure);
    case 'idempotency_conflict':
      return conflict(
        'idempotency_conflict',
        'This Idempotency-Key was used for another booking: use a new one.',
      );
    case 'already_cancelled':
      return conflict(
        'already_cancelled',
        'This booking is cancelled. Make a new booking if the examination is still needed.',
      );
    case 'invalid_transition':
      return conflict(
        'invalid_transition',
        `This booking’s progress is “${progressWords[failure.from]}”: it cannot become “${progressWords[failure.to]}”.`,
        {
          from: failure.from,
          to: failure.to,
        },
      );
    case 'stale':
      return conflict(
        'stale_version',
        'Somebody else changed this booking since you read it. Read it again.',
        {
          version: failure.current.version,
        },
      );
    case 'acuity_unavailable':
      return acuityUnavailable(failure.retryAfterMs);
    case 'acuity_queue_full':
      return acuityQueueFull(failure.retryAfterMs);
    case 'acuity_refuses_us':
      return acuityRefusesUs(failure.retryAfterMs);
    case 'acuity_error':
      break;
  }
  return acuityError();
}

function slotTaken({ startsAt, nearest }: Extract<BookFailure, { reason: 'slot_taken' }>): Problem {
  const detail =
    nearest.length > 0
      ? 'This time has just been taken. Choose another: the nearest free times are listed.'
      : 'This time has just been taken, and no other is free near it. Choose another day.';
  return conflict('slot_taken', detail, { startsAt, nearest }, [
    { path: 'startsAt', message: 'This time is taken: choose another' },
  ]);
}

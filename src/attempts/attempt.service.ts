import type { Actor } from '../accounts/index.ts';
import type { Booking, BookingRequest } from '../bookings/index.ts';
import type { Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import { maySeeAttempt } from './attempt.access.ts';
import { book } from './attempt.book.ts';
import { change } from './attempt.change.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import { findAttempt } from './attempt.repository.ts';
import type { Attempt, AttemptState, BookFailure, ChangeFailure } from './attempt.ts';

export interface AttemptService {
  /** Only a referrer, or an admin acting as one, may book. */
  book(
    actor: Actor,
    request: BookingRequest,
    idempotencyKey: string | null,
  ): Promise<Result<Booking, BookFailure>>;
  /** @param seenStartsAt the booking's time when the person decided: refused as stale when it has another by now */
  reschedule(
    actor: Actor,
    bookingId: string,
    startsAt: Date,
    seenStartsAt?: Date | null,
  ): Promise<Result<Booking, ChangeFailure>>;
  /** @param seenStartsAt as above */
  cancel(
    actor: Actor,
    bookingId: string,
    reason: string | null,
    seenStartsAt?: Date | null,
  ): Promise<Result<Booking, ChangeFailure>>;
  /** For people who may see its booking, or belong to the organisation it was made in; null for everyone else. */
  find(actor: Actor, attemptId: string): Promise<AttemptState | null>;
}

export function createAttemptService(deps: AttemptDeps): AttemptService {
  return {
    book: (actor, request, idempotencyKey) => book(deps, actor, request, idempotencyKey),

    reschedule: (actor, bookingId, startsAt, seenStartsAt = null) =>
      change(deps, actor, bookingId, { kind: 'reschedule', startsAt, seenStartsAt }),

    cancel: (actor, bookingId, reason, seenStartsAt = null) =>
      change(deps, actor, bookingId, { kind: 'cancel', reason, seenStartsAt }),

    async find(actor, attemptId) {
      const attempt = isUuid(attemptId) ? await findAttempt(deps.db, attemptId) : null;
      const isTheirs = attempt && (await maySeeAttempt(deps.db, actor.viewer, attempt));
      return isTheirs ? stateOf(attempt) : null;
    },
  };
}

function stateOf(attempt: Attempt): AttemptState {
  if (attempt.state === 'failed') {
    const { failure } = attempt;
    const errors = failure?.reason === 'invalid' ? { errors: failure.errors } : {};
    return { state: 'failed', failure: { reason: failure?.reason ?? 'acuity_error', ...errors } };
  }
  if (attempt.state === 'completed' && attempt.bookingId) {
    return { state: 'completed', bookingId: attempt.bookingId };
  }
  const { request, specialistId, startsAt } = attempt;
  return { state: 'open', kind: request.kind, specialistId, startsAt };
}

import { isUuid } from '../lib/uuid.ts';
import { mayKnowAttempt } from './attempt.access.ts';
import { book } from './attempt.book.ts';
import { change } from './attempt.change.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import { findIntention, type Intention } from './attempt.repository.ts';
import type { AttemptService, AttemptState } from './attempt.service.ts';

export function createAttemptService(deps: AttemptDeps): AttemptService {
  return {
    book: (actor, request, idempotencyKey) => book(deps, actor, request, idempotencyKey),

    reschedule: (actor, bookingId, startsAt) =>
      change(deps, actor, bookingId, { kind: 'reschedule', startsAt }),

    cancel: (actor, bookingId, reason) => change(deps, actor, bookingId, { kind: 'cancel', reason }),

    async find(actor, intentionId) {
      const intention = isUuid(intentionId) ? await findIntention(deps.db, intentionId) : null;
      const isTheirs = intention && (await mayKnowAttempt(deps.db, actor.viewer, intention));
      return isTheirs ? stateOf(intention) : null;
    },
  };
}

function stateOf(intention: Intention): AttemptState {
  if (intention.state === 'failed') {
    const { failure } = intention;
    const errors = failure?.reason === 'invalid' ? { errors: failure.errors } : {};
    return { state: 'failed', failure: { reason: failure?.reason ?? 'acuity_error', ...errors } };
  }
  if (intention.state === 'completed' && intention.bookingId) {
    return { state: 'completed', bookingId: intention.bookingId };
  }
  // A cancellation wants no time of its own; the page then tells since when it is waiting.
  return { state: 'open', startsAt: intention.startsAt ?? intention.createdAt, since: intention.createdAt };
}

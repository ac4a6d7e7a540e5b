// POST /bookings: checks the request, stores the attempt, and runs it (attempt.saga.ts).
import { attribution, type Actor } from '../accounts/index.ts';
import { idempotencyKeySchema, mayBook, type Booking, type BookingRequest } from '../bookings/index.ts';
import { sendTogether } from '../db/statements.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, invalidField, type Result } from '../lib/result.ts';
import { maySeeAttempt } from './attempt.access.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { attemptFor, hashOf, planFor, type ReceivedRequest, type Plan } from './attempt.plan.ts';
import { findAttemptByKey, insertAttemptQuery, waitUntilSettled } from './attempt.repository.ts';
import { outcomeOf, storeAndRun, type AttemptAnswer } from './attempt.saga.ts';
import { answerOf, slotTaken, type BookFailure } from './attempt.ts';

type Answer = Result<Booking, BookFailure>;

export async function book(
  deps: AttemptDeps,
  actor: Actor,
  request: BookingRequest,
  idempotencyKey: string | null,
): Promise<Answer> {
  if (!mayBook(actor.viewer)) return failure({ reason: 'forbidden' });
  if (idempotencyKey !== null && !idempotencyKeySchema.safeParse(idempotencyKey).success) {
    return invalidField('Idempotency-Key', 'An Idempotency-Key is 1 to 200 printable characters');
  }
  const requestHash = deps.digests.of(hashOf(request));
  const received: ReceivedRequest = { actor, request, idempotencyKey, requestHash };
  const earlier = await answerAgain(deps, received);
  if (earlier) return earlier;

  const plan = await planFor(deps, request);
  if (!plan.ok) return plan;
  await deps.onStep?.('authorised');
  // The cache is enough here: Acuity checks the time itself when it makes the appointment.
  const { specialist } = plan.value;
  const free = await deps.availability.isFree(specialist, request.type, request.startsAt, {
    fromCache: true,
    personId: personOf(received),
  });
  if (free === 'taken') return refuseTaken(deps, received, plan.value);

  const stored = await store(deps, received, plan.value);
  return stored.ok ? bookAnswer(await stored.answering) : stored.answer;
}

/** The referrer, also while an admin acts as them. */
function personOf({ actor }: ReceivedRequest): string {
  return attribution(actor.viewer).byId;
}

/** A new appointment cannot be cancelled already: if Acuity reports that, it is Acuity's error. */
function bookAnswer(answer: AttemptAnswer): Answer {
  return !answer.ok && answer.reason === 'already_cancelled' ? failure({ reason: 'acuity_error' }) : answer;
}

/**
 * The answer to an earlier request with the same key; null when this person never used it. If they used it in an
 * organisation that they have since left, answers with a conflict, which reveals nothing about the outcome.
 */
async function answerAgain(deps: AttemptDeps, received: ReceivedRequest): Promise<Answer | null> {
  if (received.idempotencyKey === null) return null;
  const { byId } = attribution(received.actor.viewer);
  const earlier = await findAttemptByKey(deps.db, byId, received.idempotencyKey);
  if (!earlier) return null;
  if (!deps.digests.isOf(earlier.requestHash, hashOf(received.request)))
    return failure({ reason: 'idempotency_conflict' });
  const settled = (await waitUntilSettled(deps.db, earlier.id, timingsOf(deps).patienceMs)) ?? earlier;
  const isTheirs = await maySeeAttempt(deps.db, received.actor.viewer, settled);
  return isTheirs ? bookAnswer(await outcomeOf(deps, settled)) : failure({ reason: 'idempotency_conflict' });
}

/** The time is taken, so Acuity is not called. Stores the refusal, so that the same key gets the same answer. */
async function refuseTaken(deps: AttemptDeps, received: ReceivedRequest, plan: Plan): Promise<Answer> {
  const { type, startsAt } = received.request;
  const nearest = await deps.availability.nearest(plan.specialist, type, startsAt, personOf(received));
  const refusal = slotTaken({ startsAt, nearest });
  const answer = bookAnswer(failure(answerOf(refusal)));
  if (received.idempotencyKey === null) return answer;
  const over = { ...attemptFor(deps, received, plan), id: deps.ids.uuid(), failure: refusal };
  try {
    await sendTogether(deps.db, insertAttemptQuery(deps.db, over));
  } catch (error) {
    // A concurrent request with the same key won: return its answer.
    if (violatedConstraint(error) !== 'booking_attempts_idempotency_key') throw error;
    return (await answerAgain(deps, received)) ?? answer;
  }
  return answer;
}

type Stored = { ok: true; answering: Promise<AttemptAnswer> } | { ok: false; answer: Answer };

async function store(deps: AttemptDeps, received: ReceivedRequest, plan: Plan): Promise<Stored> {
  for (let tries = 1; ; tries += 1) {
    try {
      const attempt = { ...attemptFor(deps, received, plan), id: deps.ids.uuid() };
      return { ok: true, ...(await storeAndRun(deps, attempt)) };
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'booking_attempts_reference_key' && tries < 5) continue;
      if (constraint !== 'booking_attempts_idempotency_key' && constraint !== 'booking_attempts_slot_key') {
        throw error;
      }
      // A concurrent equal request of the same person may hold this time: return its answer.
      const earlier = await answerAgain(deps, received);
      if (earlier) return { ok: false, answer: earlier };
      if (constraint === 'booking_attempts_slot_key') {
        return { ok: false, answer: await refuseTaken(deps, received, plan) };
      }
      // The other attempt released the key in between, so it can be used again.
      if (tries >= 5) throw error;
    }
  }
}

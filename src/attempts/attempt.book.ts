// The story of POST /bookings. Whatever dies between two lines of it, attempt.settle.ts ends the story.
import { attribution, type Actor } from '../accounts/index.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { mayKnowAttempt } from './attempt.access.ts';
import { findAppointmentsOf, verdictOn, type RefusedField } from './attempt.acuity.ts';
import { adoptAppointment as adopt, forget, type Adoption } from './attempt.adopt.ts';
import { failIntention } from './attempt.complete.ts';
import { createAppointment, isOfferedNow, type Booked, type Creation } from './attempt.create.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { settleIntentionJob } from './attempt.jobs.ts';
import { hashOf, intentionFor, nearestTo, planFor, type Attempt, type Plan } from './attempt.plan.ts';
import { explainRefusal } from './attempt.questions.ts';
import {
  claimForCall,
  claimNextCall,
  findIntention,
  findIntentionByKey,
  fromRefusal,
  insertIntention,
  toRefusal,
  waitUntilSettled,
  type Intention,
  type Refusal,
} from './attempt.repository.ts';
import type { BookFailure } from './attempt.service.ts';
import {
  findBooking,
  idempotencyKeySchema,
  mayBook,
  type Booking,
  type BookingRequest,
  type FieldError,
} from '../bookings/index.ts';

type Answer = Result<Booking, BookFailure>;

export async function book(
  deps: AttemptDeps,
  actor: Actor,
  request: BookingRequest,
  idempotencyKey: string | null,
): Promise<Answer> {
  if (!mayBook(actor.viewer)) return failure({ reason: 'forbidden' });
  if (idempotencyKey !== null && !idempotencyKeySchema.safeParse(idempotencyKey).success) {
    return invalid('Idempotency-Key', 'An Idempotency-Key is 1 to 200 printable characters');
  }
  const attempt: Attempt = { actor, request, idempotencyKey, requestHash: hashOf(request) };
  const earlier = await answerAgain(deps, attempt);
  if (earlier) return earlier;

  const plan = await planFor(deps, request);
  if (!plan.ok) return plan;
  await deps.onStep?.('authorised');
  const free = await deps.availability.isFree(plan.value.specialist, request.type, request.startsAt);
  if (free === 'taken') return refuseTaken(deps, attempt, plan.value);

  const stored = await storeIntention(deps, attempt, plan.value);
  if (!stored.ok) return stored.answer;
  await deps.onStep?.('intention_stored');
  const answer = await carryOut(deps, stored.intention, plan.value);
  await deps.onStep?.('before_answer');
  return answer;
}

function invalid(path: string, message: string): Answer {
  const errors: FieldError[] = [{ path, message }];
  return failure({ reason: 'invalid', errors });
}

/**
 * Null when this key was never used by this person. Used for an organisation that they have left since, it is as taken
 * as for another request, and tells nothing of what came of it.
 */
async function answerAgain(deps: AttemptDeps, attempt: Attempt): Promise<Answer | null> {
  if (attempt.idempotencyKey === null) return null;
  const { byId } = attribution(attempt.actor.viewer);
  const earlier = await findIntentionByKey(deps.db, byId, attempt.idempotencyKey);
  if (!earlier) return null;
  if (earlier.requestHash !== attempt.requestHash) return failure({ reason: 'idempotency_conflict' });
  const settled = (await waitUntilSettled(deps.db, earlier.id, timingsOf(deps).patienceMs)) ?? earlier;
  const isTheirs = await mayKnowAttempt(deps.db, attempt.actor.viewer, settled);
  return isTheirs ? outcomeOf(deps, settled) : failure({ reason: 'idempotency_conflict' });
}

async function outcomeOf(deps: AttemptDeps, intention: Intention): Promise<Answer> {
  if (intention.state === 'open') return failure({ reason: 'outcome_pending', intentionId: intention.id });
  if (intention.state === 'failed') return refused(intention.failure ?? { reason: 'acuity_error' });
  const booking = intention.bookingId ? await findBooking(deps.db, intention.bookingId) : null;
  if (!booking) throw new Error(`Intention ${intention.id} was completed without a booking`);
  return ok(booking);
}

function refused(refusal: Refusal): Answer {
  const answer = fromRefusal(refusal);
  return answer.reason === 'already_cancelled' ? failure({ reason: 'acuity_error' }) : failure(answer);
}

/** Acuity was not asked. The refusal is kept, so that the key gives this answer again. */
async function refuseTaken(deps: AttemptDeps, attempt: Attempt, plan: Plan): Promise<Answer> {
  const { type, startsAt } = attempt.request;
  const refusal = toRefusal({ startsAt, nearest: await nearestTo(deps, plan.specialist, type, startsAt) });
  if (attempt.idempotencyKey === null) return refused(refusal);
  const over = { ...intentionFor(deps, attempt, plan), id: deps.ids.uuid(), failure: refusal };
  try {
    await deps.db.transaction((trx) => insertIntention(trx, over));
  } catch (error) {
    // An equal request was quicker: its answer counts.
    if (violatedConstraint(error) !== 'booking_intentions_idempotency_key') throw error;
    return (await answerAgain(deps, attempt)) ?? refused(refusal);
  }
  return refused(refusal);
}

type Stored = { ok: true; intention: Booked } | { ok: false; answer: Answer };

/** The intention and the job that settles it, whatever becomes of us. */
async function storeIntention(deps: AttemptDeps, attempt: Attempt, plan: Plan): Promise<Stored> {
  for (let tries = 1; ; tries += 1) {
    const id = deps.ids.uuid();
    try {
      await deps.db.transaction(async (trx) => {
        await insertIntention(trx, { ...intentionFor(deps, attempt, plan), id });
        await deps.jobs.add(
          settleIntentionJob,
          { intentionId: id },
          { trx, key: id, delayMs: timingsOf(deps).settleAfterMs },
        );
      });
      const intention = await findIntention(deps.db, id);
      if (!intention) throw new Error(`Intention ${id} was stored and is not there`);
      return { ok: true, intention: intention as Booked };
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'booking_intentions_reference_key' && tries < 5) continue;
      if (
        constraint !== 'booking_intentions_idempotency_key' &&
        constraint !== 'booking_intentions_slot_key'
      ) {
        throw error;
      }
      // The same person's equal request may hold the time: then its answer is ours. Else somebody is booking it.
      const earlier = await answerAgain(deps, attempt);
      if (earlier) return { ok: false, answer: earlier };
      if (constraint === 'booking_intentions_slot_key') {
        return { ok: false, answer: await refuseTaken(deps, attempt, plan) };
      }
      // The key was given free again in between: it is ours to use.
      if (tries >= 5) throw error;
    }
  }
}

/** From here Acuity may have made the appointment. Never throws: returns `outcome_pending` instead. */
async function carryOut(deps: AttemptDeps, intention: Booked, plan: Plan): Promise<Answer> {
  try {
    if (!(await claimForCall(deps.db, intention.id))) return await currentOutcome(deps, intention);
    await deps.onStep?.('before_acuity');
    const creation = await createAppointment(deps, intention);
    await deps.onStep?.('after_acuity');
    return await conclude(deps, intention, plan, creation);
  } catch (error) {
    deps.log.error({ intentionId: intention.id, err: errorFacts(error) }, 'A booking was interrupted');
    return failure({ reason: 'outcome_pending', intentionId: intention.id });
  }
}

async function conclude(deps: AttemptDeps, asked: Booked, plan: Plan, creation: Creation): Promise<Answer> {
  if (!creation) return currentOutcome(deps, asked);
  const { intention, created } = creation;
  if (created.ok) return finish(deps, intention, await adopt(deps, intention, created.value));
  const verdict = verdictOn(created);
  switch (verdict.verdict) {
    case 'unknown':
      return verdict.wasAnswered ? readAgain(deps, intention) : leaveOpen(deps, intention);
    case 'taken':
      return failAsTaken(deps, intention, plan);
    case 'out_of_reach':
      return failOutOfReach(deps, intention, verdict.retryAfterMs);
    case 'refused':
      break;
  }
  if (verdict.field && !intention.order.acuity.asStaff)
    return answerRefusedField(deps, intention, plan, verdict.field);
  return fail(deps, intention, { reason: 'acuity_error' });
}

async function failAsTaken(deps: AttemptDeps, intention: Booked, plan: Plan): Promise<Answer> {
  await forget(deps, intention.order.acuity.calendarId, {
    startsAt: intention.startsAt,
    durationMinutes: intention.order.durationMinutes,
  });
  return refuseFor(deps, intention, plan);
}

function failOutOfReach(deps: AttemptDeps, intention: Booked, retryAfterMs: number): Promise<Answer> {
  return fail(deps, intention, { reason: 'acuity_unavailable', retryAfterMs }, true);
}

/**
 * The forms are read again and whoever books is asked what is missing. Where they cannot be asked (a field that we
 * cannot read, or that they already answered), the clinic's staff book it: nobody is turned away for it.
 */
async function answerRefusedField(
  deps: AttemptDeps,
  intention: Booked,
  plan: Plan,
  field: RefusedField,
): Promise<Answer> {
  const { order } = intention;
  const errors = await explainRefusal(deps, order.acuity.appointmentTypeId, order, field);
  if (errors.length > 0) return fail(deps, intention, { reason: 'invalid', errors }, true);
  const offered = await isOfferedNow(deps, intention);
  if (!offered.ok)
    return failOutOfReach(deps, intention, 'retryAfterMs' in offered ? offered.retryAfterMs : 30_000);
  if (!offered.value) return failAsTaken(deps, intention, plan);
  const asStaff = await claimNextCall(deps.db, intention, { acuity: { asStaff: true }, detailsNeeded: true });
  if (!asStaff) return currentOutcome(deps, intention);
  deps.log.warn({ intentionId: intention.id, fieldId: field.id }, 'Acuity refused a field: booked as staff');
  await deps.onStep?.('before_staff_booking');
  return conclude(deps, asStaff, plan, await createAppointment(deps, asStaff));
}

async function finish(deps: AttemptDeps, intention: Booked, adoption: Adoption): Promise<Answer> {
  if (adoption.outcome === 'unknown') return leaveOpen(deps, intention);
  if (adoption.outcome === 'failed') return refused(adoption.refusal);
  await deps.onStep?.('completed');
  const { booking } = adoption;
  await forget(deps, intention.order.acuity.calendarId, booking);
  await deps.onStep?.('invalidated');
  return ok(booking);
}

/** Acuity answered, but in words we do not know: what it made is read again by its reference. */
async function readAgain(deps: AttemptDeps, intention: Booked): Promise<Answer> {
  const found = await findAppointmentsOf(deps, intention);
  const appointment = found.ok ? found.value.find((one) => !one.canceled) : undefined;
  if (!appointment) return leaveOpen(deps, intention);
  return finish(deps, intention, await adopt(deps, intention, appointment));
}

/** Nobody knows whether it was booked: the worker finds out, soon. */
async function leaveOpen(deps: AttemptDeps, intention: Booked): Promise<Answer> {
  await deps.jobs.add(settleIntentionJob, { intentionId: intention.id }, { key: intention.id });
  return failure({ reason: 'outcome_pending', intentionId: intention.id });
}

async function refuseFor(deps: AttemptDeps, intention: Booked, { specialist }: Plan): Promise<Answer> {
  const { startsAt } = intention;
  const nearest = await nearestTo(deps, specialist, intention.order.type, startsAt);
  return fail(deps, intention, toRefusal({ startsAt, nearest }));
}

async function fail(
  deps: AttemptDeps,
  intention: Booked,
  refusal: Refusal,
  releaseKey = false,
): Promise<Answer> {
  const failed = await failIntention(deps, intention, refusal, { releaseKey });
  return failed ? refused(refusal) : currentOutcome(deps, intention);
}

async function currentOutcome(deps: AttemptDeps, intention: Booked): Promise<Answer> {
  return outcomeOf(deps, (await findIntention(deps.db, intention.id)) ?? intention);
}

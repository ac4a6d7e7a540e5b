// The saga of every attempt: store it, claim it, call Acuity, then complete it, fail it or leave it open. If the
// process dies between two steps, the worker settles the attempt (attempt.settle.ts).
import { setImmediate } from 'node:timers/promises';
import { findBooking, type Booking } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { sendInTurn, sendTogether } from '../db/statements.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Appointment } from '../ports/acuity.ts';
import { verdictOn } from './attempt.acuity.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { failAttempt, type FailOptions } from './attempt.end.ts';
import { settleAttemptJob } from './attempt.jobs.ts';
import type { AnsweredCall, Completion } from './attempt.kind.ts';
import { kindOf } from './attempt.kinds.ts';
import {
  claimAttemptQuery,
  findAttempt,
  insertAttemptQuery,
  isHeldForOther,
  toAttempt,
  type AttemptRow,
} from './attempt.repository.ts';
import {
  answerOf,
  slotTaken,
  type Attempt,
  type AttemptFailure,
  type AttemptKind,
  type NewAttempt,
  type Refusal,
} from './attempt.ts';

export type AttemptAnswer = Result<Booking, AttemptFailure>;

/** What is written before Acuity is called: the attempt, and the job that settles it if this process dies. */
function storeQueries(deps: AttemptDeps, db: Queryable, attempt: NewAttempt) {
  const addSettleJob = deps.jobs.addQuery(
    settleAttemptJob,
    { attemptId: attempt.id },
    { key: attempt.id, delayMs: timingsOf(deps).settleAfterMs },
  );
  return [insertAttemptQuery(db, attempt), addSettleJob] as const;
}

function storedFrom([row]: AttemptRow[], { id }: NewAttempt): Attempt {
  if (!row) throw new Error(`Storing attempt ${id} returned no row`);
  return toAttempt(row);
}

export async function storeAttempt(deps: AttemptDeps, db: Queryable, attempt: NewAttempt): Promise<Attempt> {
  const [rows] = await sendTogether(db, ...storeQueries(deps, db, attempt));
  return storedFrom(rows, attempt);
}

/** Claims the attempt; returns whether Acuity may be called. Throws when the claim failed with an error. */
type Claim = () => Promise<boolean> | boolean;

/**
 * Stores a booking's attempt and claims it, in two transactions that are sent in one round trip. Then carries it out.
 * Resolves once the attempt is stored; `answering` resolves with its answer.
 */
export async function storeAndRun(
  deps: AttemptDeps,
  attempt: NewAttempt,
): Promise<{ answering: Promise<AttemptAnswer> }> {
  const { db } = deps;
  // A test may stop the process between storing and claiming, so they are sent separately.
  if (deps.onStep) return { answering: runAttempt(deps, await storeAttempt(deps, db, attempt)) };
  const claimQueries = [claimAttemptQuery(db, { id: attempt.id })] as const;
  const [[rows], claimed] = await sendInTurn(db, storeQueries(deps, db, attempt), claimQueries);
  const claim = () => {
    if (claimed.status === 'rejected') throw claimed.reason;
    return claimed.value[0].length === 1;
  };
  return { answering: carryOut(deps, storedFrom(rows, attempt), claim) };
}

/** Claims a stored attempt, and carries it out. */
export async function runAttempt(deps: AttemptDeps, attempt: Attempt): Promise<AttemptAnswer> {
  await deps.onStep?.('attempt_stored');
  const claim = async () => (await claimAttemptQuery.rows(deps, { id: attempt.id })).length === 1;
  const answer = await carryOut(deps, attempt, claim);
  await deps.onStep?.('before_answer');
  return answer;
}

/** From here Acuity may have made or changed the appointment. Never throws: returns `outcome_pending` instead. */
async function carryOut(deps: AttemptDeps, attempt: Attempt, claim: Claim): Promise<AttemptAnswer> {
  try {
    if (!(await claim())) return await notClaimed(deps, attempt);
    await deps.onStep?.('before_acuity');
    const call = await kindOf(attempt).callAcuity(deps, attempt);
    await deps.onStep?.('after_acuity');
    return await conclude(deps, attempt, call);
  } catch (error) {
    deps.log.error({ attemptId: attempt.id, err: errorFacts(error) }, 'An attempt was interrupted');
    return pending(attempt);
  }
}

async function conclude(
  deps: AttemptDeps,
  asked: Attempt,
  call: AnsweredCall<AttemptKind> | null,
): Promise<AttemptAnswer> {
  if (!call) return currentOutcome(deps, asked);
  const { attempt, answer } = call;
  if (answer.ok) return finish(deps, attempt, answer.value);
  const verdict = verdictOn(answer);
  switch (verdict.verdict) {
    case 'unknown': {
      const appointment = verdict.wasAnswered ? await kindOf(attempt).readBack(deps, attempt) : null;
      return appointment ? finish(deps, attempt, appointment) : leaveOpen(deps, attempt);
    }
    case 'taken':
      return failAsTaken(deps, attempt);
    case 'out_of_reach':
      return fail(deps, attempt, verdict.refusal, { releaseKey: true });
    case 'refused':
      break;
  }
  const ruling = await kindOf(attempt).rule(deps, attempt, verdict);
  if (ruling === 'taken') return failAsTaken(deps, attempt);
  if ('again' in ruling) return conclude(deps, attempt, ruling.again);
  return fail(deps, attempt, ruling.refusal, ruling);
}

async function finish(deps: AttemptDeps, attempt: Attempt, appointment: Appointment): Promise<AttemptAnswer> {
  const completion = await completeAttempt(deps, attempt, appointment, { step: 'completed' });
  if (completion.outcome === 'unknown') return leaveOpen(deps, attempt);
  if (completion.outcome === 'failed') return failure(answerOf(completion.refusal));
  await deps.onStep?.('invalidated');
  return ok(completion.booking);
}

/**
 * Completes an attempt with what Acuity did, and invalidates the affected free times meanwhile.
 * @param how.step reported to `onStep`
 */
export async function completeAttempt(
  deps: AttemptDeps,
  attempt: Attempt,
  appointment: Appointment,
  how: { step: string; isSettling?: boolean },
): Promise<Completion> {
  const { isSettling = false } = how;
  const completing = kindOf(attempt).complete(deps, attempt, appointment, isSettling);
  // Acuity has made the change, so the free times are invalidated even if completing fails. `setImmediate` lets the
  // transaction send its locks first; invalidating then runs while they are awaited. It never throws.
  const invalidated = setImmediate().then(() => invalidate(deps, attempt, appointment));
  const completion = await completing;
  if (completion.outcome === 'completed') await deps.onStep?.(how.step);
  await invalidated;
  const isRepaired =
    completion.outcome === 'completed' &&
    (appointment.calendarId !== attempt.request.acuity.calendarId ||
      appointment.startsAt.getTime() !== completion.booking.startsAt.getTime() ||
      appointment.durationMinutes !== completion.booking.durationMinutes);
  if (isRepaired) await invalidate(deps, attempt, completion.booking);
  return completion;
}

function invalidate(
  { availability }: AttemptDeps,
  { request }: Attempt,
  { startsAt, durationMinutes }: Pick<Appointment, 'startsAt' | 'durationMinutes'>,
): Promise<void> {
  const { kind, acuity } = request;
  if (kind === 'cancel') return availability.invalidate(acuity.calendarId);
  // Acuity's answer may lack the duration.
  const usual = kind === 'book' ? request.durationMinutes : 0;
  return availability.invalidate(acuity.calendarId, {
    startsAt,
    durationMinutes: durationMinutes || usual,
  });
}

async function notClaimed(deps: AttemptDeps, attempt: Attempt): Promise<AttemptAnswer> {
  const isHeld = await isHeldForOther(deps.db, attempt.id);
  return isHeld ? refuseTime(deps, attempt) : currentOutcome(deps, attempt);
}

async function failAsTaken(deps: AttemptDeps, attempt: Attempt): Promise<AttemptAnswer> {
  const wanted = await kindOf(attempt).wantedTime(deps, attempt);
  if (wanted) await deps.availability.invalidate(attempt.request.acuity.calendarId, wanted);
  return refuseTime(deps, attempt);
}

/** Fails the attempt because the time is taken in Acuity, or is held for somebody else here. */
async function refuseTime(deps: AttemptDeps, attempt: Attempt): Promise<AttemptAnswer> {
  const wanted = await kindOf(attempt).wantedTime(deps, attempt);
  if (!wanted) return fail(deps, attempt, { reason: 'acuity_error' });
  const { specialist, type, startsAt } = wanted;
  const nearest = await deps.availability.nearest(specialist, type, startsAt, attempt.createdById);
  return fail(deps, attempt, slotTaken({ startsAt, nearest }));
}

async function fail(
  deps: AttemptDeps,
  attempt: Attempt,
  refusal: Refusal,
  { releaseKey = false }: Pick<FailOptions, 'releaseKey'> = {},
): Promise<AttemptAnswer> {
  const failed = await failAttempt(deps, attempt, refusal, { releaseKey });
  return failed ? failure(answerOf(refusal)) : currentOutcome(deps, attempt);
}

/** The outcome in Acuity is unknown: runs the settle job now instead of after `settleAfterMs`. */
async function leaveOpen(deps: AttemptDeps, attempt: Attempt): Promise<AttemptAnswer> {
  await deps.jobs.add(settleAttemptJob, { attemptId: attempt.id }, { key: attempt.id });
  return pending(attempt);
}

function pending({ id }: Attempt): AttemptAnswer {
  return failure({ reason: 'outcome_pending', attemptId: id });
}

/** The settle job finished first, or failed this attempt because the request took too long. */
async function currentOutcome(deps: AttemptDeps, attempt: Attempt): Promise<AttemptAnswer> {
  return outcomeOf(deps, (await findAttempt(deps.db, attempt.id)) ?? attempt);
}

export async function outcomeOf(deps: AttemptDeps, attempt: Attempt): Promise<AttemptAnswer> {
  if (attempt.state === 'open') return pending(attempt);
  if (attempt.state === 'failed') return failure(answerOf(attempt.failure ?? { reason: 'acuity_error' }));
  const booking = attempt.bookingId ? await findBooking(deps.db, attempt.bookingId) : null;
  if (!booking) throw new Error(`Attempt ${attempt.id} was completed without a booking`);
  return ok(booking);
}

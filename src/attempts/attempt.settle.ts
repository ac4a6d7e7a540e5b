// Settles attempts whose process died, or whose answer from Acuity was lost: the worker asks Acuity for the outcome.
// Safe to repeat, and to run twice concurrently.
import { findBooking } from '../bookings/index.ts';
import type { Appointment } from '../ports/acuity.ts';
import { removeAppointment } from './attempt.adopt.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { failAttempt } from './attempt.end.ts';
import { checkLateJob, settleAttemptJob } from './attempt.jobs.ts';
import type { Completion } from './attempt.kind.ts';
import { kindOf } from './attempt.kinds.ts';
import {
  findAttempt,
  findAttemptByReference,
  findOpenChange,
  openAttemptsOlderThan,
} from './attempt.repository.ts';
import { completeAttempt } from './attempt.saga.ts';
import { isOfKind, lost, type Attempt } from './attempt.ts';
import { isCarriedOut } from './kind.change.ts';

export interface Settlement {
  /** Completes or fails an open attempt, or adds a job that tries again later. Never gives up. */
  settle(attemptId: string): Promise<void>;
  /** Adds a job for each open attempt that should have been settled; returns how many there were. */
  sweep(): Promise<number>;
  /** After an attempt was declared failed: repairs what Acuity did nevertheless. */
  checkLate(attemptId: string): Promise<void>;
  /**
   * For an appointment with one of our references. `completed`: the booking with that reference (compare its
   * acuityAppointmentId, since somebody may have copied the reference to another appointment). `failed`: the attempt
   * had been declared failed, and the appointment is cancelled. `unknown`: Acuity did not answer, ask again later.
   * `not_ours`: no attempt has this reference. `not_yet`: the appointment is cancelled, and the attempt is still open.
   */
  completeFromAppointment(
    reference: string,
    appointment: Appointment,
  ): Promise<Completion | { outcome: 'not_ours' } | { outcome: 'not_yet' }>;
}

/** In milliseconds, until Acuity is asked again; null: finished. */
type RetryDelay = number | null;

export function createSettlement(deps: AttemptDeps): Settlement {
  return {
    async settle(attemptId) {
      const attempt = await findAttempt(deps.db, attemptId);
      if (attempt?.state !== 'open') return;
      await deps.onStep?.('settle_started');
      const retryDelayMs = await settleOnce(deps, attempt);
      await deps.onStep?.('settle_done');
      if (retryDelayMs === null) return;
      const delayMs = Math.max(100, Math.ceil(retryDelayMs));
      await deps.jobs.add(settleAttemptJob, { attemptId }, { key: attemptId, delayMs });
    },

    async sweep() {
      const ids = await openAttemptsOlderThan(deps.db, timingsOf(deps).sweepAfterMs);
      for (const id of ids) await deps.jobs.add(settleAttemptJob, { attemptId: id }, { key: id });
      return ids.length;
    },

    async checkLate(attemptId) {
      const attempt = await findAttempt(deps.db, attemptId);
      if (!attempt || attempt.state === 'open') return;
      const late = await kindOf(attempt).checkLate(deps, attempt);
      if (late === 'ask_again') await checkLateAgain(deps, attempt);
      else if (late !== 'done') await completeAsSettled(deps, attempt, late);
    },

    async completeFromAppointment(reference, appointment) {
      const attempt = await findAttemptByReference(deps.db, reference);
      if (!attempt) return { outcome: 'not_ours' };
      if (attempt.state === 'completed' && attempt.bookingId) {
        const booking = await findBooking(deps.db, attempt.bookingId);
        if (booking) return { outcome: 'completed', booking };
      }
      if (appointment.canceled) return { outcome: 'not_yet' };
      return completeAsSettled(deps, attempt, appointment);
    },
  };
}

/**
 * Completes our own change when Acuity's event arrives before Acuity's answer, so that the change is recorded under the
 * person's name and not the clinic's. Null when no change of this booking is open, or the appointment does not show it.
 */
export async function completeOpenChange(
  deps: AttemptDeps,
  bookingId: string,
  appointment: Appointment,
): Promise<'updated' | 'cancelled' | null> {
  const open = await findOpenChange(deps.db, bookingId);
  if (!open || !isCarriedOut(open, appointment)) return null;
  await completeAsSettled(deps, open, appointment);
  return isOfKind(open, 'cancel') ? 'cancelled' : 'updated';
}

/** The person was answered `outcome_pending`, so an e-mail tells the outcome. They may try again with the same key. */
const asSettled = { tellReferrer: true, releaseKey: true } as const;

async function settleOnce(deps: AttemptDeps, attempt: Attempt): Promise<RetryDelay> {
  const { uncalledMs, inFlightMs, retryMs } = timingsOf(deps);
  if (attempt.calledAgoMs === null) {
    if (attempt.ageMs < uncalledMs) return uncalledMs - attempt.ageMs;
    // If the request is still running, it can no longer claim the attempt after this, so it does not call Acuity.
    const failed = await failAttempt(deps, attempt, lost, { ...asSettled, onlyUncalled: true });
    return failed ? null : 0;
  }
  const mayBeUnderWayMs = inFlightMs - attempt.calledAgoMs;
  const found = await kindOf(attempt).find(deps, attempt);
  if (!found.ok) {
    const facts = { attemptId: attempt.id, reason: found.reason };
    deps.log.warn(facts, 'The outcome of an attempt cannot be read from Acuity yet');
    return retryMs;
  }
  const finding = found.value;
  if (!finding.isDone) {
    if (!finding.isFinal && mayBeUnderWayMs > 0) return mayBeUnderWayMs;
    const { checkLater } = finding;
    await failAttempt(deps, attempt, await finding.refusal(), { ...asSettled, checkLater });
    return null;
  }
  const completion = await completeAsSettled(deps, attempt, finding.appointment);
  if (completion.outcome === 'unknown') return retryMs;
  for (const { id } of finding.strays) {
    if (!(await removeAppointment(deps, attempt, id))) await checkLateAgain(deps, attempt);
  }
  return null;
}

function completeAsSettled(
  deps: AttemptDeps,
  attempt: Attempt,
  appointment: Appointment,
): Promise<Completion> {
  return completeAttempt(deps, attempt, appointment, { step: 'settle_completed', isSettling: true });
}

async function checkLateAgain(deps: AttemptDeps, { id }: Attempt): Promise<void> {
  const { retryMs } = timingsOf(deps);
  await deps.jobs.add(checkLateJob, { attemptId: id }, { key: `late:${id}`, delayMs: retryMs });
}

// The only place that completes or fails an attempt. Requests, the worker and webhooks call it at any time and
// concurrently; the lock on the attempt's row decides which was first.
import { findBooking, lockBooking, type Booking } from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { checkLateJob } from './attempt.jobs.ts';
import type { Completion } from './attempt.kind.ts';
import { completeOpen, failOpen, failUncalled, findAttempt, lockAttempt } from './attempt.repository.ts';
import type { Attempt, Refusal } from './attempt.ts';

/**
 * Runs `write` and completes the attempt in one transaction, once.
 * @param write writes the booking, its progress, audit row and announcement; returns the booking's id
 * @param options.evenIfFailed completes a failed attempt too, because Acuity carried it out late
 */
export async function completeOnce(
  deps: AttemptDeps,
  attemptId: string,
  write: (trx: Transaction, attempt: Attempt, booking: Booking | null) => Promise<string>,
  options: { evenIfFailed?: boolean } = {},
): Promise<Exclude<Completion, { outcome: 'unknown' }>> {
  return deps.db.transaction(async (trx) => {
    await blockMerges(trx);
    const known = await findAttempt(trx, attemptId);
    // Lock order everywhere: the booking, then the attempt.
    const booking = known?.bookingId ? await lockBooking(trx, known.bookingId) : null;
    const attempt = await lockAttempt(trx, attemptId);
    if (!attempt) throw new Error(`There is no attempt ${attemptId}`);
    if (attempt.state === 'failed' && !options.evenIfFailed) {
      return { outcome: 'failed', refusal: attempt.failure ?? { reason: 'acuity_error' } };
    }
    let { bookingId } = attempt;
    if (attempt.state !== 'completed') {
      bookingId = await write(trx, attempt, booking);
      await completeOpen(trx, attemptId, bookingId);
      await deps.onStep?.('in_complete_transaction');
    }
    return { outcome: 'completed', booking: await bookingOf(trx, attemptId, bookingId) };
  });
}

async function bookingOf(trx: Transaction, attemptId: string, bookingId: string | null): Promise<Booking> {
  const booking = bookingId ? await findBooking(trx, bookingId) : null;
  if (!booking) throw new Error(`Attempt ${attemptId} was completed without a booking`);
  return booking;
}

export interface FailOptions {
  /** The referrer was answered `outcome_pending`: tell them by e-mail. */
  tellReferrer?: boolean;
  /** The answer asks the person to try again: release the idempotency key. */
  releaseKey?: boolean;
  /** Fail it only if Acuity was never called. */
  onlyUncalled?: boolean;
  /** Acuity did not refuse: the appointment or the change may still appear, so check again later. */
  checkLater?: boolean;
}

/**
 * Declares an open attempt failed, once. False when it was settled before, or may not be failed now. If its call still
 * reaches Acuity, the late checks repair that.
 */
export async function failAttempt(
  deps: AttemptDeps,
  attempt: Attempt,
  refusal: Refusal,
  options: FailOptions = {},
): Promise<boolean> {
  return deps.db.transaction(async (trx) => {
    await blockMerges(trx);
    const failed = options.onlyUncalled
      ? await failUncalled(trx, attempt.id, refusal)
      : await failOpen(trx, attempt.id, refusal, options);
    if (!failed) return false;
    await recordFailure(deps, trx, attempt, refusal);
    if (options.tellReferrer && !('byStaff' in attempt.request && attempt.request.byStaff)) {
      await deps.announce(trx, {
        kind: 'booking_failed',
        bookingId: attempt.bookingId,
        attemptId: attempt.id,
      });
    }
    const lateChecksMs = options.checkLater ? timingsOf(deps).lateChecksMs : [];
    for (const [index, delayMs] of lateChecksMs.entries()) {
      await deps.jobs.add(
        checkLateJob,
        { attemptId: attempt.id },
        { trx, delayMs, key: `late:${attempt.id}:${index}` },
      );
    }
    return true;
  });
}

const auditActions = {
  book: 'booking.created',
  reschedule: 'booking.rescheduled',
  cancel: 'booking.cancelled',
} as const;

async function recordFailure(
  deps: AttemptDeps,
  trx: Transaction,
  { id, bookingId, request }: Attempt,
  refusal: Refusal,
): Promise<void> {
  await deps.audit.record(trx, request.actor, {
    action: auditActions[request.kind],
    resourceType: bookingId ? 'booking' : 'booking_attempt',
    resourceId: bookingId ?? id,
    outcome: 'failure',
    metadata: { reason: refusal.reason, attemptId: id },
  });
}

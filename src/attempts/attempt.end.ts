// The only place that completes or fails an attempt. Requests, the worker and webhooks call it at any time and
// concurrently; the lock on the attempt's row decides which was first.
import {
  findBookingQuery,
  lockBookingQuery,
  toBooking,
  type Booking,
  type BookingRow,
} from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import { blockMerges, blockMergesQuery } from '../db/merges.ts';
import { answersTo, endWith, transact, type Ending, type Query } from '../db/statements.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { checkLateJob } from './attempt.jobs.ts';
import type { Completion } from './attempt.kind.ts';
import { completeAttemptQuery, failOpen, lockAttemptQuery, toAttempt } from './attempt.repository.ts';
import type { Attempt, Refusal } from './attempt.ts';

type Settled = Exclude<Completion, { outcome: 'unknown' }>;

/** The booking that was written, and the queries that are still to be sent: they go out together with the commit. */
export interface Written {
  bookingId: string;
  unsent: readonly Query[];
}

/** The rows of each query of `options.reads`. */
type ReadAnswers = readonly (readonly unknown[])[];

/**
 * Runs `write` and completes the attempt in one transaction, once.
 * @param write writes the booking, its progress, audit row and announcement: sends the queries, or returns them unsent
 * @param options.reads queries whose answers `write` needs: sent together with the locks, and carried out after them
 * @param options.evenIfFailed completes a failed attempt too, because Acuity carried it out late
 */
export async function completeOnce(
  deps: AttemptDeps,
  { id, bookingId: changedId }: Pick<Attempt, 'id' | 'bookingId'>,
  write: (
    trx: Transaction,
    attempt: Attempt,
    booking: Booking | null,
    readAnswers: ReadAnswers,
  ) => Promise<Written>,
  options: { evenIfFailed?: boolean; reads?: readonly Query[] } = {},
): Promise<Settled> {
  const { db } = deps;
  const completed = ([row]: BookingRow[]): Settled => {
    if (!row) throw new Error(`Attempt ${id} was completed without a booking`);
    return { outcome: 'completed', booking: toBooking(row) };
  };
  const reads = options.reads ?? [];
  const lockAttempt = lockAttemptQuery(db, { id });
  const changed = changedId && {
    lock: lockBookingQuery(db, { id: changedId }),
    find: findBookingQuery(db, { id: changedId }),
  };
  // Lock order everywhere: merges, the booking, then the attempt.
  const first: readonly Query[] = [
    blockMergesQuery(db, {}),
    ...(changed ? [changed.lock, changed.find] : []),
    lockAttempt,
    ...reads,
  ];
  return transact(db, first, async (trx, answers): Promise<Ending<Settled>> => {
    const answerTo = answersTo(first, answers);
    const [locked] = answerTo(lockAttempt);
    const [booking] = changed ? answerTo(changed.find) : [];
    const readAnswers = reads.map((query) => answerTo(query));
    if (!locked) throw new Error(`There is no attempt ${id}`);
    const attempt = toAttempt(locked);
    if (attempt.state === 'failed' && !options.evenIfFailed) {
      const refusal = attempt.failure ?? { reason: 'acuity_error' };
      return endWith([], () => ({ outcome: 'failed', refusal }));
    }
    if (attempt.state === 'completed') {
      return endWith([findBookingQuery(trx, { id: attempt.bookingId })], ([rows]) => completed(rows));
    }
    const { bookingId, unsent } = await write(trx, attempt, booking ? toBooking(booking) : null, readAnswers);
    await deps.onStep?.('in_complete_transaction');
    const findCompleted = findBookingQuery(trx, { id: bookingId });
    const last: readonly Query[] = [...unsent, completeAttemptQuery(trx, { id, bookingId }), findCompleted];
    return endWith(last, (ended) => completed(answersTo(last, ended)(findCompleted)));
  });
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
    if (!(await failOpen(trx, attempt.id, refusal, options))) return false;
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

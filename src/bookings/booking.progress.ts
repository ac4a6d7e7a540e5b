import { attribution, auditActor, isStaff, type Actor } from '../accounts/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { findVisible } from './booking.access.ts';
import type { BookingDeps } from './booking.deps.ts';
import { changeBooking, insertProgress, lockBooking, progressOf } from './booking.repository.ts';
import {
  movesByHand,
  statusAfter,
  type Progress,
  type ProgressEntry,
  type ProgressFailure,
  type Stale,
} from './booking.ts';

type Answer = Result<ProgressEntry, ProgressFailure | Stale>;

export async function moveProgress(
  deps: BookingDeps,
  actor: Actor,
  bookingId: string,
  to: Progress,
  notes: string,
  expectedVersion?: number,
): Promise<Answer> {
  const visible = await findVisible(deps, actor, bookingId);
  if (!visible) return failure({ reason: 'not_found' });
  if (!isStaff(actor.viewer)) return failure({ reason: 'forbidden' });
  return deps.db.transaction(async (trx): Promise<Answer> => {
    const booking = await lockBooking(trx, bookingId);
    if (!booking) return failure({ reason: 'not_found' });
    if (expectedVersion !== undefined && booking.version !== expectedVersion)
      return failure({ reason: 'stale', current: booking });
    if (!movesByHand(booking).includes(to)) {
      return failure({ reason: 'invalid_transition', from: booking.currentProgress, to });
    }
    // An attempt to move or cancel this booking is under way: it must be settled first.
    const underWay = await deps.findOpenChange(trx, bookingId);
    if (underWay) return failure({ reason: 'outcome_pending', attemptId: underWay.id });

    await changeBooking(trx, bookingId, { status: statusAfter(to), currentProgress: to });
    const { byId, forId } = attribution(actor.viewer);
    const id = deps.ids.uuid();
    await insertProgress(trx, {
      id,
      bookingId,
      progress: to,
      changedById: byId,
      changedForId: forId,
      source: 'portal',
      notes,
    });
    await deps.audit.record(trx, auditActor(actor), {
      action: 'booking.progressed',
      resourceType: 'booking',
      resourceId: bookingId,
      metadata: { from: booking.currentProgress, to },
    });
    if (to === 'no_show') {
      await deps.announce(trx, {
        kind: 'booking_no_show',
        bookingId,
        occasion: `${bookingId}:${booking.version + 1}`,
      });
    }
    const entry = (await progressOf(trx, bookingId)).find((one) => one.id === id);
    if (!entry) throw new Error(`Progress ${id} was written and is not there`);
    return ok(entry);
  });
}

/** A SQL condition on an entry of `booking_progress`: a report may be recalled and made again. */
export const isFirstReport = (alias: string): string => `(${alias}.progress = 'report_generated'
  and not exists (select from booking_progress e where e.booking_id = ${alias}.booking_id
    and e.progress = 'report_generated' and (e.created_at, e.id) < (${alias}.created_at, ${alias}.id)))`;

import { attribution, auditActor, isStaff, type Actor } from '../accounts/index.ts';
import { failure, invalidField, type InvalidFields, ok, type Result } from '../lib/result.ts';
import type { Sent } from '../lib/typed-edit.ts';
import { fieldErrors, typedBox } from '../lib/typed-input.ts';
import { isUuid } from '../lib/uuid.ts';
import { findVisible } from './booking.access.ts';
import type { BookingDeps } from './booking.deps.ts';
import { progressRequestSchema } from './booking.input.ts';
import { changeBooking, findBooking, insertProgress, lockBooking, progressOf } from './booking.repository.ts';
import {
  movesByHand,
  statusAfter,
  type Booking,
  type Progress,
  type ProgressEntry,
  type ProgressFailure,
  type Stale,
} from './booking.ts';

type Answer = Result<ProgressEntry, ProgressFailure | Stale>;

/** Every progress that staff choose by hand says that the examination is over. */
export function isAhead({ startsAt }: Pick<Booking, 'startsAt'>, now: Date): boolean {
  return startsAt > now;
}

const chosenProgress = progressRequestSchema.extend({ isCertain: typedBox().catch(false) });

export async function chooseProgress(
  deps: BookingDeps,
  actor: Actor,
  bookingId: string,
  version: number,
  sent: Sent,
): Promise<Result<ProgressEntry, ProgressFailure | Stale | InvalidFields>> {
  const typed = chosenProgress.safeParse(sent);
  if (!typed.success) return failure({ reason: 'invalid', errors: fieldErrors(typed.error) });
  const { progress, notes, isCertain } = typed.data;
  const booking = isCertain || !isUuid(bookingId) ? null : await findBooking(deps.db, bookingId);
  if (booking && isAhead(booking, deps.clock.now()))
    return invalidField('isCertain', 'The examination is in the future: tick this if you are certain');
  return moveProgress(deps, actor, bookingId, progress, notes, version);
}

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

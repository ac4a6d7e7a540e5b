// Moves and cancels: checks the request, stores the attempt, and runs it (attempt.saga.ts).
import { createHash } from 'node:crypto';
import { attribution, auditActor, isStaff, type Actor } from '../accounts/index.ts';
import { canMove, findVisible, lockBooking, maySee, type Booking } from '../bookings/index.ts';
import { failure, invalidField, ok, type Result } from '../lib/result.ts';
import { offers, type Specialist } from '../specialists/index.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { findOpenChange, waitUntilSettled } from './attempt.repository.ts';
import { runAttempt, storeAttempt } from './attempt.saga.ts';
import type { Attempt, AttemptRequest, ChangeFailure, ChangeKind, NewAttempt } from './attempt.ts';

type Answer = Result<Booking, ChangeFailure>;
export type ChangeRequest = (
  | { kind: 'reschedule'; startsAt: Date }
  | { kind: 'cancel'; reason: string | null }
) & {
  /** The booking's time when the person decided; null: unknown. */
  seenStartsAt: Date | null;
};

export async function change(
  deps: AttemptDeps,
  actor: Actor,
  bookingId: string,
  request: ChangeRequest,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const booking = await findVisible(deps, actor, bookingId);
    if (!booking) return failure({ reason: 'not_found' });
    if (isFulfilled(booking, request)) return ok(booking);
    const refusal =
      changeRefusal(deps, booking, request) ?? (await slotRefusal(deps, actor, booking, request));
    if (refusal) return (await fulfilledMeanwhile(deps, actor, bookingId, request)) ?? refusal;
    await deps.onStep?.('authorised');

    const stored = await store(deps, actor, booking, request);
    if ('attempt' in stored) return runAttempt(deps, stored.attempt);
    if ('answer' in stored) return stored.answer;
    // Another change of this booking is under way: wait for its outcome, then check again.
    const settled = await waitUntilSettled(deps.db, stored.other.id, timingsOf(deps).patienceMs);
    if (!settled || settled.state === 'open' || tries >= 3) {
      return failure({ reason: 'outcome_pending', attemptId: stored.other.id });
    }
    if (settled.state === 'completed' && deps.digests.isOf(settled.requestHash, hashOf(request))) {
      const changed = await findVisible(deps, actor, bookingId);
      return changed ? ok(changed) : failure({ reason: 'not_found' });
    }
  }
}

/** A repeated request, such as a double click, changes nothing. */
function isFulfilled(booking: Booking, request: ChangeRequest): boolean {
  return (
    request.kind === 'reschedule' &&
    booking.status === 'active' &&
    booking.startsAt.getTime() === request.startsAt.getTime()
  );
}

/** After a double click, the other request may be taking the time, or have taken it since this one read the booking. */
async function fulfilledMeanwhile(
  deps: AttemptDeps,
  actor: Actor,
  bookingId: string,
  request: ChangeRequest,
): Promise<Answer | null> {
  const twin = await findOpenChange(deps.db, bookingId);
  if (twin) await waitUntilSettled(deps.db, twin.id, timingsOf(deps).patienceMs);
  const booking = await findVisible(deps, actor, bookingId);
  return booking && isFulfilled(booking, request) ? ok(booking) : null;
}

function changeRefusal(deps: AttemptDeps, booking: Booking, request: ChangeRequest): Answer | null {
  const to = request.kind === 'cancel' ? 'cancelled' : 'rescheduled';
  if (booking.status === 'cancelled') return failure({ reason: 'already_cancelled' });
  if (!canMove(booking, to))
    return failure({ reason: 'invalid_transition', from: booking.currentProgress, to });
  const { seenStartsAt } = request;
  if (seenStartsAt && seenStartsAt.getTime() !== booking.startsAt.getTime())
    return failure({ reason: 'stale', current: booking });
  if (request.kind === 'reschedule' && request.startsAt <= deps.clock.now()) {
    return invalidField('startsAt', 'This time has passed: choose a later one');
  }
  return null;
}

async function slotRefusal(
  deps: AttemptDeps,
  actor: Actor,
  booking: Booking,
  request: ChangeRequest,
): Promise<Answer | null> {
  if (request.kind === 'cancel') return null;
  const specialist = await specialistOf(deps, booking);
  if (!offers(specialist, booking.type)) {
    return invalidField(
      'startsAt',
      'The specialist no longer offers this kind of examination: call the agency to move it',
    );
  }
  const personId = attribution(actor.viewer).byId;
  if (overlapsItself(booking, request.startsAt)) return null;
  const free = await deps.availability.isFree(specialist, booking.type, request.startsAt, { personId });
  if (free !== 'taken') return null;
  const nearest = await deps.availability.nearest(specialist, booking.type, request.startsAt, personId);
  return failure({ reason: 'slot_taken', startsAt: request.startsAt, nearest });
}

// Acuity's free times exclude those that overlap the appointment itself, but Acuity accepts a move to them.
function overlapsItself(booking: Booking, startsAt: Date): boolean {
  const hourMs = 3_600_000;
  const reachMs = booking.durationMinutes * 60_000 + hourMs;
  return Math.abs(booking.startsAt.getTime() - startsAt.getTime()) < reachMs;
}

async function specialistOf(deps: AttemptDeps, booking: Booking): Promise<Specialist> {
  const specialist = await deps.specialists.findById(booking.specialist.id);
  if (!specialist) throw new Error(`Booking ${booking.id} has no specialist`);
  return specialist;
}

type Stored = { attempt: Attempt } | { other: Attempt } | { answer: Answer };

async function store(
  deps: AttemptDeps,
  actor: Actor,
  visible: Booking,
  request: ChangeRequest,
): Promise<Stored> {
  const specialist = await specialistOf(deps, visible);
  const id = deps.ids.uuid();
  return deps.db.transaction(async (trx): Promise<Stored> => {
    const booking = await lockBooking(trx, visible.id);
    // The booking may have been assigned to another organisation since it was read.
    if (!booking || !maySee(actor.viewer, booking)) return { answer: failure({ reason: 'not_found' }) };
    if (isFulfilled(booking, request)) return { answer: ok(booking) };
    const refusal = changeRefusal(deps, booking, request);
    if (refusal) return { answer: refusal };
    const other = await findOpenChange(trx, booking.id);
    if (other) return { other };
    const attempt = { ...attemptFor(deps, actor, booking, specialist, request), id };
    return { attempt: await storeAttempt(deps, trx, attempt) };
  });
}

function hashOf(request: ChangeRequest): string {
  const parts = request.kind === 'cancel' ? ['cancel'] : ['reschedule', request.startsAt.toISOString()];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function attemptFor(
  deps: AttemptDeps,
  actor: Actor,
  booking: Booking,
  specialist: Specialist,
  request: ChangeRequest,
): Omit<NewAttempt, 'id'> {
  const { byId, forId } = attribution(actor.viewer);
  const common = {
    actor: auditActor(actor),
    byStaff: isStaff(actor.viewer),
    acuity: { appointmentId: booking.acuityAppointmentId, calendarId: specialist.acuityCalendarId },
  };
  const attemptRequest: AttemptRequest<ChangeKind> =
    request.kind === 'cancel'
      ? { kind: 'cancel', ...common, reason: request.reason }
      : { kind: 'reschedule', ...common, previousStartsAt: booking.startsAt.toISOString() };
  return {
    bookingId: booking.id,
    reference: booking.reference,
    specialistId: specialist.id,
    organizationId: booking.organization?.id ?? null,
    createdById: byId,
    createdForId: forId,
    idempotencyKey: null,
    requestHash: deps.digests.of(hashOf(request)),
    request: attemptRequest,
    startsAt: request.kind === 'reschedule' ? request.startsAt : null,
  };
}

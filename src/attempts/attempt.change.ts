// Reschedule and cancel: the same story as a booking, on an appointment that is there already.
import { createHash } from 'node:crypto';
import { attribution, auditActor, isStaff, type Actor } from '../accounts/index.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import { offers, type Specialist } from '../specialists/index.ts';
import { verdictOn } from './attempt.acuity.ts';
import { forget } from './attempt.adopt.ts';
import { applyChange, isCarriedOut } from './attempt.apply.ts';
import { failIntention } from './attempt.complete.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { settleIntentionJob } from './attempt.jobs.ts';
import { nearestTo } from './attempt.plan.ts';
import {
  claimForCall,
  findIntention,
  findOpenChange,
  fromRefusal,
  insertIntention,
  toRefusal,
  waitUntilSettled,
  type ChangeOrder,
  type Intention,
  type NewIntention,
  type Refusal,
} from './attempt.repository.ts';
import type { ChangeFailure } from './attempt.service.ts';
import {
  canMove,
  findBooking,
  findVisible,
  lockBooking,
  maySee,
  type Booking,
  type FieldError,
} from '../bookings/index.ts';

type Answer = Result<Booking, ChangeFailure>;
export type Wish = { kind: 'reschedule'; startsAt: Date } | { kind: 'cancel'; reason: string | null };

export async function change(
  deps: AttemptDeps,
  actor: Actor,
  bookingId: string,
  wish: Wish,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const booking = await findVisible(deps, actor, bookingId);
    if (!booking) return failure({ reason: 'not_found' });
    if (isWishFulfilled(booking, wish)) return ok(booking);
    const refusal = whyNot(deps, booking, wish) ?? (await whyNotFree(deps, booking, wish));
    if (refusal) return refusal;
    await deps.onStep?.('authorised');

    const stored = await storeIntention(deps, actor, booking, wish);
    if ('intention' in stored) return carryOut(deps, stored.intention, booking);
    if ('refusal' in stored) return stored.refusal;
    // Somebody is changing this booking right now: their answer comes first.
    const settled = await waitUntilSettled(deps.db, stored.other.id, timingsOf(deps).patienceMs);
    if (!settled || settled.state === 'open' || tries >= 3) {
      return failure({ reason: 'outcome_pending', intentionId: stored.other.id });
    }
    if (settled.state === 'completed' && settled.requestHash === hashOf(wish)) {
      const changed = await findVisible(deps, actor, bookingId);
      return changed ? ok(changed) : failure({ reason: 'not_found' });
    }
  }
}

/** A double click on "Move it there" finds it there. */
function isWishFulfilled(booking: Booking, wish: Wish): boolean {
  return (
    wish.kind === 'reschedule' &&
    booking.status === 'active' &&
    booking.startsAt.getTime() === wish.startsAt.getTime()
  );
}

function whyNot(deps: AttemptDeps, booking: Booking, wish: Wish): Answer | null {
  const to = wish.kind === 'cancel' ? 'cancelled' : 'rescheduled';
  if (booking.status === 'cancelled') return failure({ reason: 'already_cancelled' });
  if (!canMove(booking, to))
    return failure({ reason: 'invalid_transition', from: booking.currentProgress, to });
  if (wish.kind === 'reschedule' && wish.startsAt <= deps.clock.now()) {
    return invalid('startsAt', 'This time has passed: choose a later one');
  }
  return null;
}

function invalid(path: string, message: string): Answer {
  const errors: FieldError[] = [{ path, message }];
  return failure({ reason: 'invalid', errors });
}

async function whyNotFree(deps: AttemptDeps, booking: Booking, wish: Wish): Promise<Answer | null> {
  if (wish.kind === 'cancel') return null;
  const specialist = await specialistOf(deps, booking);
  if (!offers(specialist, booking.type)) {
    return invalid(
      'startsAt',
      'The specialist no longer offers this kind of examination: call the agency to move it',
    );
  }
  if (overlapsItself(booking, wish.startsAt)) return null;
  const free = await deps.availability.isFree(specialist, booking.type, wish.startsAt);
  if (free !== 'taken') return null;
  const nearest = await nearestTo(deps, specialist, booking.type, wish.startsAt);
  return failure({ reason: 'slot_taken', startsAt: wish.startsAt, nearest });
}

// Acuity's list of free times counts the appointment against itself; asked to move it, Acuity does not.
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

type Stored = { intention: Intention<ChangeOrder> } | { other: Intention } | { refusal: Answer };

async function storeIntention(deps: AttemptDeps, actor: Actor, seen: Booking, wish: Wish): Promise<Stored> {
  const specialist = await specialistOf(deps, seen);
  const id = deps.ids.uuid();
  return deps.db.transaction(async (trx): Promise<Stored> => {
    const booking = await lockBooking(trx, seen.id);
    // It may have been assigned to another organisation since it was read.
    if (!booking || !maySee(actor.viewer, booking)) return { refusal: failure({ reason: 'not_found' }) };
    const refusal = whyNot(deps, booking, wish);
    if (refusal) return { refusal };
    const other = await findOpenChange(trx, booking.id);
    if (other) return { other };
    await insertIntention(trx, { ...intentionFor(actor, booking, specialist, wish), id });
    await deps.jobs.add(
      settleIntentionJob,
      { intentionId: id },
      { trx, key: id, delayMs: timingsOf(deps).settleAfterMs },
    );
    return { intention: (await findIntention(trx, id)) as Intention<ChangeOrder> };
  });
}

function hashOf(wish: Wish): string {
  const said = wish.kind === 'cancel' ? ['cancel'] : ['reschedule', wish.startsAt.toISOString()];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

function intentionFor(
  actor: Actor,
  booking: Booking,
  specialist: Specialist,
  wish: Wish,
): Omit<NewIntention, 'id'> {
  const { byId, forId } = attribution(actor.viewer);
  const common = {
    actor: auditActor(actor),
    byStaff: isStaff(actor.viewer),
    acuity: { appointmentId: booking.acuityAppointmentId, calendarId: specialist.acuityCalendarId },
  };
  const order: ChangeOrder =
    wish.kind === 'cancel'
      ? { kind: 'cancel', ...common, reason: wish.reason }
      : { kind: 'reschedule', ...common, previousStartsAt: booking.startsAt.toISOString() };
  return {
    bookingId: booking.id,
    reference: booking.reference,
    specialistId: specialist.id,
    organizationId: booking.organization?.id ?? null,
    createdById: byId,
    createdForId: forId,
    idempotencyKey: null,
    requestHash: hashOf(wish),
    order,
    startsAt: wish.kind === 'reschedule' ? wish.startsAt : null,
  };
}

/** From here on Acuity may have changed something: no error may leave as if nothing had happened. */
async function carryOut(
  deps: AttemptDeps,
  intention: Intention<ChangeOrder>,
  booking: Booking,
): Promise<Answer> {
  try {
    await deps.onStep?.('intention_stored');
    if (!(await claimForCall(deps.db, intention.id))) return await outcomeOf(deps, intention);
    await deps.onStep?.('before_acuity');
    const changed = await readable(deps, intention, await askAcuity(deps, intention));
    await deps.onStep?.('after_acuity');
    if (changed.ok) {
      if (!isCarriedOut(intention, changed.value)) return await leaveOpen(deps, intention);
      return await finish(deps, intention, changed.value);
    }
    const refusal = await refusalFor(deps, intention, booking, changed);
    if (!refusal) return await leaveOpen(deps, intention);
    const failed = await failIntention(deps, intention, refusal);
    return failed ? answerFor(refusal) : await outcomeOf(deps, intention);
  } catch (error) {
    deps.log.error({ intentionId: intention.id, err: errorFacts(error) }, 'A change was interrupted');
    return failure({ reason: 'outcome_pending', intentionId: intention.id });
  }
}

/** As the client first, so that the clinic's own rules hold; staff may overrule those about notice. */
async function askAcuity(
  deps: AttemptDeps,
  intention: Intention<ChangeOrder>,
): Promise<AcuityResult<Appointment>> {
  const asked = await askAs(deps, intention, false);
  const isPolicy = !asked.ok && asked.reason === 'refused' && policyCodes.has(asked.code);
  return isPolicy && intention.order.byStaff ? askAs(deps, intention, true) : asked;
}

const policyCodes = new Set([
  'cancel_not_allowed',
  'cancel_too_close',
  'reschedule_not_allowed',
  'reschedule_too_close',
]);

function askAs(deps: AttemptDeps, { order, startsAt }: Intention<ChangeOrder>, asStaff: boolean) {
  if (order.kind === 'cancel') {
    return deps.acuity.cancel(order.acuity.appointmentId, {
      asStaff,
      ...(order.reason && { note: order.reason }),
    });
  }
  if (!startsAt) throw new Error('A reschedule without a time');
  return deps.acuity.reschedule(order.acuity.appointmentId, {
    startsAt,
    calendarId: order.acuity.calendarId,
    asStaff,
  });
}

/** An answer in words we do not know is no loss here: the appointment can be read. */
async function readable(
  deps: AttemptDeps,
  { order }: Intention<ChangeOrder>,
  changed: AcuityResult<Appointment>,
): Promise<AcuityResult<Appointment>> {
  if (changed.ok || changed.reason !== 'unreadable') return changed;
  return deps.acuity.getAppointment(order.acuity.appointmentId);
}

async function finish(
  deps: AttemptDeps,
  intention: Intention<ChangeOrder>,
  appointment: Appointment,
): Promise<Answer> {
  await deps.onStep?.('before_complete');
  const booking = await applyChange(deps, intention.id, appointment);
  await deps.onStep?.('completed');
  await forget(
    deps,
    intention.order.acuity.calendarId,
    intention.order.kind === 'reschedule' ? booking : undefined,
  );
  await deps.onStep?.('invalidated');
  return ok(booking);
}

/** Null when nobody knows what Acuity did. */
async function refusalFor(
  deps: AttemptDeps,
  { order, startsAt }: Intention<ChangeOrder>,
  booking: Booking,
  changed: Exclude<AcuityResult<Appointment>, { ok: true }>,
): Promise<Refusal | null> {
  const verdict = verdictOn(changed);
  if (verdict.verdict === 'unknown') return null;
  if (verdict.verdict === 'out_of_reach') {
    return { reason: 'acuity_unavailable', retryAfterMs: verdict.retryAfterMs };
  }
  if (verdict.verdict === 'taken' && startsAt) {
    await forget(deps, order.acuity.calendarId, { startsAt, durationMinutes: booking.durationMinutes });
    const nearest = await nearestTo(deps, await specialistOf(deps, booking), booking.type, startsAt);
    return toRefusal({ startsAt, nearest });
  }
  const code = verdict.verdict === 'refused' ? verdict.code : '';
  if (code === 'reschedule_canceled') return { reason: 'already_cancelled' };
  if (policyCodes.has(code)) {
    const message = 'It is too late to change this examination here: call us, and we arrange it';
    return { reason: 'invalid', errors: [{ path: order.kind === 'reschedule' ? 'startsAt' : '', message }] };
  }
  return { reason: 'acuity_error' };
}

function answerFor(refusal: Refusal): Answer {
  return failure(fromRefusal(refusal));
}

async function leaveOpen(deps: AttemptDeps, intention: Intention): Promise<Answer> {
  await deps.jobs.add(settleIntentionJob, { intentionId: intention.id }, { key: intention.id });
  return failure({ reason: 'outcome_pending', intentionId: intention.id });
}

/** The worker was quicker, or took us for dead. */
async function outcomeOf(deps: AttemptDeps, intention: Intention<ChangeOrder>): Promise<Answer> {
  const current = await findIntention(deps.db, intention.id);
  if (current?.state === 'completed' && current.bookingId) return currentBooking(deps, current.bookingId);
  if (current?.state === 'failed' && current.failure) return answerFor(current.failure);
  return failure({ reason: 'outcome_pending', intentionId: intention.id });
}

async function currentBooking(deps: AttemptDeps, bookingId: string): Promise<Answer> {
  const booking = await findBooking(deps.db, bookingId);
  return booking ? ok(booking) : failure({ reason: 'not_found' });
}

// How a story ends whose teller died: the worker asks Acuity what came of it. Safe to repeat and to run twice at once.
import type { Appointment } from '../ports/acuity.ts';
import { findAppointmentsOf, hasReference } from './attempt.acuity.ts';
import { adoptAppointment, forget, removeAppointment, type Adoption } from './attempt.adopt.ts';
import { applyChange, isCarriedOut } from './attempt.apply.ts';
import { failIntention } from './attempt.complete.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { checkLateJob, settleIntentionJob } from './attempt.jobs.ts';
import { checkQuestions } from './attempt.questions.ts';
import {
  findIntention,
  findIntentionByReference,
  openIntentionsOlderThan,
  type BookOrder,
  type ChangeOrder,
  type Intention,
  type Refusal,
} from './attempt.repository.ts';
import { findBooking, findBookingByAppointment, type Booking } from '../bookings/index.ts';

export interface Settlement {
  /** Finishes or fails an open intention, or comes back to it later by a job of its own. Never gives up. */
  settle(intentionId: string): Promise<void>;
  /** A job for every open intention that should long be settled; how many there were. */
  sweep(): Promise<number>;
  /** After an intention was declared failed: what appeared in Acuity all the same is put right. */
  checkLate(intentionId: string): Promise<void>;
  /**
   * For webhooks: an appointment with one of our references. `completed` gives the booking of that reference (compare
   * its acuityAppointmentId: somebody may have copied the reference onto another appointment); `failed`: the attempt
   * had been given up, the appointment is cancelled; `unknown`: Acuity did not answer, ask again later;
   * `not_ours`: no attempt has this reference; `not_yet`: it is cancelled, and the attempt is still open.
   */
  completeFromAppointment(
    reference: string,
    appointment: Appointment,
  ): Promise<Adoption | { outcome: 'not_ours' } | { outcome: 'not_yet' }>;
}

/** null: over. Else: look again after so many milliseconds. */
type LookAgain = number | null;

const lost: Refusal = { reason: 'acuity_unavailable', retryAfterMs: 0 };

export function createSettlement(deps: AttemptDeps): Settlement {
  return {
    async settle(intentionId) {
      const intention = await findIntention(deps.db, intentionId);
      if (intention?.state !== 'open') return;
      await deps.onStep?.('settle_started');
      const lookAgain = await settleOnce(deps, intention);
      await deps.onStep?.('settle_done');
      if (lookAgain === null) return;
      const delayMs = Math.max(100, Math.ceil(lookAgain));
      await deps.jobs.add(settleIntentionJob, { intentionId }, { key: intentionId, delayMs });
    },

    async sweep() {
      const ids = await openIntentionsOlderThan(deps.db, timingsOf(deps).sweepAfterMs);
      for (const intentionId of ids) {
        await deps.jobs.add(settleIntentionJob, { intentionId }, { key: intentionId });
      }
      return ids.length;
    },

    checkLate: (intentionId) => checkLate(deps, intentionId),

    async completeFromAppointment(reference, appointment) {
      const intention = await findIntentionByReference(deps.db, reference);
      if (!intention) return { outcome: 'not_ours' };
      if (intention.state === 'completed' && intention.bookingId) {
        const booking = await findBooking(deps.db, intention.bookingId);
        if (booking) return { outcome: 'completed', booking };
      }
      if (appointment.canceled) return { outcome: 'not_yet' };
      return adoptAsItStands(deps, intention as Intention<BookOrder>, appointment);
    },
  };
}

async function settleOnce(deps: AttemptDeps, intention: Intention): Promise<LookAgain> {
  const timings = timingsOf(deps);
  if (intention.calledAgoMs === null) {
    if (intention.ageMs < timings.uncalledMs) return timings.uncalledMs - intention.ageMs;
    // Whoever would still call must claim the intention first, and cannot after this.
    const failed = await failIntention(deps, intention, lost, { onlyUncalled: true, tell: true });
    return failed ? null : 0;
  }
  const mayBeUnderWayMs = timings.inFlightMs - intention.calledAgoMs;
  return intention.order.kind === 'book'
    ? settleBooking(deps, intention as Intention<BookOrder>, mayBeUnderWayMs)
    : settleChange(deps, intention as Intention<ChangeOrder>, mayBeUnderWayMs);
}

async function settleBooking(
  deps: AttemptDeps,
  intention: Intention<BookOrder>,
  mayBeUnderWayMs: number,
): Promise<LookAgain> {
  const { retryMs } = timingsOf(deps);
  const found = await findAppointmentsOf(deps, intention);
  if (!found.ok) return outOfReach(deps, intention, found.reason);
  const [first, ...others] = await keptFirst(deps, found.value);
  if (!first) {
    // Found, but cancelled again: there is nothing to wait for.
    if (found.value.length === 0 && mayBeUnderWayMs > 0) return mayBeUnderWayMs;
    const refusal = found.value.length === 0 ? await likelyRefusal(deps, intention) : lost;
    await failIntention(deps, intention, refusal, { tell: true, checkLater: true });
    return null;
  }
  const adoption = await adoptAsItStands(deps, intention, first);
  if (adoption.outcome === 'unknown') return retryMs;
  for (const other of others) {
    if (!(await removeAppointment(deps, intention, other.id))) {
      await deps.jobs.add(
        checkLateJob,
        { intentionId: intention.id },
        { key: `late:${intention.id}`, delayMs: retryMs },
      );
    }
  }
  return null;
}

/** Acuity made nothing. The reason may be a question that was added since: then whoever booked can answer it. */
async function likelyRefusal(deps: AttemptDeps, { order }: Intention<BookOrder>): Promise<Refusal> {
  await deps.questions.readAgain();
  const { errors } = await checkQuestions(deps, order.acuity.appointmentTypeId, order);
  return errors.length > 0 ? { reason: 'invalid', errors } : lost;
}

function outOfReach(deps: AttemptDeps, intention: Intention, reason: string): LookAgain {
  deps.log.warn(
    { intentionId: intention.id, reason },
    'Acuity cannot be asked yet what became of an attempt',
  );
  return timingsOf(deps).retryMs;
}

/** The active ones; one that is a booking already comes first. */
async function keptFirst(deps: AttemptDeps, appointments: Appointment[]): Promise<Appointment[]> {
  const active = appointments.filter((appointment) => !appointment.canceled);
  for (const appointment of active) {
    if (await findBookingByAppointment(deps.db, appointment.id)) {
      return [appointment, ...active.filter((other) => other !== appointment)];
    }
  }
  return active;
}

/** The time is taken as it stands: the clinic may have moved the appointment since, and Acuity is right. */
async function adoptAsItStands(
  deps: AttemptDeps,
  intention: Intention<BookOrder>,
  appointment: Appointment,
): Promise<Adoption> {
  const asItStands = { ...intention, startsAt: appointment.startsAt };
  const adoption = await adoptAppointment(deps, asItStands, appointment, { tell: true });
  if (adoption.outcome === 'completed') {
    await deps.onStep?.('settle_completed');
    await forget(deps, intention.order.acuity.calendarId, adoption.booking);
  }
  return adoption;
}

async function settleChange(
  deps: AttemptDeps,
  intention: Intention<ChangeOrder>,
  mayBeUnderWayMs: number,
): Promise<LookAgain> {
  const found = await deps.acuity.getAppointment(intention.order.acuity.appointmentId);
  if (!found.ok && found.reason !== 'not_found') return outOfReach(deps, intention, found.reason);
  if (found.ok && isCarriedOut(intention, found.value)) {
    await apply(deps, intention, found.value);
    return null;
  }
  const isGone = !found.ok || found.value.canceled;
  if (!isGone && mayBeUnderWayMs > 0) return mayBeUnderWayMs;
  const refusal: Refusal = isGone ? { reason: found.ok ? 'already_cancelled' : 'acuity_error' } : lost;
  await failIntention(deps, intention, refusal, { tell: true, checkLater: !isGone });
  return null;
}

async function apply(
  deps: AttemptDeps,
  intention: Intention<ChangeOrder>,
  appointment: Appointment,
): Promise<Booking> {
  const booking = await applyChange(deps, intention.id, appointment);
  const isMoved = intention.order.kind === 'reschedule';
  await forget(deps, intention.order.acuity.calendarId, isMoved ? booking : undefined);
  return booking;
}

async function checkLate(deps: AttemptDeps, intentionId: string): Promise<void> {
  const intention = await findIntention(deps.db, intentionId);
  if (!intention || intention.state === 'open') return;
  const isOver =
    intention.order.kind === 'book'
      ? await removeStrays(deps, intention as Intention<BookOrder>)
      : await applyLate(deps, intention as Intention<ChangeOrder>);
  if (isOver) return;
  const { retryMs } = timingsOf(deps);
  await deps.jobs.add(checkLateJob, { intentionId }, { key: `late:${intentionId}`, delayMs: retryMs });
}

/** Every active appointment of this attempt that is not its booking's is cancelled (rule 1). */
async function removeStrays(deps: AttemptDeps, intention: Intention<BookOrder>): Promise<boolean> {
  // Without the reference an appointment of the same client at the same time may be a newer attempt's.
  if (!(await hasReference(deps, intention))) return true;
  const found = await findAppointmentsOf(deps, intention);
  if (!found.ok) return false;
  let areGone = true;
  for (const appointment of found.value.filter((one) => !one.canceled)) {
    if (await findBookingByAppointment(deps.db, appointment.id)) continue;
    areGone = (await removeAppointment(deps, intention, appointment.id)) && areGone;
  }
  return areGone;
}

/** Acuity has changed it after all: then it is changed. */
async function applyLate(deps: AttemptDeps, intention: Intention<ChangeOrder>): Promise<boolean> {
  if (intention.state !== 'failed') return true;
  const found = await deps.acuity.getAppointment(intention.order.acuity.appointmentId);
  if (!found.ok) return found.reason === 'not_found';
  if (isCarriedOut(intention, found.value)) await apply(deps, intention, found.value);
  return true;
}

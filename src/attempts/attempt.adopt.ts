// From an appointment that stands in Acuity to a booking, or, when it cannot become one, to no appointment.
import { systemActor } from '../audit/index.ts';
import { errorFacts } from '../lib/error-facts.ts';
import type { Appointment } from '../ports/acuity.ts';
import { isAsOrdered, verdictOn } from './attempt.acuity.ts';
import { completeBooking, failIntention, type FailOptions } from './attempt.complete.ts';
import { overlapsAnother } from './attempt.create.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import {
  findIntention,
  toRefusal,
  type BookOrder,
  type Intention,
  type Refusal,
} from './attempt.repository.ts';
import type { Booking } from '../bookings/index.ts';

export type Adoption =
  | { outcome: 'completed'; booking: Booking }
  | { outcome: 'failed'; refusal: Refusal }
  /** Acuity did not say what became of the repair: the intention stays open. */
  | { outcome: 'unknown' };

/** Safe to repeat, and to run twice at once. */
export async function adoptAppointment(
  deps: AttemptDeps,
  intention: Intention<BookOrder>,
  given: Appointment,
  failOptions: FailOptions = {},
): Promise<Adoption> {
  const appointment = isAsOrdered(intention, given) ? given : await repair(deps, intention, given);
  if (appointment === 'unknown') return { outcome: 'unknown' };
  if (appointment === 'removed') {
    const refusal: Refusal = { reason: 'acuity_error' };
    await failIntention(deps, intention, refusal, failOptions);
    return { outcome: 'failed', refusal };
  }
  if (intention.order.acuity.asStaff && (await isStillOpen(deps, intention))) {
    const overlaps = await overlapsAnother(deps, appointment);
    if (!overlaps.ok) return { outcome: 'unknown' };
    if (overlaps.value) return giveTimeBack(deps, intention, appointment, failOptions);
  }
  await deps.onStep?.('before_complete');
  const completion = await completeBooking(deps, intention.id, appointment);
  // We were given up on while Acuity took its time: what it made must not stay (rule 1).
  if (completion.outcome === 'failed') await removeAppointment(deps, intention, appointment.id);
  return completion;
}

/** For appointments that were made without Acuity's own check: somebody else has this time. */
async function giveTimeBack(
  deps: AttemptDeps,
  intention: Intention<BookOrder>,
  appointment: Appointment,
  failOptions: FailOptions,
): Promise<Adoption> {
  if (!(await removeAppointment(deps, intention, appointment.id))) return { outcome: 'unknown' };
  const refusal = toRefusal({ startsAt: appointment.startsAt, nearest: [] });
  await failIntention(deps, intention, refusal, failOptions);
  return { outcome: 'failed', refusal };
}

async function isStillOpen(deps: AttemptDeps, { id }: Intention): Promise<boolean> {
  return (await findIntention(deps.db, id))?.state === 'open';
}

/** Acuity may have picked another specialist, whatever it was asked: put it right, or take it away. */
async function repair(
  deps: AttemptDeps,
  intention: Intention<BookOrder>,
  appointment: Appointment,
): Promise<Appointment | 'removed' | 'unknown'> {
  const { acuity } = intention.order;
  deps.log.warn(
    { intentionId: intention.id, appointmentId: appointment.id, calendarId: appointment.calendarId },
    'Acuity made another appointment than the one it was asked for',
  );
  if (appointment.appointmentTypeId === acuity.appointmentTypeId && intention.startsAt) {
    const moved = await deps.acuity.reschedule(appointment.id, {
      startsAt: intention.startsAt,
      calendarId: acuity.calendarId,
    });
    if (moved.ok && isAsOrdered(intention, moved.value)) {
      await recordRepair(deps, intention, appointment, 'moved');
      await forget(deps, appointment.calendarId);
      return moved.value;
    }
    if (!moved.ok && verdictOn(moved).verdict === 'unknown') return 'unknown';
  }
  return (await removeAppointment(deps, intention, appointment.id)) ? 'removed' : 'unknown';
}

/** False when Acuity did not confirm it. An appointment that is gone, or cancelled already, is as good. */
export async function removeAppointment(
  deps: AttemptDeps,
  intention: Intention,
  appointmentId: number,
): Promise<boolean> {
  const cancelled = await deps.acuity.cancel(appointmentId, { asStaff: true });
  if (!cancelled.ok && cancelled.reason !== 'not_found') {
    deps.log.warn(
      { intentionId: intention.id, appointmentId, reason: cancelled.reason },
      'An appointment without a booking could not be cancelled yet',
    );
    return false;
  }
  await recordRepair(deps, intention, { id: appointmentId }, 'cancelled');
  if (cancelled.ok) await forget(deps, cancelled.value.calendarId);
  return true;
}

async function recordRepair(
  deps: AttemptDeps,
  intention: Intention,
  appointment: Pick<Appointment, 'id'> & Partial<Pick<Appointment, 'calendarId'>>,
  repairedBy: 'moved' | 'cancelled',
): Promise<void> {
  await deps.audit.record(deps.db, systemActor, {
    action: 'drift.fixed',
    resourceType: 'booking_intention',
    resourceId: intention.id,
    metadata: {
      acuityAppointmentId: appointment.id,
      appointment: repairedBy,
      ...(appointment.calendarId && {
        calendarId: appointment.calendarId,
        wantedCalendarId: intention.order.acuity.calendarId,
      }),
    },
  });
}

/** The cache may be away; what it holds goes stale by itself. */
export async function forget(
  deps: AttemptDeps,
  calendarId: number,
  taken?: { startsAt: Date; durationMinutes: number },
): Promise<void> {
  try {
    await deps.availability.invalidate(calendarId, taken);
  } catch (error) {
    deps.log.warn({ calendarId, err: errorFacts(error) }, 'The cached free times could not be removed');
  }
}

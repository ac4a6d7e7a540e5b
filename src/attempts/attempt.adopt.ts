// Makes a booking from an appointment that an attempt made in Acuity; cancels the appointment if that is impossible.
import { systemActor } from '../audit/index.ts';
import {
  answersDigest,
  detailsIn,
  digestOfAll,
  insertAnswersQuery,
  insertBookingQuery,
  insertProgressQuery,
  intakeFields,
  placeOf,
  type Announcement,
} from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import type { Appointment } from '../ports/acuity.ts';
import { isAsRequested, verdictOn } from './attempt.acuity.ts';
import { overlapsAnother } from './attempt.create.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import { completeOnce, failAttempt, type FailOptions, type Written } from './attempt.end.ts';
import type { Completion } from './attempt.kind.ts';
import { findAttempt } from './attempt.repository.ts';
import { slotTaken, type Attempt, type Refusal } from './attempt.ts';

/** Safe to repeat, and to run twice concurrently. */
export async function adoptAppointment(
  deps: AttemptDeps,
  attempt: Attempt<'book'>,
  given: Appointment,
  failOptions: FailOptions = {},
): Promise<Completion> {
  const appointment = isAsRequested(attempt, given) ? given : await repair(deps, attempt, given);
  if (appointment === 'unknown') return { outcome: 'unknown' };
  if (appointment === 'removed') {
    const refusal: Refusal = { reason: 'acuity_error' };
    await failAttempt(deps, attempt, refusal, failOptions);
    return { outcome: 'failed', refusal };
  }
  if (attempt.request.acuity.asStaff && (await isStillOpen(deps, attempt))) {
    const overlaps = await overlapsAnother(deps, appointment);
    if (!overlaps.ok) return { outcome: 'unknown' };
    if (overlaps.value) return cancelOverlapping(deps, attempt, appointment, failOptions);
  }
  await deps.onStep?.('before_complete');
  // Only the referrer is told: a new booking has no contacts yet.
  const confirming = deps.announce.inTwoSteps(deps.db, 'booking_confirmation', [attempt.createdById]);
  const completion = await completeOnce(
    deps,
    attempt,
    async (trx, locked, _booking, readAnswers) => {
      const written = await bookingQueries(deps, trx, locked as Attempt<'book'>, appointment);
      const confirmation: Announcement = {
        kind: 'booking_confirmation',
        bookingId: written.bookingId,
        attemptId: attempt.id,
      };
      const announcement = confirming.writeQueries(trx, confirmation, readAnswers);
      return { bookingId: written.bookingId, unsent: [...written.unsent, ...announcement] };
    },
    { reads: confirming.readQueries },
  );
  // The settle job failed this attempt during the call. Remove the appointment, which must not stay without a booking.
  if (completion.outcome === 'failed') await removeAppointment(deps, attempt, appointment.id);
  return completion;
}

/** Cancels an appointment that was made as staff, unchecked by Acuity, at a time that overlaps another. */
async function cancelOverlapping(
  deps: AttemptDeps,
  attempt: Attempt<'book'>,
  appointment: Appointment,
  failOptions: FailOptions,
): Promise<Completion> {
  if (!(await removeAppointment(deps, attempt, appointment.id))) return { outcome: 'unknown' };
  const refusal = slotTaken({ startsAt: appointment.startsAt, nearest: [] });
  await failAttempt(deps, attempt, refusal, failOptions);
  return { outcome: 'failed', refusal };
}

async function isStillOpen(deps: AttemptDeps, { id }: Attempt): Promise<boolean> {
  return (await findAttempt(deps.db, id))?.state === 'open';
}

/** Moves an appointment that Acuity made for another specialist or time than requested; cancels it if that fails. */
async function repair(
  deps: AttemptDeps,
  attempt: Attempt<'book'>,
  appointment: Appointment,
): Promise<Appointment | 'removed' | 'unknown'> {
  const { acuity } = attempt.request;
  deps.log.warn(
    { attemptId: attempt.id, appointmentId: appointment.id, calendarId: appointment.calendarId },
    'Acuity made an appointment that differs from the request',
  );
  if (appointment.appointmentTypeId === acuity.appointmentTypeId && attempt.startsAt) {
    const moved = await deps.acuity.reschedule(appointment.id, {
      startsAt: attempt.startsAt,
      calendarId: acuity.calendarId,
    });
    if (moved.ok && isAsRequested(attempt, moved.value)) {
      await recordRepair(deps, attempt, appointment, 'moved');
      await deps.availability.invalidate(appointment.calendarId);
      return moved.value;
    }
    if (!moved.ok && verdictOn(moved).verdict === 'unknown') return 'unknown';
  }
  return (await removeAppointment(deps, attempt, appointment.id)) ? 'removed' : 'unknown';
}

/** False when Acuity did not confirm the cancellation. True also when the appointment is gone or cancelled already. */
export async function removeAppointment(
  deps: AttemptDeps,
  attempt: Attempt,
  appointmentId: number,
): Promise<boolean> {
  const cancelled = await deps.acuity.cancel(appointmentId, { asStaff: true });
  if (!cancelled.ok && cancelled.reason !== 'not_found') {
    deps.log.warn(
      { attemptId: attempt.id, appointmentId, reason: cancelled.reason },
      'An appointment without a booking could not be cancelled yet',
    );
    return false;
  }
  await recordRepair(deps, attempt, { id: appointmentId }, 'cancelled');
  if (cancelled.ok) await deps.availability.invalidate(cancelled.value.calendarId);
  return true;
}

async function recordRepair(
  deps: AttemptDeps,
  attempt: Attempt,
  appointment: Pick<Appointment, 'id'> & Partial<Pick<Appointment, 'calendarId'>>,
  repairedBy: 'moved' | 'cancelled',
): Promise<void> {
  await deps.audit.record(deps.db, systemActor, {
    action: 'drift.fixed',
    resourceType: 'booking_attempt',
    resourceId: attempt.id,
    metadata: {
      acuityAppointmentId: appointment.id,
      appointment: repairedBy,
      ...(appointment.calendarId && {
        calendarId: appointment.calendarId,
        wantedCalendarId: attempt.request.acuity.calendarId,
      }),
    },
  });
}

/** Builds the queries that write the booking, its progress, its answers and its audit row. */
async function bookingQueries(
  deps: AttemptDeps,
  trx: Transaction,
  attempt: Attempt<'book'>,
  appointment: Appointment,
): Promise<Written> {
  const { request, organizationId, createdById, createdForId } = attempt;
  if (!organizationId) throw new Error(`Attempt ${attempt.id} has no organisation`);
  const bookingId = deps.ids.uuid();
  const fields = await intakeFields(trx, deps);
  const unsent = [
    insertBookingQuery(trx, {
      id: bookingId,
      reference: attempt.reference,
      acuityAppointmentId: appointment.id,
      specialistId: attempt.specialistId,
      organizationId,
      createdById,
      createdForId,
      ...detailsIn(request),
      startsAt: appointment.startsAt,
      timeChosenAt: deps.clock.now(),
      // Acuity's answer may lack the duration; take the service's.
      durationMinutes: appointment.durationMinutes || request.durationMinutes,
      timezone: request.examinationTimezone,
      type: request.type,
      ...placeOf(request.type, appointment.location, request.location),
      source: 'portal',
      externalCreatedBy: null,
      detailsNeeded: request.detailsNeeded ?? false,
      answersDigest: deps.digests.of(answersDigest(appointment, fields)),
    }),
    insertProgressQuery(trx, {
      id: deps.ids.uuid(),
      bookingId,
      progress: 'scheduled',
      changedById: createdById,
      changedForId: createdForId,
      source: 'portal',
      notes: '',
    }),
    insertAnswersQuery(trx, {
      id: deps.ids.uuid(),
      bookingId,
      source: 'portal',
      answers: request.answers,
      acuityDigest: deps.digests.of(digestOfAll(appointment)),
    }),
    deps.audit.recordQuery(request.actor, {
      action: 'booking.created',
      resourceType: 'booking',
      resourceId: bookingId,
      metadata: { acuityAppointmentId: appointment.id, attemptId: attempt.id },
    }),
  ];
  return { bookingId, unsent };
}

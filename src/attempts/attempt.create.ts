// Makes the appointment in Acuity: as the client, or as the clinic's staff where Acuity does not let the client.
import { isOwnDetail, ownFields } from '../bookings/index.ts';
import { dayIn } from '../lib/dates.ts';
import { ok } from '../lib/result.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import { daysAround, newAppointment, verdictOn } from './attempt.acuity.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import type { AnsweredCall } from './attempt.kind.ts';
import { claimNextCall } from './attempt.repository.ts';
import type { Attempt } from './attempt.ts';

/**
 * When Acuity refuses the field of one of our details, omits the field and calls again. That is safe because a refused call
 * makes no appointment, and needed because the person who books cannot correct such a field.
 */
export async function createAppointment(
  deps: AttemptDeps,
  given: Attempt<'book'>,
): Promise<AnsweredCall<'book'> | null> {
  const fields = await ownFields(deps.db, deps);
  const isOwn = (id: number) => isOwnDetail(fields, id) || id === given.request.acuity.referenceFieldId;
  let attempt = given;
  // Each round omits one more field.
  for (let round = 0; ; round += 1) {
    const uploads = deps.addressOf(attempt.reference);
    const answer = await deps.acuity.createAppointment(newAppointment(attempt, fields, uploads));
    const verdict = answer.ok ? null : verdictOn(answer);
    const field = verdict?.verdict === 'refused' && verdict.code === 'invalid_fields' ? verdict.field : null;
    if (!field || !isOwn(field.id) || round >= fields.size) return { attempt, answer };
    const { omittedFieldIds = [] } = attempt.request.acuity;
    const next = await claimNextCall(deps.db, attempt, {
      acuity: { omittedFieldIds: [...omittedFieldIds, field.id] },
      // The field exists and refused our value: staff complete it in Acuity.
      ...(!field.isUnknown && { detailsNeeded: true }),
    });
    if (!next) return null;
    deps.log.warn(
      { attemptId: attempt.id, fieldId: field.id },
      'Acuity refused a field of ours: the call is repeated without it',
    );
    attempt = next;
  }
}

/** Whether Acuity offers the time now. Bypasses the cache. */
export async function isOfferedNow(
  deps: AttemptDeps,
  attempt: Attempt<'book'>,
): Promise<AcuityResult<boolean>> {
  const { acuity, examinationTimezone: timezone } = attempt.request;
  const times = await deps.acuity.availableTimes({
    date: dayIn(attempt.startsAt, timezone),
    appointmentTypeId: acuity.appointmentTypeId,
    calendarId: acuity.calendarId,
    timezone,
  });
  if (!times.ok) return times;
  return ok(times.value.some((time) => time.getTime() === attempt.startsAt.getTime()));
}

/** Whether another active appointment of the calendar overlaps this one. */
export async function overlapsAnother(
  deps: AttemptDeps,
  appointment: Appointment,
): Promise<AcuityResult<boolean>> {
  const { id, calendarId, startsAt } = appointment;
  const found = await deps.acuity.findAppointments({ calendarId, ...daysAround(startsAt), max: 500 });
  if (!found.ok) return found;
  const endOf = (one: Appointment) => one.startsAt.getTime() + one.durationMinutes * 60_000;
  const isOverlapping = (other: Appointment) =>
    other.startsAt.getTime() < endOf(appointment) && startsAt.getTime() < endOf(other);
  return ok(found.value.some((other) => other.id !== id && !other.canceled && isOverlapping(other)));
}

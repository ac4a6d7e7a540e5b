// Makes the appointment in Acuity: as the client would, and as the clinic's staff where the client cannot.
import { dayIn } from '../lib/dates.ts';
import { ok } from '../lib/result.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import { newAppointment, verdictOn } from './attempt.acuity.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import { claimNextCall, type BookOrder, type Intention } from './attempt.repository.ts';
import { isOwnDetail, ownFields } from '../bookings/index.ts';

export type Booked = Intention<BookOrder> & { startsAt: Date };

/** `intention`: as it was asked for in the end. Null: the worker declared it failed in the meantime. */
export type Creation = { intention: Booked; created: AcuityResult<Appointment> } | null;

/**
 * A field of our own details that Acuity refuses is left out, and Acuity asked again: a refusal made nothing, and
 * nobody who books could do anything about it.
 */
export async function createAppointment(deps: AttemptDeps, given: Booked): Promise<Creation> {
  const fields = await ownFields(deps.db, deps);
  const isOwn = (id: number) => isOwnDetail(fields, id) || id === given.order.acuity.referenceFieldId;
  let intention = given;
  // Each round leaves out one more field.
  for (let round = 0; ; round += 1) {
    const uploads = deps.addressOf(intention.reference);
    const created = await deps.acuity.createAppointment(newAppointment(intention, fields, uploads));
    const verdict = created.ok ? null : verdictOn(created);
    const field = verdict?.verdict === 'refused' && verdict.code === 'invalid_fields' ? verdict.field : null;
    if (!field || !isOwn(field.id) || round >= fields.size) return { intention, created };
    const { omittedFieldIds = [] } = intention.order.acuity;
    const next = await claimNextCall(deps.db, intention, {
      acuity: { omittedFieldIds: [...omittedFieldIds, field.id] },
      // A field that is there and did not take our answer: staff see to it.
      ...(!field.isUnknown && { detailsNeeded: true }),
    });
    if (!next) return null;
    deps.log.warn(
      { intentionId: intention.id, fieldId: field.id },
      'Acuity refused a field of ours: left out',
    );
    intention = next;
  }
}

/** Whether Acuity itself offers the time now; no cache is asked. */
export async function isOfferedNow(deps: AttemptDeps, intention: Booked): Promise<AcuityResult<boolean>> {
  const { acuity, examinationTimezone: timezone } = intention.order;
  const times = await deps.acuity.availableTimes({
    date: dayIn(intention.startsAt, timezone),
    appointmentTypeId: acuity.appointmentTypeId,
    calendarId: acuity.calendarId,
    timezone,
  });
  if (!times.ok) return times;
  return ok(times.value.some((time) => time.getTime() === intention.startsAt.getTime()));
}

/** Whether another active appointment of the calendar overlaps this one. */
export async function overlapsAnother(
  deps: AttemptDeps,
  appointment: Appointment,
): Promise<AcuityResult<boolean>> {
  const { id, calendarId, startsAt } = appointment;
  const dayMs = 86_400_000;
  const day = (offset: number) => new Date(startsAt.getTime() + offset * dayMs).toISOString().slice(0, 10);
  const found = await deps.acuity.findAppointments({
    calendarId,
    minDate: day(-1),
    maxDate: day(1),
    max: 500,
  });
  if (!found.ok) return found;
  const endOf = (one: Appointment) => one.startsAt.getTime() + one.durationMinutes * 60_000;
  const isOverlapping = (other: Appointment) =>
    other.startsAt.getTime() < endOf(appointment) && startsAt.getTime() < endOf(other);
  return ok(found.value.some((other) => other.id !== id && !other.canceled && isOverlapping(other)));
}

// The kind `book`: Acuity makes an appointment, which becomes a booking (attempt.adopt.ts).
import { findBookingByAppointment } from '../bookings/index.ts';
import { ok } from '../lib/result.ts';
import type { Appointment } from '../ports/acuity.ts';
import { findAppointmentsOf, hasReference, outOfReach, type RefusedField } from './attempt.acuity.ts';
import { adoptAppointment, removeAppointment } from './attempt.adopt.ts';
import { createAppointment, isOfferedNow } from './attempt.create.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import type { Kind, Ruling } from './attempt.kind.ts';
import { checkQuestions, explainRefusal } from './attempt.questions.ts';
import { claimNextCall } from './attempt.repository.ts';
import { lost, type Attempt, type Refusal } from './attempt.ts';

export const bookKind: Kind<'book'> = {
  callAcuity: createAppointment,

  async readBack(deps, attempt) {
    const found = await findAppointmentsOf(deps, attempt);
    return (found.ok && found.value.find((one) => !one.canceled)) || null;
  },

  rule: (deps, attempt, { field }) =>
    field && !attempt.request.acuity.asStaff
      ? ruleOnField(deps, attempt, field)
      : Promise.resolve({ refusal: { reason: 'acuity_error' } }),

  async wantedTime({ specialists }, { id, specialistId, request, startsAt }) {
    const specialist = await specialists.findById(specialistId);
    if (!specialist) throw new Error(`Attempt ${id} has no specialist`);
    return { specialist, startsAt, type: request.type, durationMinutes: request.durationMinutes };
  },

  complete(deps, attempt, appointment, isSettling) {
    // The clinic may have moved the appointment since; Acuity's time wins.
    const atActualTime = isSettling ? { ...attempt, startsAt: appointment.startsAt } : attempt;
    return adoptAppointment(deps, atActualTime, appointment, { tellReferrer: isSettling });
  },

  async find(deps, attempt) {
    const found = await findAppointmentsOf(deps, attempt);
    if (!found.ok) return found;
    const [appointment, ...strays] = await withBookingFirst(deps, found.value);
    if (appointment) return ok({ isDone: true, appointment, strays });
    // If appointments are found and all are cancelled, waiting changes nothing.
    const isFinal = found.value.length > 0;
    const refusal = () => (isFinal ? Promise.resolve(lost) : likelyRefusal(deps, attempt));
    return ok({ isDone: false, isFinal, refusal, checkLater: true });
  },

  /** Cancels every active appointment of this attempt that is not its booking's. */
  async checkLate(deps, attempt) {
    // Without a reference, an appointment of the same client at the same time may belong to a newer attempt.
    if (!(await hasReference(deps, attempt))) return 'done';
    const found = await findAppointmentsOf(deps, attempt);
    if (!found.ok) return 'ask_again';
    let areGone = true;
    for (const appointment of found.value.filter((one) => !one.canceled)) {
      if (await findBookingByAppointment(deps.db, appointment.id)) continue;
      areGone = (await removeAppointment(deps, attempt, appointment.id)) && areGone;
    }
    return areGone ? 'done' : 'ask_again';
  },
};

/**
 * Reads the forms again and asks the person for what is missing. If they cannot supply it (a field that we cannot read,
 * or that they already answered), books as the clinic's staff instead, so that nobody is refused because of it.
 */
async function ruleOnField(
  deps: AttemptDeps,
  attempt: Attempt<'book'>,
  field: RefusedField,
): Promise<Ruling<'book'>> {
  const { request } = attempt;
  const errors = await explainRefusal(deps, request.acuity.appointmentTypeId, request, field);
  if (errors.length > 0) return { refusal: { reason: 'invalid', errors }, releaseKey: true };
  const offered = await isOfferedNow(deps, attempt);
  if (!offered.ok) return { refusal: outOfReach(offered), releaseKey: true };
  if (!offered.value) return 'taken';
  const asStaff = await claimNextCall(deps.db, attempt, { acuity: { asStaff: true }, detailsNeeded: true });
  if (!asStaff) return { again: null };
  deps.log.warn({ attemptId: attempt.id, fieldId: field.id }, 'Acuity refused a field: booked as staff');
  await deps.onStep?.('before_staff_booking');
  return { again: await createAppointment(deps, asStaff) };
}

/** The active ones; one that has a booking already comes first. */
async function withBookingFirst(deps: AttemptDeps, appointments: Appointment[]): Promise<Appointment[]> {
  const active = appointments.filter((appointment) => !appointment.canceled);
  for (const appointment of active) {
    if (await findBookingByAppointment(deps.db, appointment.id)) {
      return [appointment, ...active.filter((other) => other !== appointment)];
    }
  }
  return active;
}

/** Acuity made no appointment. If a question was added since, the person who books can answer it and try again. */
async function likelyRefusal(deps: AttemptDeps, { request }: Attempt<'book'>): Promise<Refusal> {
  await deps.questions.readAgain();
  const { errors } = await checkQuestions(deps, request.acuity.appointmentTypeId, request);
  return errors.length > 0 ? { reason: 'invalid', errors } : lost;
}

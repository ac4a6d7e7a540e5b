// What an attempt says to Acuity, and what Acuity's answer means for it.
import type { AttemptDeps } from './attempt.deps.ts';
import { findOpenBookings, type BookOrder, type Intention } from './attempt.repository.ts';
import {
  detailIn,
  details,
  intakeFields,
  isOwnDetail,
  type IntakeName,
  type OwnFields,
} from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import type { AcuityFailure, AcuityResult, Appointment, NewAppointment } from '../ports/acuity.ts';
import { toAcuity } from '../questions/index.ts';

function isOmitted({ acuity }: BookOrder, fieldId: number): boolean {
  return acuity.omittedFieldIds?.includes(fieldId) ?? false;
}

/** Null when the appointment does not have our reference: there is no such field, or its type has not. */
async function referenceFieldOf(deps: AttemptDeps, { order }: Intention<BookOrder>): Promise<number | null> {
  const { referenceFieldId } = order.acuity;
  const field =
    referenceFieldId === undefined
      ? (await intakeFields(deps.db, deps)).get('reference')
      : (referenceFieldId ?? undefined);
  return field === undefined || isOmitted(order, field) ? null : field;
}

/** Whether the appointment of this intention can be told from others by our reference. */
export async function hasReference(deps: AttemptDeps, intention: Intention<BookOrder>): Promise<boolean> {
  return (await referenceFieldOf(deps, intention)) !== null;
}

/** With the reference where the order says that it will be looked for. */
function fieldsToSend(fields: OwnFields, { acuity: { referenceFieldId: id } }: BookOrder): OwnFields {
  if (id === undefined || id === (fields.get('reference') ?? null)) return fields;
  const others = [...fields].filter(([name, field]) => name !== 'reference' && field !== id);
  return new Map<IntakeName | 'referrer', number>(id === null ? others : [...others, ['reference', id]]);
}

/**
 * In Acuity the client is the referrer; the examinee is in the intake answers.
 * @param uploads where documents of this booking will be found
 */
export function newAppointment(
  intention: Intention<BookOrder> & { startsAt: Date },
  fields: OwnFields,
  uploads: string,
): NewAppointment {
  const { order } = intention;
  const answers: Partial<Record<IntakeName | 'referrer', string | null>> = {
    referrer: order.client.email,
    reference: intention.reference,
    organization: order.organizationName,
    ...Object.fromEntries(
      details.flatMap((detail) =>
        detail.intake ? [[detail.intake.name, detailIn(order, detail) ?? null] as const] : [],
      ),
    ),
  };
  const known = [...fieldsToSend(fields, order)].flatMap(([name, id]) => {
    const value = answers[name];
    return value && !isOmitted(order, id) ? [{ id, value }] : [];
  });
  // A question may have become a detail of ours since it was answered: Acuity takes one answer a field.
  const asked = order.answers
    .filter(({ fieldId }) => !isOwnDetail(fields, fieldId))
    .map(({ fieldId, value, type }) => ({ id: fieldId, value: toAcuity(value, type, uploads) }));
  return {
    startsAt: intention.startsAt,
    appointmentTypeId: order.acuity.appointmentTypeId,
    calendarId: order.acuity.calendarId,
    timezone: clientZone(order.timezone) ?? order.examinationTimezone,
    client: { ...splitName(order.client.name, order.organizationName), email: order.client.email, phone: '' },
    fields: [...known, ...asked],
    ...(order.acuity.asStaff && { asStaff: true }),
  };
}

/**
 * The zone is for Acuity's own messages, which are off. It refuses the whole booking for a name outside its list, such as
 * the `UTC` and `Etc/GMT-10` that some browsers report; then the examination's own zone is sent.
 */
function clientZone(zone: string | null): string | null {
  return zone !== null && zone.includes('/') && !zone.startsWith('Etc/') ? zone : null;
}

/** Acuity wants two names. */
function splitName(name: string, organization: string): { firstName: string; lastName: string } {
  const words = name.trim().split(/\s+/);
  const lastName = words.length > 1 ? words.pop() : undefined;
  return { firstName: words.join(' ') || organization, lastName: lastName ?? organization };
}

/** Everything in Acuity that was made for this intention, cancelled or not, oldest first. */
export async function findAppointmentsOf(
  deps: AttemptDeps,
  intention: Intention<BookOrder>,
): Promise<AcuityResult<Appointment[]>> {
  const reference = await referenceFieldOf(deps, intention);
  const found =
    reference === null
      ? await searchByClient(deps, intention)
      : await deps.acuity.findAppointments({
          field: { id: reference, value: intention.reference },
          which: 'all',
        });
  if (!found.ok) return found;
  const ours = found.value.filter((appointment) =>
    reference === null
      ? isAsOrdered(intention, appointment)
      : appointment.answers.get(reference)?.trim() === intention.reference,
  );
  return { ok: true, value: ours.toSorted((a, b) => a.id - b.id) };
}

// Without a field for the reference: the referrer's address and the exact time say enough, because no two open
// intentions share a specialist and a time.
async function searchByClient(deps: AttemptDeps, intention: Intention<BookOrder>) {
  const startsAt = intention.startsAt ?? intention.createdAt;
  const dayMs = 86_400_000;
  const found = await deps.acuity.findAppointments({
    email: intention.order.client.email,
    calendarId: intention.order.acuity.calendarId,
    // Whole days in a zone we need not know.
    minDate: new Date(startsAt.getTime() - dayMs).toISOString().slice(0, 10),
    maxDate: new Date(startsAt.getTime() + dayMs).toISOString().slice(0, 10),
    which: 'all',
  });
  if (!found.ok) return found;
  const known = new Set(await bookedAmong(deps.db, found.value));
  return { ok: true as const, value: found.value.filter((appointment) => !known.has(appointment.id)) };
}

/**
 * The reference of the open attempt that asked Acuity for exactly this appointment and could not send its reference. At
 * most one: no two open attempts share a specialist and a time. Without it, an event that comes before the attempt is
 * settled would become a second record of the booking, and the attempt would be declared failed.
 */
export async function referenceNotSent(deps: AttemptDeps, appointment: Appointment): Promise<string | null> {
  const email = appointment.client.email?.toLowerCase();
  for (const attempt of await findOpenBookings(deps.db, appointment.startsAt)) {
    const isTheirs = attempt.order.client.email.toLowerCase() === email && isAsOrdered(attempt, appointment);
    if (isTheirs && attempt.calledAgoMs !== null && !(await hasReference(deps, attempt))) {
      return attempt.reference;
    }
  }
  return null;
}

async function bookedAmong(db: Database, appointments: Appointment[]): Promise<number[]> {
  const ids = appointments.map((appointment) => appointment.id);
  return db('bookings').whereIn('acuity_appointment_id', ids).pluck('acuity_appointment_id');
}

export function isAsOrdered(intention: Intention<BookOrder>, appointment: Appointment): boolean {
  return (
    appointment.calendarId === intention.order.acuity.calendarId &&
    appointment.appointmentTypeId === intention.order.acuity.appointmentTypeId &&
    appointment.startsAt.getTime() === intention.startsAt?.getTime()
  );
}

const takenCodes = new Set([
  'not_available',
  'no_available_calendar',
  'not_available_min_hours_in_advance',
  'not_available_max_days_in_advance',
]);

export interface RefusedField {
  id: number;
  /** The appointment's type does not have it. Else an answer is missing or is not accepted. */
  isUnknown: boolean;
}

/** acuity.md, section 3.3 */
function refusedField(code: string, message: string): RefusedField | null {
  if (code !== 'required_field' && code !== 'invalid_fields') return null;
  const id = /field "(\d+)"/i.exec(message)?.[1];
  if (!id) return null;
  return { id: Number(id), isUnknown: code === 'invalid_fields' && /does not exist/i.test(message) };
}

/** What a failed write leaves behind: nothing, for a reason we can name, or nobody knows. */
export type WriteVerdict =
  | { verdict: 'taken' }
  | { verdict: 'out_of_reach'; retryAfterMs: number }
  /** `field`: the question that Acuity complains of, where it names one. */
  | { verdict: 'refused'; code: string; field: RefusedField | null }
  | { verdict: 'unknown'; wasAnswered: boolean };

export function verdictOn(failure: AcuityFailure): WriteVerdict {
  switch (failure.reason) {
    case 'unavailable':
      return failure.notSent
        ? { verdict: 'out_of_reach', retryAfterMs: failure.retryAfterMs }
        : { verdict: 'unknown', wasAnswered: false };
    case 'rate_limited':
      return { verdict: 'out_of_reach', retryAfterMs: failure.retryAfterMs };
    case 'unreadable':
      return { verdict: 'unknown', wasAnswered: true };
    case 'refused':
      return takenCodes.has(failure.code)
        ? { verdict: 'taken' }
        : {
            verdict: 'refused',
            code: failure.code,
            field: refusedField(failure.code, failure.message),
          };
    case 'unauthorized':
    case 'not_found':
      break;
  }
  return { verdict: 'refused', code: failure.reason, field: null };
}

// Translates attempts into requests to Acuity, and Acuity's answers into verdicts.
import {
  detailIn,
  details,
  intakeFields,
  isOwnDetail,
  type IntakeName,
  type OwnFields,
} from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import { refusedRetryMs } from '../availability/index.ts';
import { dayIn, shiftDays } from '../lib/dates.ts';
import {
  refusesUs,
  type AcuityFailure,
  type AcuityResult,
  type Appointment,
  type NewAppointment,
} from '../ports/acuity.ts';
import { toAcuity } from '../questions/index.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import { findOpenBookings } from './attempt.repository.ts';
import type { Attempt, AttemptRequest, Refusal } from './attempt.ts';

function isOmitted({ acuity }: AttemptRequest<'book'>, fieldId: number): boolean {
  return acuity.omittedFieldIds?.includes(fieldId) ?? false;
}

/** Null when the appointment cannot hold our reference: no field is mapped to it, or the type lacks the field. */
async function referenceFieldOf(deps: AttemptDeps, { request }: Attempt<'book'>): Promise<number | null> {
  const { referenceFieldId } = request.acuity;
  const field =
    referenceFieldId === undefined
      ? (await intakeFields(deps.db, deps)).get('reference')
      : (referenceFieldId ?? undefined);
  return field === undefined || isOmitted(request, field) ? null : field;
}

/** Whether our reference finds the appointment of this attempt. */
export async function hasReference(deps: AttemptDeps, attempt: Attempt<'book'>): Promise<boolean> {
  return (await referenceFieldOf(deps, attempt)) !== null;
}

/** The fields to send. The reference goes into the field that the request names, because later searches look there. */
function fieldsToSend(
  fields: OwnFields,
  { acuity: { referenceFieldId: id } }: AttemptRequest<'book'>,
): OwnFields {
  if (id === undefined || id === (fields.get('reference') ?? null)) return fields;
  const others = [...fields].filter(([name, field]) => name !== 'reference' && field !== id);
  return new Map<IntakeName | 'referrer', number>(id === null ? others : [...others, ['reference', id]]);
}

/**
 * In Acuity the client is the referrer; the examinee is in the intake answers.
 * @param uploads URL of the page where this booking's documents will be
 */
export function newAppointment(attempt: Attempt<'book'>, fields: OwnFields, uploads: string): NewAppointment {
  const { request } = attempt;
  const answers: Partial<Record<IntakeName | 'referrer', string | null>> = {
    referrer: request.client.email,
    reference: attempt.reference,
    organization: request.organizationName,
    ...Object.fromEntries(
      details.flatMap((detail) =>
        detail.intake ? [[detail.intake.name, detailIn(request, detail) ?? null] as const] : [],
      ),
    ),
  };
  const known = [...fieldsToSend(fields, request)].flatMap(([name, id]) => {
    const value = answers[name];
    return value && !isOmitted(request, id) ? [{ id, value }] : [];
  });
  // A question may have become one of our details since it was answered; Acuity accepts one answer for each field.
  const answered = request.answers
    .filter(({ fieldId }) => !isOwnDetail(fields, fieldId))
    .map(({ fieldId, value, type }) => ({ id: fieldId, value: toAcuity(value, type, uploads) }));
  return {
    startsAt: attempt.startsAt,
    appointmentTypeId: request.acuity.appointmentTypeId,
    calendarId: request.acuity.calendarId,
    timezone: clientZone(request.timezone) ?? request.examinationTimezone,
    client: {
      ...splitName(request.client.name, request.organizationName),
      email: request.client.email,
      phone: '',
    },
    fields: [...known, ...answered],
    ...(request.acuity.asStaff && { asStaff: true }),
  };
}

/**
 * The zone is used for Acuity's own messages, which are switched off. Acuity refuses the whole booking for a zone
 * outside its list, such as the `UTC` and `Etc/GMT-10` of some browsers; the examination's own zone is sent then.
 */
function clientZone(zone: string | null): string | null {
  return zone !== null && zone.includes('/') && !zone.startsWith('Etc/') ? zone : null;
}

/** Acuity requires a first and a last name. */
function splitName(name: string, organization: string): { firstName: string; lastName: string } {
  const words = name.trim().split(/\s+/);
  const lastName = words.length > 1 ? words.pop() : undefined;
  return { firstName: words.join(' ') || organization, lastName: lastName ?? organization };
}

/** All appointments that were made for this attempt, cancelled or not, oldest first. */
export async function findAppointmentsOf(
  deps: AttemptDeps,
  attempt: Attempt<'book'>,
): Promise<AcuityResult<Appointment[]>> {
  const reference = await referenceFieldOf(deps, attempt);
  const found =
    reference === null
      ? await searchByClient(deps, attempt)
      : await deps.acuity.findAppointments({
          field: { id: reference, value: attempt.reference },
          which: 'all',
        });
  if (!found.ok) return found;
  const ours = found.value.filter((appointment) =>
    reference === null
      ? isAsRequested(attempt, appointment)
      : appointment.answers.get(reference)?.trim() === attempt.reference,
  );
  return { ok: true, value: ours.toSorted((a, b) => a.id - b.id) };
}

/** Acuity reads days in the account's zone, which is unknown here, so the range has one more day on each side. */
export function daysAround(instant: Date): { minDate: string; maxDate: string } {
  const day = dayIn(instant, 'UTC');
  return { minDate: shiftDays(day, -1), maxDate: shiftDays(day, 1) };
}

// Finds the appointment when no field holds our reference. The referrer's address and the exact time identify it, because no
// two open attempts share a specialist and a time.
async function searchByClient(deps: AttemptDeps, attempt: Attempt<'book'>) {
  const found = await deps.acuity.findAppointments({
    email: attempt.request.client.email,
    calendarId: attempt.request.acuity.calendarId,
    ...daysAround(attempt.startsAt),
    which: 'all',
  });
  if (!found.ok) return found;
  const known = new Set(await findBooked(deps.db, found.value));
  return { ok: true as const, value: found.value.filter((appointment) => !known.has(appointment.id)) };
}

/**
 * The reference of the open attempt that asked for exactly this appointment and could not send its reference. At most
 * one exists: no two open attempts share a specialist and a time. Without this, an event that arrives before the
 * attempt is settled would be imported as a second booking, and the attempt declared failed.
 */
export async function referenceNotSent(deps: AttemptDeps, appointment: Appointment): Promise<string | null> {
  const email = appointment.client.email?.toLowerCase();
  for (const attempt of await findOpenBookings(deps.db, appointment.startsAt)) {
    const isTheirs =
      attempt.request.client.email.toLowerCase() === email && isAsRequested(attempt, appointment);
    if (isTheirs && attempt.calledAgoMs !== null && !(await hasReference(deps, attempt))) {
      return attempt.reference;
    }
  }
  return null;
}

async function findBooked(db: Database, appointments: Appointment[]): Promise<number[]> {
  const ids = appointments.map((appointment) => appointment.id);
  return db('bookings').whereIn('acuity_appointment_id', ids).pluck('acuity_appointment_id');
}

export function isAsRequested(attempt: Attempt<'book'>, appointment: Appointment): boolean {
  return (
    appointment.calendarId === attempt.request.acuity.calendarId &&
    appointment.appointmentTypeId === attempt.request.acuity.appointmentTypeId &&
    appointment.startsAt.getTime() === attempt.startsAt.getTime()
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
  /** True: the appointment type has no such field. False: an answer is missing or not accepted. */
  isUnknown: boolean;
}

/** acuity.md, section 3.3 */
function refusedField(code: string, message: string): RefusedField | null {
  if (code !== 'required_field' && code !== 'invalid_fields') return null;
  const id = /field "(\d+)"/i.exec(message)?.[1];
  if (!id) return null;
  return { id: Number(id), isUnknown: code === 'invalid_fields' && /does not exist/i.test(message) };
}

type OutOfReach = Extract<Refusal, { retryAfterMs: number }>;

/** The refusal for a failed call that may succeed when it is repeated later. */
export function outOfReach(failure: AcuityFailure): OutOfReach {
  if (refusesUs(failure)) return { reason: 'acuity_refuses_us', retryAfterMs: refusedRetryMs };
  const reason = failure.reason === 'queue_full' ? 'acuity_queue_full' : 'acuity_unavailable';
  return { reason, retryAfterMs: 'retryAfterMs' in failure ? failure.retryAfterMs : 30_000 };
}

/** What a failed write did in Acuity: nothing, for a known reason, or something unknown. */
export type WriteVerdict =
  | { verdict: 'taken' }
  | { verdict: 'out_of_reach'; refusal: OutOfReach }
  /** `field`: the question that Acuity named in its refusal, if any. */
  | { verdict: 'refused'; code: string; field: RefusedField | null }
  | { verdict: 'unknown'; wasAnswered: boolean };

export function verdictOn(failure: AcuityFailure): WriteVerdict {
  if (refusesUs(failure)) return { verdict: 'out_of_reach', refusal: outOfReach(failure) };
  switch (failure.reason) {
    case 'unavailable':
      return failure.notSent
        ? { verdict: 'out_of_reach', refusal: outOfReach(failure) }
        : { verdict: 'unknown', wasAnswered: false };
    case 'rate_limited':
    case 'queue_full':
      return { verdict: 'out_of_reach', refusal: outOfReach(failure) };
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

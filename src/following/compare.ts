// Compares appointments with bookings over a window of days, in both directions, and repairs differences by the same
// convergence as webhooks do.
import { hasEnded, intakeFields, type IntakeFields } from '../bookings/index.ts';
import type { KeyedDigests } from '../lib/keyed-digests.ts';
import type { Database, Queryable } from '../db/knex.ts';
import { dayIn } from '../lib/dates.ts';
import { agencyZone } from '../lib/zones.ts';
import type { Acuity, AcuityResult, Appointment } from '../ports/acuity.ts';
import type { Questions } from '../questions/index.ts';
import type { Specialist, SpecialistRepository } from '../specialists/index.ts';
import {
  answersContext,
  changedAnswers,
  changedInAcuity,
  earlierFields,
  isNoChange,
  type AnswersContext,
} from './answers.ts';
import type { Convergence, ConvergenceNote } from './converge.ts';
import { acuityValue, differences, type Difference, type DriftItem, type Span } from './differences.ts';
import { findKnown, type KnownBooking } from './known-bookings.ts';
import { findLost } from './lost.ts';

export interface CompareDeps {
  db: Database;
  acuity: Acuity;
  specialists: SpecialistRepository;
  convergence: Convergence;
  questions: Questions;
  addressOf: (reference: string) => string;
  digests: KeyedDigests;
  referenceFieldId?: number | undefined;
  referrerFieldId?: number | undefined;
}

// Acuity's days are in the account's zone: they begin up to 14 hours before those of UTC, and end up to 12 hours after.
const beforeMs = 14 * 3_600_000;
const afterMs = 12 * 3_600_000;
const dayMs = 86_400_000;

export interface CompareOptions {
  fixes: boolean;
  /** Repairs are announced to nobody. */
  quiet: boolean;
  now: Date;
  /** What Acuity lists on the days before and after the span. Called only when it is needed. */
  readAround: () => Promise<AcuityResult<Appointment[]>[]>;
}

/** Some days could not be compared. The message says why, by a code that is stored with the report. */
export class CompareError extends Error {
  override name = 'CompareError';
}

/** @throws CompareError when Acuity cannot be read: the run is resumed later */
export async function compareWindow(
  deps: CompareDeps,
  span: Span,
  appointments: Appointment[],
  options: CompareOptions,
): Promise<DriftItem[]> {
  const here = await bookingsToCompare(
    deps.db,
    appointments.map(({ id }) => id),
    {
      from: new Date(Date.parse(span.from) - beforeMs),
      to: new Date(Date.parse(span.to) + dayMs + afterMs),
    },
  );
  const there = new Set(appointments.map(({ id }) => id));
  const unlisted = here.filter(({ appointmentId, isActive }) => isActive && !there.has(appointmentId));
  const around = await findAround(new Set(unlisted.map((one) => one.appointmentId)), options);
  const suspects = new Set(await findDiffering(deps, [...appointments, ...around]));
  for (const { id } of around) there.add(id);
  // In no list: moved to other days, or deleted. Only reading the appointment itself shows which.
  for (const { appointmentId } of unlisted) if (!there.has(appointmentId)) suspects.add(appointmentId);
  const announced = await announcedSince(deps.db, [...suspects], new Date(options.now.getTime() - dayMs));
  const items: DriftItem[] = [];
  for (const appointmentId of suspects) {
    const found = await examine(deps, appointmentId, options);
    items.push(...found.map((item) => ({ ...item, announced: announced.has(appointmentId) })));
  }
  return items;
}

/**
 * Those of some appointments that Acuity lists beside the span. Near its ends we cannot tell on which side Acuity has a
 * booking; reading these one at a time would take a call for each.
 */
async function findAround(
  wanted: ReadonlySet<number>,
  { readAround }: Pick<CompareOptions, 'readAround'>,
): Promise<Appointment[]> {
  if (wanted.size === 0) return [];
  return (await readAround()).flatMap((found) => {
    if (!found.ok) throw new CompareError(`acuity_${found.reason}`);
    return found.value.filter(({ id }) => wanted.has(id));
  });
}

/** The ids of the appointments that differ from their booking, or have none. */
async function findDiffering(deps: CompareDeps, appointments: Appointment[]): Promise<number[]> {
  const ours = await findKnown(
    deps.db,
    appointments.map(({ id }) => id),
  );
  const shared = await readContext(deps, appointments, ours);
  return appointments
    .filter((appointment) => differencesOf(shared, ours.get(appointment.id), appointment).length > 0)
    .map(({ id }) => id);
}

/** What comparing many appointments needs; read once. */
interface Context {
  fields: IntakeFields;
  /** Earlier mappings. */
  earlier: IntakeFields[];
  answers: AnswersContext;
  specialists: ReadonlyMap<number, Specialist | null>;
  /** Cancelled appointments whose booking was lost in a restore. */
  lost: ReadonlySet<number>;
}

async function readContext(
  deps: CompareDeps,
  appointments: Appointment[],
  ours: ReadonlyMap<number, KnownBooking>,
): Promise<Context> {
  const specialists = new Map<number, Specialist | null>();
  for (const calendarId of new Set(appointments.map((one) => one.calendarId)))
    specialists.set(calendarId, await deps.specialists.findByCalendar(calendarId));
  const fields = await intakeFields(deps.db, deps);
  const earlier = await earlierFields(deps.db);
  const gone = appointments.filter(({ id, canceled }) => canceled && !ours.has(id));
  const lost = await findLost(deps, gone, [fields, ...earlier]);
  if (!lost.ok) throw new CompareError(`acuity_${lost.reason}`);
  return { fields, earlier, answers: await answersContext(deps), specialists, lost: lost.value };
}

function differencesOf(
  { fields, earlier, specialists, answers: context, lost }: Context,
  known: KnownBooking | undefined,
  appointment: Appointment,
): Difference[] {
  if (!known) return appointment.canceled && !lost.has(appointment.id) ? [] : ['missing_here'];
  const { booking, answersDigest, keptAnswers } = known;
  const isKnown = (digest: string) => context.digests.isOf(answersDigest, digest);
  const found: Difference[] = differences(
    booking,
    appointment,
    specialists.get(appointment.calendarId) ?? null,
  );
  if (appointment.canceled || booking.status === 'cancelled') return found;
  const changed = changedInAcuity(booking, appointment, fields, isKnown, earlier);
  const hasNewAnswers =
    keptAnswers !== null && changedAnswers(booking, appointment, keptAnswers, context) !== null;
  return !isNoChange(changed) || hasNewAnswers ? [...found, 'details'] : found;
}

type Found = Omit<DriftItem, 'announced'>;

/** The list may be outdated: reads both sides again, one appointment at a time, before reporting a difference. */
async function examine(
  deps: CompareDeps,
  appointmentId: number,
  { fixes, quiet, now }: CompareOptions,
): Promise<Found[]> {
  const read = await deps.acuity.getAppointment(appointmentId);
  if (!read.ok && read.reason !== 'not_found') throw new CompareError(`acuity_${read.reason}`);
  const ours = await findKnown(deps.db, [appointmentId]);
  const known = ours.get(appointmentId);
  const examination = read.ok ? read.value : known?.booking;
  const base = {
    appointmentId,
    bookingId: known?.booking.id ?? null,
    specialistId: null,
    day: read.ok ? dayOf(read.value) : null,
    isOver: examination !== undefined && hasEnded(examination, now),
  };
  if (!read.ok) {
    const reason = 'Acuity does not know this appointment any more';
    const item = {
      ...base,
      difference: 'missing_there' as const,
      state: 'left' as const,
      reason,
      valueDigest: null,
    };
    return known ? [item] : [];
  }
  const context = await readContext(deps, [read.value], ours);
  const found = differencesOf(context, known, read.value);
  if (found.length === 0) return [];
  if (!fixes) {
    const { calendarId } = read.value;
    const unknown = context.specialists.get(calendarId) ? null : reasonOfCalendar(calendarId);
    const reason = (difference: Difference) =>
      difference === 'missing_here' || difference === 'unknown_calendar' ? unknown : null;
    return found.map((difference) => ({
      ...base,
      difference,
      state: 'found',
      reason: reason(difference),
      valueDigest: valueDigest(deps, difference, read.value),
    }));
  }
  return fix(deps, read.value, found, { isOver: base.isOver, quiet });
}

/** The appointment's day in its calendar's zone; in the agency's when Acuity does not name the zone. */
function dayOf({ startsAt, calendarTimezone }: Appointment): string {
  return dayIn(startsAt, calendarTimezone ?? agencyZone);
}

async function fix(
  deps: CompareDeps,
  appointment: Appointment,
  found: Difference[],
  { isOver, quiet }: { isOver: boolean; quiet: boolean },
): Promise<Found[]> {
  const appointmentId = appointment.id;
  const done = await deps.convergence.converge(appointmentId, { source: 'reconciliation', quiet });
  if (!done.ok) throw new CompareError(done.reason);
  const ours = await findKnown(deps.db, [appointmentId]);
  const known = ours.get(appointmentId);
  const read = await deps.acuity.getAppointment(appointmentId);
  const remaining =
    known && read.ok ? differencesOf(await readContext(deps, [read.value], ours), known, read.value) : found;
  return found.map((difference) => {
    const isLeft = remaining.includes(difference);
    return {
      appointmentId,
      bookingId: known?.booking.id ?? null,
      specialistId: null,
      difference,
      isOver,
      day: dayOf(appointment),
      state: isLeft ? ('left' as const) : ('fixed' as const),
      reason: isLeft ? reasonOf(difference, done.note, appointment) : null,
      valueDigest: valueDigest(deps, difference, read.ok ? read.value : appointment),
    };
  });
}

function valueDigest(
  { digests }: Pick<CompareDeps, 'digests'>,
  difference: Difference,
  appointment: Appointment,
): string | null {
  const value = acuityValue(difference, appointment);
  return value === null ? null : digests.of(value);
}

const reasonOfCalendar = (calendarId: number): string =>
  `No specialist of ours has calendar ${calendarId}: add the specialist, or correct the calendar id`;

function reasonOf(difference: Difference, note: ConvergenceNote | null, { calendarId }: Appointment): string {
  if (difference === 'unknown_calendar' || note?.startsWith('unknown_calendar'))
    return reasonOfCalendar(calendarId);
  if (note === 'attempt_failed') return 'An attempt that was given up left it behind; it is being cancelled';
  if (difference === 'status')
    return 'One side says that it is cancelled: decide which is right, and say so in Acuity';
  return 'It could not be taken over: compare the booking with Acuity';
}

/** Appointments that an event has announced since then. */
async function announcedSince(db: Queryable, appointmentIds: number[], since: Date): Promise<Set<number>> {
  if (appointmentIds.length === 0) return new Set();
  const ids = await db('webhook_events')
    .whereIn('appointment_id', appointmentIds)
    .where('received_at', '>', since)
    .distinct()
    .pluck('appointment_id');
  return new Set(ids as number[]);
}

/** Our bookings by appointment: those of these appointments, and those that fall into the span. */
async function bookingsToCompare(
  db: Queryable,
  appointmentIds: number[],
  span: { from: Date; to: Date },
): Promise<{ appointmentId: number; isActive: boolean }[]> {
  const rows = await db('bookings')
    .where((either) => {
      void either
        .whereIn('acuity_appointment_id', appointmentIds)
        .orWhereBetween('starts_at', [span.from, span.to]);
    })
    .select('acuity_appointment_id', 'status');
  return rows.map((row) => ({
    appointmentId: row.acuity_appointment_id,
    isActive: row.status === 'active',
  }));
}

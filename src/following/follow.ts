// Writes to a booking what the clinic's staff changed in Acuity. Works from Acuity's present state, so it is safe to
// repeat, in any order, and in several processes concurrently.
import { completeOpenChange, findOpenChange, type AttemptDeps } from '../attempts/index.ts';
import { systemActor, type AuditAction } from '../audit/index.ts';
import {
  allDetails,
  answersDigestOf,
  answersOf,
  canMove,
  detailIn,
  findBooking,
  applyAcuityChanges,
  hasEnded,
  insertAnswers,
  insertProgress,
  intakeFields,
  keptAnswers,
  lacksDetails,
  lockBooking,
  placeOf,
  stateToTell,
  type Booking,
  type BookingStatus,
  type AcuityChanges,
  type KeptAnswers,
  type Progress,
} from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import type { BookingMailKind } from '../mail-kinds/index.ts';
import type { Appointment } from '../ports/acuity.ts';
import type { Specialist } from '../specialists/index.ts';
import {
  answersContext,
  changedAnswers,
  changedInAcuity,
  earlierFields,
  isNoChange,
  type AnswersContext,
  type DetailsChange,
} from './answers.ts';
import { differences, type BookingDifference } from './differences.ts';
import { lateOwner, type Owner } from './owner.ts';

export interface FollowCause {
  source: 'acuity' | 'reconciliation' | 'import';
  /** Nobody is told, not even staff: imported or restored changes were known before. */
  quiet?: boolean;
  takeover?: Takeover;
}

/** For an appointment that predates this system: it becomes a booking even if it is cancelled. */
export interface Takeover {
  /** The progress of the work on it; null: as for any other booking. */
  workStateOf(
    appointment: Pick<Appointment, 'startsAt' | 'durationMinutes' | 'canceled' | 'noShow'>,
  ): WorkState | null;
  /** Details that Acuity does not have. */
  claimNumber?: string | null;
  owner?: Owner | null;
  /** Runs in the transaction that makes the booking. */
  note(trx: Transaction, bookingId: string): Promise<void>;
}

export interface WorkState {
  status: BookingStatus;
  progress: Progress;
}

/** Reconciliation may find a change late: it announces nothing about an examination whose time is over. */
export function isAnnounced(
  { source, quiet = false }: FollowCause,
  examination: Pick<Booking, 'startsAt' | 'durationMinutes'>,
  now: Date,
): boolean {
  return !quiet && (source === 'acuity' || !hasEnded(examination, now));
}

export type Followed =
  | { outcome: 'updated' | 'cancelled' | 'skipped'; bookingId: string; left?: BookingDifference[] }
  /** It was our own change, and was completed as such. Acuity's state may be newer: read it again. */
  | { outcome: 'carried_out'; as: 'updated' | 'cancelled'; bookingId: string }
  /** Another process wrote first, perhaps from a newer answer: read again. */
  | { outcome: 'stale' }
  /** A change of our own is under way: try again once it is settled. */
  | { outcome: 'busy' };

/** Acuity's answer about an appointment, and the means to tell whether it is the newest. */
export interface Reading {
  appointment: Appointment;
  /** The booking's version before Acuity was read. */
  expectedVersion: number;
  /** Claims the read version; false when another process acted on an answer since this one was requested. */
  isNewest: (trx: Transaction) => Promise<boolean>;
  /** Bumps the read version when nothing differs: a process that holds an older answer must read again. */
  noteUnchanged: (trx: Transaction) => Promise<void>;
}

/** @returns `left`: differences that staff must decide */
export async function followAppointment(
  deps: AttemptDeps,
  bookingId: string,
  { appointment, expectedVersion, isNewest, noteUnchanged }: Reading,
  cause: FollowCause,
): Promise<Followed> {
  const specialist = await deps.specialists.findByCalendar(appointment.calendarId);
  const fields = await intakeFields(deps.db, deps);
  const context = await answersContext(deps);
  const as = await completeOpenChange(deps, bookingId, appointment);
  if (as) return { outcome: 'carried_out', as, bookingId };
  const followed = await deps.db.transaction(async (trx): Promise<Followed & { before?: Booking }> => {
    await blockMerges(trx);
    const booking = await lockBooking(trx, bookingId);
    if (!booking) throw new Error(`Booking ${bookingId} is gone`);
    const answers = answersOf(appointment, fields);
    const known = await answersDigestOf(trx, bookingId);
    const isKnown = (digest: string) => deps.digests.isOf(known, digest);
    const earlier = isKnown(answers.digest) ? [] : await earlierFields(trx);
    const changed = changedInAcuity(booking, appointment, fields, isKnown, earlier);
    const digest = deps.digests.of(answers.digest);
    const plan = planOf(booking, appointment, specialist, detailsChange(booking, digest, changed));
    Object.assign(plan.set, await lateOwner(trx, deps, booking, appointment, answers));
    plan.answers = await answersToKeep(trx, booking, appointment, context, cause);
    // Nothing is written here, so a stale answer does no harm; but no older answer may be written after it.
    if (isEmpty(plan)) await noteUnchanged(trx);
    else if (booking.version !== expectedVersion || !(await isNewest(trx))) return { outcome: 'stale' };
    if (!isEmpty(plan) && (await findOpenChange(trx, bookingId))) return { outcome: 'busy' };
    await deps.onStep?.('in_follow_transaction');
    return { ...(await write(deps, trx, booking, plan, cause)), before: booking };
  });
  const { before, ...outcome } = followed;
  if (before && (outcome.outcome === 'updated' || outcome.outcome === 'cancelled')) {
    await invalidateBoth(deps, before, appointment);
  }
  return outcome;
}

interface Plan {
  set: AcuityChanges;
  /** The new progress that people are told about; null when the change has none. */
  progress: Progress | null;
  notes: string;
  left: BookingDifference[];
  /** Answers to Acuity's own questions, if they were changed there. */
  answers: KeptAnswers | null;
}

function isEmpty({ set, answers }: Plan): boolean {
  return Object.keys(set).length === 0 && answers === null;
}

/**
 * Bookings made before answers were stored get them when an event arrives. Reconciliation, which reads all bookings,
 * leaves them out: otherwise its first run would write to every one of them.
 */
async function answersToKeep(
  trx: Transaction,
  booking: Booking,
  appointment: Appointment,
  context: AnswersContext,
  cause: FollowCause,
): Promise<KeptAnswers | null> {
  if (appointment.canceled || booking.status === 'cancelled') return null;
  const kept = (await keptAnswers(trx, [booking.id])).get(booking.id) ?? null;
  if (!kept && cause.source === 'reconciliation') return null;
  return changedAnswers(booking, appointment, kept, context);
}

function planOf(
  booking: Booking,
  appointment: Appointment,
  specialist: Specialist | null,
  details: AcuityChanges,
): Plan {
  const found = differences(booking, appointment, specialist);
  const plan: Plan = { set: {}, progress: null, notes: '', left: [], answers: null };
  const has = (difference: BookingDifference) => found.includes(difference);
  if (has('unknown_calendar')) plan.left.push('unknown_calendar');
  if (has('time') && !mustKeepTime(booking, appointment)) plan.set.startsAt = appointment.startsAt;
  if (has('status')) return planEnd(plan, booking, appointment);
  if (appointment.canceled || booking.status === 'cancelled') return plan;
  if (has('specialist') && specialist) {
    Object.assign(plan.set, { specialistId: specialist.id, timezone: specialist.timezone });
    plan.notes = `Moved from ${booking.specialist.name} to ${specialist.name}`;
  }
  if ((has('time') || (has('specialist') && specialist)) && canMove(booking, 'rescheduled'))
    plan.progress = 'rescheduled';
  if (has('duration')) plan.set.durationMinutes = appointment.durationMinutes;
  if (has('type')) plan.set.type = typeOf(appointment, specialist) ?? booking.type;
  Object.assign(plan.set, placeChange(booking, appointment, plan.set));
  Object.assign(plan.set, details);
  return plan;
}

/** Cancelled here but not in Acuity: staff decide which is right, and which time. */
function mustKeepTime(booking: Booking, appointment: Appointment): boolean {
  return booking.status === 'cancelled' && !appointment.canceled;
}

/** Cancelled in Acuity, or cancelled here but not in Acuity. */
function planEnd(plan: Plan, booking: Booking, appointment: Appointment): Plan {
  if (!appointment.canceled) return { ...plan, left: [...plan.left, 'status'] };
  const to: Progress = appointment.noShow ? 'no_show' : 'cancelled';
  // The report is written or paid for: staff decide whether that examination was cancelled.
  if (!canMove(booking, to)) return { ...plan, left: [...plan.left, 'status'] };
  return { ...plan, set: { ...plan.set, ended: to }, progress: to };
}

export function typeOf(appointment: Appointment, specialist: Specialist | null): Booking['type'] | null {
  const service = specialist?.services.find(
    (one) => one.acuityAppointmentTypeId === appointment.appointmentTypeId,
  );
  return service?.type ?? null;
}

function placeChange(booking: Booking, appointment: Appointment, set: AcuityChanges): AcuityChanges {
  const place = placeOf(set.type ?? booking.type, appointment.location, booking.location);
  const change: AcuityChanges = {};
  if (place.location !== null && place.location !== booking.location) change.location = place.location;
  // The old meeting link stays until Acuity names another.
  if (place.meetingLink !== null && place.meetingLink !== booking.meetingLink)
    change.meetingLink = place.meetingLink;
  return change;
}

function detailsChange(booking: Booking, answersDigest: string, change: DetailsChange): AcuityChanges {
  if (isNoChange(change)) return {};
  const { details, hasUnreadable } = change;
  const after = allDetails((detail) => detailIn(details, detail) ?? detailIn(booking, detail));
  // Marked for another reason, such as a question that nobody could answer: only staff remove the mark.
  const isMarkedForOtherReason = booking.detailsNeeded && !lacksDetails(booking);
  const detailsNeeded = isMarkedForOtherReason || hasUnreadable || lacksDetails(after);
  return { ...details, answersDigest, detailsNeeded };
}

async function write(
  deps: AttemptDeps,
  trx: Transaction,
  booking: Booking,
  plan: Plan,
  cause: FollowCause,
): Promise<Extract<Followed, { left?: unknown }>> {
  const { set, progress, notes, left, answers } = plan;
  const rest = left.length > 0 ? { left } : {};
  if (isEmpty(plan)) return { outcome: 'skipped', bookingId: booking.id, ...rest };
  await applyAcuityChanges(trx, booking.id, set, progress, deps.clock.now());
  if (answers) {
    await insertAnswers(trx, {
      id: deps.ids.uuid(),
      bookingId: booking.id,
      source: cause.source,
      ...answers,
    });
  }
  if (progress) {
    await insertProgress(trx, {
      id: deps.ids.uuid(),
      bookingId: booking.id,
      progress,
      changedById: null,
      changedForId: null,
      source: cause.source,
      notes,
      moved: set.startsAt && { from: booking.startsAt, to: set.startsAt },
    });
  }
  if (isAnnounced(cause, { ...booking, ...set }, deps.clock.now())) {
    if (set.createdById) await announceState(deps, trx, booking, set.createdById);
    else if (progress) await announceProgress(deps, trx, booking, set, progress);
  }
  await deps.audit.record(trx, systemActor, {
    action: (progress && auditActions[progress]) ?? 'booking.edited',
    resourceType: 'booking',
    resourceId: booking.id,
    metadata: {
      source: cause.source,
      columns: [...Object.keys(set), ...(answers ? ['answers'] : [])],
      ...(set.startsAt && { from: booking.startsAt.toISOString(), to: set.startsAt.toISOString() }),
    },
  });
  return { outcome: set.ended ? 'cancelled' : 'updated', bookingId: booking.id, ...rest };
}

const auditActions: Partial<Record<Progress, AuditAction>> = {
  rescheduled: 'booking.rescheduled',
  cancelled: 'booking.cancelled',
  no_show: 'booking.progressed',
};

const mailKinds: Partial<Record<Progress, BookingMailKind>> = {
  rescheduled: 'booking_rescheduled',
  cancelled: 'booking_cancelled',
  no_show: 'booking_no_show',
};

async function announceProgress(
  deps: AttemptDeps,
  trx: Transaction,
  booking: Booking,
  set: AcuityChanges,
  progress: Progress,
): Promise<void> {
  const kind = mailKinds[progress];
  if (!kind) return;
  const now = deps.clock.now();
  // Both times are over: nobody needs to act. A no-show is announced nevertheless, since it is only known afterwards.
  if (progress !== 'no_show' && hasEnded(booking, now) && hasEnded({ ...booking, ...set }, now)) return;
  await deps.announce(trx, {
    kind,
    bookingId: booking.id,
    // One message for each version of the booking, however often the change is found.
    occasion: `${booking.id}:${booking.version + 1}`,
    ...(kind === 'booking_rescheduled' && { previousStartsAt: booking.startsAt }),
  });
}

/** To the booking's new referrer, who was not told about it before. */
async function announceState(
  deps: AttemptDeps,
  trx: Transaction,
  { id, version }: Booking,
  referrerId: string,
): Promise<void> {
  const booking = await findBooking(trx, id);
  const kind = booking && stateToTell(booking, deps.clock.now());
  if (kind)
    await deps.announce(trx, {
      kind,
      bookingId: id,
      recipientIds: [referrerId],
      occasion: `assigned:${id}:${version + 1}`,
    });
}

/** Invalidates both calendars when the appointment moved from one to the other. */
async function invalidateBoth(deps: AttemptDeps, before: Booking, appointment: Appointment): Promise<void> {
  await deps.availability.invalidate(appointment.calendarId, appointment.canceled ? undefined : appointment);
  const old = await deps.specialists.findById(before.specialist.id);
  if (old && old.acuityCalendarId !== appointment.calendarId)
    await deps.availability.invalidate(old.acuityCalendarId);
}

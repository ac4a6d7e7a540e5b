// Makes a booking from an appointment that was made in Acuity.
import { findAttemptByReference, type AttemptDeps } from '../attempts/index.ts';
import { systemActor } from '../audit/index.ts';
import {
  allDetails,
  answersOf,
  changeBooking,
  detailIn,
  findBookingByAppointment,
  applyAcuityChanges,
  hasEnded,
  insertAnswers,
  insertBooking,
  insertProgress,
  intakeFields,
  lacksDetails,
  meetingLinkIn,
  markAsNotified,
  placeOf,
  type Answers,
  type KeptAnswers,
  type Progress,
} from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import { violatedConstraint } from '../db/transaction.ts';
import type { Appointment } from '../ports/acuity.ts';
import type { Specialist } from '../specialists/index.ts';
import {
  answersContext,
  importedAnswers,
  referenceAnswers,
  referenceMappings,
  type ReferenceMappings,
} from './answers.ts';
import { isAnnounced, typeOf, type FollowCause, type Reading } from './follow.ts';
import { isMadeByUs, restoreGaps, referenceToKeep, wasBooked } from './lost.ts';
import { ownerOf, findUnknownReferrer, type Owner } from './owner.ts';

export type Imported =
  | { outcome: 'created'; bookingId: string }
  /** Another process was first, or has a newer answer: read again. */
  | { outcome: 'stale' }
  /** Staff must act: no specialist of ours has this calendar. */
  | { outcome: 'unknown_calendar' }
  /** The appointment is cancelled and was no booking of ours. The caller checks whether that is the newest answer. */
  | { outcome: 'cancelled_before_booked' }
  /** Acuity did not say which other appointments have its reference: nothing was written. */
  | { outcome: 'unavailable' };

/**
 * Makes at most one booking for an appointment, however many processes import it concurrently.
 * @param mappings as read before or after the appointment
 */
export async function importAppointment(
  deps: AttemptDeps,
  { appointment, isNewest }: Omit<Reading, 'expectedVersion'>,
  mappings: ReferenceMappings,
  cause: FollowCause,
): Promise<Imported> {
  const [specialist, context, gaps] = await Promise.all([
    deps.specialists.findByCalendar(appointment.calendarId),
    answersContext(deps),
    restoreGaps(deps.db),
  ]);
  const answers = answersOf(appointment, mappings[0]);
  const kept = importedAnswers(appointment, context);
  // A random reference may be in use; another process may take the one that Acuity names.
  for (let tries = 0; ; tries += 1) {
    const reference = await referenceToKeep(deps, appointment, mappings);
    if (!reference.ok) return { outcome: 'unavailable' };
    if (appointment.canceled && !cause.takeover && !wasBooked(appointment, reference.value, gaps))
      return { outcome: 'cancelled_before_booked' };
    if (!specialist) return { outcome: 'unknown_calendar' };
    const read = { answers, kept, reference: reference.value };
    try {
      const bookingId = await deps.db.transaction(async (trx) => {
        await blockMerges(trx);
        return (await isNewest(trx)) ? writeImported(deps, trx, appointment, specialist, read, cause) : null;
      });
      if (bookingId === null) return { outcome: 'stale' };
      await deps.availability.invalidate(
        appointment.calendarId,
        appointment.canceled ? undefined : appointment,
      );
      return { outcome: 'created', bookingId };
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'bookings_acuity_appointment_id_key') return { outcome: 'stale' };
      if (constraint !== 'bookings_reference_key' || tries >= 5) throw error;
      if (await findBookingByAppointment(deps.db, appointment.id)) return { outcome: 'stale' };
    }
  }
}

async function writeImported(
  deps: AttemptDeps,
  trx: Transaction,
  appointment: Appointment,
  specialist: Specialist,
  { answers, kept, reference }: { answers: Answers; kept: KeptAnswers | null; reference: string | null },
  cause: FollowCause,
): Promise<string> {
  const bookingId = deps.ids.uuid();
  const owner = cause.takeover?.owner ?? (await ownerOf(trx, deps, appointment, answers));
  const type =
    typeOf(appointment, specialist) ?? (meetingLinkIn(appointment.location) ? 'telehealth' : 'in_person');
  const service = specialist.services.find((one) => one.type === type);
  const durationMinutes = appointment.durationMinutes || (service?.durationMinutes ?? 60);
  const inAcuity = allDetails((detail) => detailIn(answers.details, detail));
  const details = { ...inAcuity, claimNumber: inAcuity.claimNumber ?? cause.takeover?.claimNumber ?? null };
  const isLost = isMadeByUs(appointment, reference);
  const isFromPortal = isLost && owner.userId !== null;
  await insertBooking(trx, {
    id: bookingId,
    reference: reference ?? deps.ids.reference(),
    acuityAppointmentId: appointment.id,
    specialistId: specialist.id,
    organizationId: owner.organizationId,
    createdById: owner.userId,
    createdForId: null,
    ...details,
    startsAt: appointment.startsAt,
    timeChosenAt: deps.clock.now(),
    durationMinutes,
    timezone: specialist.timezone,
    type,
    ...placeOf(type, appointment.location, specialist.location),
    source: isFromPortal ? 'portal' : 'acuity_direct',
    externalCreatedBy: isFromPortal ? null : (appointment.scheduledBy ?? appointment.client.email),
    detailsNeeded: answers.hasUnreadable || lacksDetails(details),
    answersDigest: deps.digests.of(answers.digest),
  });
  const writeProgress = (progress: Progress) =>
    insertProgress(trx, {
      id: deps.ids.uuid(),
      bookingId,
      progress,
      notes: '',
      changedById: null,
      changedForId: null,
      source: cause.source,
    });
  await writeProgress('scheduled');
  if (appointment.canceled) {
    const ended = appointment.noShow ? 'no_show' : 'cancelled';
    await applyAcuityChanges(trx, bookingId, { ended }, ended, deps.clock.now());
    await writeProgress(ended);
  }
  const workState = cause.takeover?.workStateOf({ ...appointment, durationMinutes }) ?? null;
  if (workState) {
    const { status, progress } = workState;
    await changeBooking(trx, bookingId, { status, currentProgress: progress });
    if (progress !== 'scheduled' && !appointment.canceled) await writeProgress(progress);
  }
  if (kept) await insertAnswers(trx, { id: deps.ids.uuid(), bookingId, source: cause.source, ...kept });
  await deps.audit.record(trx, systemActor, {
    action: 'booking.created',
    resourceType: 'booking',
    resourceId: bookingId,
    metadata: {
      acuityAppointmentId: appointment.id,
      source: cause.source,
      isAssigned: owner.organizationId !== null,
      ...(reference && { keptReference: true }),
    },
  });
  const examination = { startsAt: appointment.startsAt, durationMinutes };
  const now = deps.clock.now();
  // An examination that is over needs no action; bookings made here were confirmed when they were made.
  const isTold = isAnnounced(cause, examination, now) && !(await wasTakenOver(trx, appointment.id));
  if (!isLost && isTold && !appointment.canceled && !hasEnded(examination, now))
    await deps.announce(trx, { kind: 'booking_confirmation', bookingId });
  if (cause.quiet && !owner.userId) await markAsNotified(trx, bookingId, deps.ids.uuid());
  await cause.takeover?.note(trx, bookingId);
  await deps.onStep?.('in_import_transaction');
  return bookingId;
}

/** An earlier import made it a booking and was undone: nobody is told when it is imported again. */
async function wasTakenOver(trx: Transaction, appointmentId: number): Promise<boolean> {
  const record: unknown = await trx('import_records')
    .where({ acuity_appointment_id: appointmentId })
    .first('id');
  return record !== undefined;
}

/** What importing this appointment would do; nothing is written. */
export type ImportPreview =
  | { outcome: 'made'; owner: Owner }
  | { outcome: 'unknown_calendar' | 'attempt_failed' | 'being_booked' };

export async function previewImport(
  deps: AttemptDeps,
  appointment: Appointment,
  cause: FollowCause,
): Promise<ImportPreview> {
  const mappings = await referenceMappings(deps);
  const references = referenceAnswers(appointment, mappings);
  for (const { reference } of references) {
    const attempt = await findAttemptByReference(deps.db, reference);
    if (attempt?.state === 'failed') return { outcome: 'attempt_failed' };
    if (attempt?.state === 'open') return { outcome: 'being_booked' };
  }
  if (!(await deps.specialists.findByCalendar(appointment.calendarId)))
    return { outcome: 'unknown_calendar' };
  const answers = answersOf(appointment, mappings[0]);
  return {
    outcome: 'made',
    owner: cause.takeover?.owner ?? (await ownerOf(deps.db, deps, appointment, answers)),
  };
}

/** See owner.ts. */
export async function unknownReferrerOf(deps: AttemptDeps, appointment: Appointment) {
  return findUnknownReferrer(
    deps.db,
    deps,
    appointment,
    answersOf(appointment, await intakeFields(deps.db, deps)),
  );
}

/** The referrer and organisation that Acuity names now, for a booking without a referrer. */
export async function ownerIn(deps: AttemptDeps, appointment: Appointment): Promise<Owner> {
  return ownerOf(deps.db, deps, appointment, answersOf(appointment, await intakeFields(deps.db, deps)));
}

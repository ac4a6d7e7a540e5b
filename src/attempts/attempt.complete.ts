// The one place where an intention ends: in a booking, or in a refusal. Requests, the worker and webhooks all come
// here, at any time and several at once; the intention's row decides who was first.
import type { AuditActor } from '../audit/index.ts';
import type { Transaction } from '../db/knex.ts';
import { keepMergesOff, mergedInto } from '../db/merges.ts';
import type { Appointment } from '../ports/acuity.ts';
import { timingsOf, type AttemptDeps } from './attempt.deps.ts';
import { checkLateJob } from './attempt.jobs.ts';
import {
  completeOpen,
  failOpen,
  failUncalled,
  lockIntention,
  type BookOrder,
  type Intention,
  type Refusal,
} from './attempt.repository.ts';
import {
  answersOf,
  detailsIn,
  digestOfAll,
  findBooking,
  insertAnswers,
  insertBooking,
  insertProgress,
  intakeFields,
  placeOf,
  type Booking,
} from '../bookings/index.ts';

export type Completion =
  | { outcome: 'completed'; booking: Booking }
  /** Declared failed before: the appointment must not stay. */
  | { outcome: 'failed'; refusal: Refusal };

/** Booking, first progress entry, audit row, announcement and the end of the intention: all or nothing, once. */
export async function completeBooking(
  deps: AttemptDeps,
  intentionId: string,
  appointment: Appointment,
): Promise<Completion> {
  return deps.db.transaction(async (trx) => {
    await keepMergesOff(trx);
    const intention = await lockIntention(trx, intentionId);
    if (!intention || intention.order.kind !== 'book') {
      throw new Error(`No booking is intended under ${intentionId}`);
    }
    if (intention.state === 'failed') {
      return { outcome: 'failed', refusal: intention.failure ?? { reason: 'acuity_error' } };
    }
    if (intention.state === 'open') {
      await writeBooking(deps, trx, intention as Intention<BookOrder>, appointment);
      await deps.onStep?.('in_complete_transaction');
    }
    return { outcome: 'completed', booking: await bookingOf(trx, intentionId) };
  });
}

async function writeBooking(
  deps: AttemptDeps,
  trx: Transaction,
  intention: Intention<BookOrder>,
  appointment: Appointment,
): Promise<void> {
  const { order } = intention;
  if (!intention.organizationId) throw new Error(`Intention ${intention.id} has no organisation`);
  // Either may have been merged away since it was asked for: then it is for the one who stays.
  const organizationId = await mergedInto(trx, intention.organizationId);
  const createdById = await mergedInto(trx, intention.createdById);
  const bookingId = deps.ids.uuid();
  await insertBooking(trx, {
    id: bookingId,
    reference: intention.reference,
    acuityAppointmentId: appointment.id,
    specialistId: intention.specialistId,
    organizationId,
    createdById,
    createdForId: intention.createdForId,
    ...detailsIn(order),
    startsAt: appointment.startsAt,
    // Acuity's answer may lack it; the service says how long it takes.
    durationMinutes: appointment.durationMinutes || order.durationMinutes,
    timezone: order.examinationTimezone,
    type: order.type,
    ...placeOf(order.type, appointment.location, order.location),
    source: 'portal',
    externalCreatedBy: null,
    detailsNeeded: order.detailsNeeded ?? false,
    answersDigest: answersOf(appointment, await intakeFields(trx, deps)).digest,
  });
  await insertProgress(trx, {
    id: deps.ids.uuid(),
    bookingId,
    progress: 'scheduled',
    changedById: createdById,
    changedForId: intention.createdForId,
    source: 'portal',
    notes: '',
  });
  await insertAnswers(trx, {
    ...{ id: deps.ids.uuid(), bookingId, source: 'portal' },
    ...{ answers: order.answers, acuityDigest: digestOfAll(appointment) },
  });
  await deps.audit.record(trx, order.actor, {
    action: 'booking.created',
    resourceType: 'booking',
    resourceId: bookingId,
    metadata: { acuityAppointmentId: appointment.id, intentionId: intention.id },
  });
  await deps.announce(trx, { kind: 'booking_confirmation', bookingId, intentionId: intention.id });
  await completeOpen(trx, intention.id, bookingId);
}

async function bookingOf(trx: Transaction, intentionId: string): Promise<Booking> {
  const { booking_id: bookingId } = (await trx('booking_intentions')
    .where({ id: intentionId })
    .first('booking_id')) as { booking_id: string };
  const booking = await findBooking(trx, bookingId);
  if (!booking) throw new Error(`Intention ${intentionId} was completed without a booking`);
  return booking;
}

export interface FailOptions {
  /** The referrer was told to wait, and is told now by e-mail. */
  tell?: boolean;
  /** The answer asks to try again: the same key may. */
  releaseKey?: boolean;
  /** Fails it only when Acuity was never called for it. */
  onlyUncalled?: boolean;
  /** Acuity did not say no: what we asked for may still appear. */
  checkLater?: boolean;
}

/**
 * Declares an open intention failed, once; false when it was settled before, or may not be failed now. Should its
 * call reach Acuity all the same, the late checks take the appointment away again.
 */
export async function failIntention(
  deps: AttemptDeps,
  intention: Intention,
  refusal: Refusal,
  options: FailOptions = {},
): Promise<boolean> {
  return deps.db.transaction(async (trx) => {
    await keepMergesOff(trx);
    const failed = options.onlyUncalled
      ? await failUncalled(trx, intention.id, refusal)
      : await failOpen(trx, intention.id, refusal, options);
    if (!failed) return false;
    await recordFailure(deps, trx, intention.order.actor, intention, refusal);
    if (options.tell && !('byStaff' in intention.order && intention.order.byStaff)) {
      await deps.announce(trx, {
        kind: 'booking_failed',
        bookingId: intention.bookingId,
        intentionId: intention.id,
      });
    }
    const lateChecksMs = options.checkLater ? timingsOf(deps).lateChecksMs : [];
    for (const [index, delayMs] of lateChecksMs.entries()) {
      await deps.jobs.add(
        checkLateJob,
        { intentionId: intention.id },
        { trx, delayMs, key: `late:${intention.id}:${index}` },
      );
    }
    return true;
  });
}

async function recordFailure(
  deps: AttemptDeps,
  trx: Transaction,
  actor: AuditActor,
  intention: Intention,
  refusal: Refusal,
): Promise<void> {
  const actions = {
    book: 'booking.created',
    reschedule: 'booking.rescheduled',
    cancel: 'booking.cancelled',
  } as const;
  await deps.audit.record(trx, actor, {
    action: actions[intention.order.kind],
    resourceType: intention.bookingId ? 'booking' : 'booking_intention',
    resourceId: intention.bookingId ?? intention.id,
    outcome: 'failure',
    metadata: { reason: refusal.reason, intentionId: intention.id },
  });
}

// The kinds `reschedule` and `cancel`, which change an existing appointment. A `Change` holds what differs between the two:
// the call to Acuity, and what is written afterwards.
import {
  changeBooking,
  findBooking,
  insertProgressQuery,
  placeOf,
  statusAfter,
  type Booking,
} from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import { sendTogether, type Query } from '../db/statements.ts';
import { ok } from '../lib/result.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import { completeOnce } from './attempt.end.ts';
import type { Kind, WantedTime } from './attempt.kind.ts';
import { lost, type Attempt, type ChangeKind, type Refusal } from './attempt.ts';

interface Change<K extends ChangeKind> {
  progress: 'rescheduled' | 'cancelled';
  /** The form field that a refusal is shown at. */
  field: string;
  ask(deps: AttemptDeps, attempt: Attempt<K>, asStaff: boolean): Promise<AcuityResult<Appointment>>;
  isCarriedOut(attempt: Attempt<K>, appointment: Appointment): boolean;
  /** Whether the booking has the change already, because a webhook was faster. */
  isAlreadyApplied(attempt: Attempt<K>, booking: Booking): boolean;
  wantedTime(deps: AttemptDeps, attempt: Attempt<K>): Promise<WantedTime | null>;
  /** The changes to the booking, its progress and its audit row. */
  effect(attempt: Attempt<K>, booking: Booking, appointment: Appointment): Effect;
}

interface Effect {
  set: Partial<Pick<Booking, 'startsAt' | 'durationMinutes' | 'location' | 'meetingLink'>>;
  notes: string;
  moved?: { from: Date; to: Date };
}

const reschedule: Change<'reschedule'> = {
  progress: 'rescheduled',
  field: 'startsAt',

  ask: ({ acuity }, { request, startsAt }, asStaff) =>
    acuity.reschedule(request.acuity.appointmentId, {
      startsAt,
      calendarId: request.acuity.calendarId,
      asStaff,
    }),

  isCarriedOut: ({ request, startsAt }, appointment) =>
    !appointment.canceled &&
    appointment.calendarId === request.acuity.calendarId &&
    appointment.startsAt.getTime() === startsAt.getTime(),

  isAlreadyApplied: ({ startsAt }, booking) => booking.startsAt.getTime() === startsAt.getTime(),

  async wantedTime({ db, specialists }, { id, specialistId, bookingId, startsAt }) {
    const booking = bookingId && (await findBooking(db, bookingId));
    const specialist = await specialists.findById(specialistId);
    if (!booking || !specialist) throw new Error(`Attempt ${id} has no booking or no specialist`);
    return { specialist, startsAt, type: booking.type, durationMinutes: booking.durationMinutes };
  },

  effect(_attempt, booking, appointment) {
    const place = placeOf(booking.type, appointment.location, booking.location);
    return {
      set: {
        startsAt: appointment.startsAt,
        durationMinutes: appointment.durationMinutes,
        location: place.location,
        // The old meeting link stays until Acuity names another.
        meetingLink: place.meetingLink ?? booking.meetingLink,
      },
      notes: '',
      moved: { from: booking.startsAt, to: appointment.startsAt },
    };
  },
};

const cancel: Change<'cancel'> = {
  progress: 'cancelled',
  field: '',
  ask: ({ acuity }, { request: { acuity: wanted, reason } }, asStaff) =>
    acuity.cancel(wanted.appointmentId, { asStaff, ...(reason && { note: reason }) }),
  isCarriedOut: (_attempt, appointment) => appointment.canceled,
  isAlreadyApplied: (_attempt, booking) => booking.currentProgress === 'cancelled',
  wantedTime: () => Promise.resolve(null),
  effect: ({ request }) => ({ set: {}, notes: request.reason ?? '' }),
};

export const rescheduleKind = kindOfChange(reschedule);
export const cancelKind = kindOfChange(cancel);

/** Whether the appointment in Acuity shows the requested change. */
export function isCarriedOut(attempt: Attempt<ChangeKind>, appointment: Appointment): boolean {
  return attempt.request.kind === 'cancel'
    ? cancel.isCarriedOut(attempt as Attempt<'cancel'>, appointment)
    : reschedule.isCarriedOut(attempt as Attempt<'reschedule'>, appointment);
}

function kindOfChange<K extends ChangeKind>(change: Change<K>): Kind<K> {
  return {
    async callAcuity(deps, attempt) {
      // Calls as the client first, so that the clinic's own rules apply. Staff may overrule the rules about notice.
      const answer = await change.ask(deps, attempt, false);
      const isPolicy = !answer.ok && answer.reason === 'refused' && policyCodes.has(answer.code);
      const isOverruled = isPolicy && attempt.request.byStaff;
      return { attempt, answer: isOverruled ? await change.ask(deps, attempt, true) : answer };
    },

    async readBack(deps, { request }) {
      const read = await deps.acuity.getAppointment(request.acuity.appointmentId);
      return read.ok ? read.value : null;
    },

    rule: (_deps, _attempt, { code }) => Promise.resolve({ refusal: refusalOf(code, change.field) }),

    wantedTime: (deps, attempt) => change.wantedTime(deps, attempt),

    async complete(deps, attempt, appointment) {
      if (!change.isCarriedOut(attempt, appointment)) return { outcome: 'unknown' };
      await deps.onStep?.('before_complete');
      return completeOnce(
        deps,
        attempt,
        async (trx, locked, booking) => {
          if (!booking) throw new Error(`Attempt ${attempt.id} changes no booking`);
          const mine = locked as Attempt<K>;
          const unsent = change.isAlreadyApplied(mine, booking)
            ? []
            : await write(
                deps,
                trx,
                mine,
                booking,
                change.progress,
                change.effect(mine, booking, appointment),
              );
          return { bookingId: booking.id, unsent };
        },
        { evenIfFailed: true },
      );
    },

    async find(deps, attempt) {
      const found = await deps.acuity.getAppointment(attempt.request.acuity.appointmentId);
      if (!found.ok && found.reason !== 'not_found') return found;
      if (found.ok && change.isCarriedOut(attempt, found.value)) {
        return ok({ isDone: true, appointment: found.value, strays: [] });
      }
      const isGone = !found.ok || found.value.canceled;
      const gone: Refusal = { reason: found.ok ? 'already_cancelled' : 'acuity_error' };
      const refusal = () => Promise.resolve(isGone ? gone : lost);
      return ok({ isDone: false, isFinal: isGone, refusal, checkLater: !isGone });
    },

    async checkLate(deps, attempt) {
      if (attempt.state !== 'failed') return 'done';
      const found = await deps.acuity.getAppointment(attempt.request.acuity.appointmentId);
      if (found.ok) return change.isCarriedOut(attempt, found.value) ? found.value : 'done';
      return found.reason === 'not_found' ? 'done' : 'ask_again';
    },
  };
}

const policyCodes = new Set([
  'cancel_not_allowed',
  'cancel_too_close',
  'reschedule_not_allowed',
  'reschedule_too_close',
]);

function refusalOf(code: string, field: string): Refusal {
  if (code === 'reschedule_canceled') return { reason: 'already_cancelled' };
  if (!policyCodes.has(code)) return { reason: 'acuity_error' };
  const message = 'It is too late to change this examination here: call us, and we arrange it';
  return { reason: 'invalid', errors: [{ path: field, message }] };
}

/** Writes the change, and returns the queries that announce it. */
async function write(
  deps: AttemptDeps,
  trx: Transaction,
  attempt: Attempt,
  booking: Booking,
  progress: Change<ChangeKind>['progress'],
  { set, notes, moved }: Effect,
): Promise<readonly Query[]> {
  await changeBooking(trx, booking.id, {
    ...set,
    ...(moved && { timeChosenAt: deps.clock.now() }),
    status: statusAfter(progress),
    currentProgress: progress,
  });
  const written = sendTogether(
    trx,
    insertProgressQuery(trx, {
      id: deps.ids.uuid(),
      bookingId: booking.id,
      progress,
      changedById: attempt.createdById,
      changedForId: attempt.createdForId,
      source: 'portal',
      notes,
      moved,
    }),
    deps.audit.recordQuery(attempt.request.actor, {
      action: `booking.${progress}`,
      resourceType: 'booking',
      resourceId: booking.id,
      metadata: {
        attemptId: attempt.id,
        ...(moved && { from: moved.from.toISOString(), to: moved.to.toISOString() }),
      },
    }),
  );
  // This reads who is told, while the progress and the audit row are being written.
  const announcing = deps.announce.writeQueries(trx, {
    kind: `booking_${progress}`,
    bookingId: booking.id,
    attemptId: attempt.id,
    ...(moved && { previousStartsAt: moved.from }),
  });
  const [announcement] = await Promise.all([announcing, written]);
  return announcement;
}

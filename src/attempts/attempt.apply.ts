// A change that Acuity has carried out becomes true here too. Lenient: it has happened, whatever we think of it.
import type { Transaction } from '../db/knex.ts';
import type { Appointment } from '../ports/acuity.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import {
  completeOpen,
  findIntention,
  lockIntention,
  type ChangeOrder,
  type Intention,
} from './attempt.repository.ts';
import {
  changeBooking,
  findBooking,
  insertProgress,
  lockBooking,
  placeOf,
  statusAfter,
  type Booking,
} from '../bookings/index.ts';

/** Whether Acuity's appointment is what the change wanted it to be. */
export function isCarriedOut(intention: Intention<ChangeOrder>, appointment: Appointment): boolean {
  if (intention.order.kind === 'cancel') return appointment.canceled;
  return (
    !appointment.canceled &&
    appointment.calendarId === intention.order.acuity.calendarId &&
    appointment.startsAt.getTime() === intention.startsAt?.getTime()
  );
}

/** Booking, progress, audit row, announcement and the end of the intention: all or nothing, once. */
export async function applyChange(
  deps: AttemptDeps,
  intentionId: string,
  appointment: Appointment,
): Promise<Booking> {
  return deps.db.transaction(async (trx) => {
    const known = await findIntention(trx, intentionId);
    // First the booking, then the intention, as everyone does who needs both.
    const booking = known?.bookingId ? await lockBooking(trx, known.bookingId) : null;
    const intention = await lockIntention(trx, intentionId);
    if (!booking || !intention || intention.order.kind === 'book') {
      throw new Error(`No change of a booking is intended under ${intentionId}`);
    }
    if (intention.state !== 'completed') {
      const change = intention as Intention<ChangeOrder>;
      if (!isTrueAlready(booking, change)) await writeChange(deps, trx, booking, change, appointment);
      await completeOpen(trx, intentionId, booking.id);
      await deps.onStep?.('in_complete_transaction');
    }
    return (await findBooking(trx, booking.id)) ?? booking;
  });
}

// A webhook may have told us first.
function isTrueAlready(booking: Booking, { order, startsAt }: Intention<ChangeOrder>): boolean {
  if (order.kind === 'cancel') return booking.currentProgress === 'cancelled';
  return booking.startsAt.getTime() === startsAt?.getTime();
}

async function writeChange(
  deps: AttemptDeps,
  trx: Transaction,
  booking: Booking,
  intention: Intention<ChangeOrder>,
  appointment: Appointment,
): Promise<void> {
  const { order } = intention;
  const progress = order.kind === 'cancel' ? 'cancelled' : 'rescheduled';
  const place = placeOf(booking.type, appointment.location, booking.location);
  await changeBooking(trx, booking.id, {
    ...(order.kind === 'reschedule' && {
      startsAt: appointment.startsAt,
      durationMinutes: appointment.durationMinutes,
      location: place.location,
      // The link of the old time stays until Acuity names another.
      meetingLink: place.meetingLink ?? booking.meetingLink,
    }),
    status: statusAfter(progress),
    currentProgress: progress,
  });
  await insertProgress(trx, {
    id: deps.ids.uuid(),
    bookingId: booking.id,
    progress,
    changedById: intention.createdById,
    changedForId: intention.createdForId,
    source: 'portal',
    notes: order.kind === 'cancel' ? (order.reason ?? '') : '',
  });
  await deps.audit.record(trx, order.actor, {
    action: `booking.${progress}`,
    resourceType: 'booking',
    resourceId: booking.id,
    metadata: {
      intentionId: intention.id,
      ...(order.kind === 'reschedule' && {
        from: booking.startsAt.toISOString(),
        to: appointment.startsAt.toISOString(),
      }),
    },
  });
  await deps.announce(trx, {
    kind: `booking_${progress}`,
    bookingId: booking.id,
    intentionId: intention.id,
    ...(order.kind === 'reschedule' && { previousStartsAt: booking.startsAt }),
  });
}

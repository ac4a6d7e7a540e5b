// Brings a booking in step with its appointment as Acuity has it now. Webhooks, reconciliation and the fetching of
// meeting links all come here, at any time, in any order, several at once.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  answersOf,
  findBooking,
  followAppointment,
  importAppointment,
  intakeFields,
  seenBooking,
  type BookingDeps,
  type BookingDifference,
  type BookingSettlement,
  type FollowCause,
} from '../bookings/index.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import type { Outcome } from './webhook.event.ts';
import { fetchMeetingLinkJob } from './webhook.jobs.ts';

/** Why nothing was done, or not all: work for staff. */
export type ConvergenceNote =
  | 'unknown_calendar'
  | 'attempt_failed'
  | 'cancelled_before_booked'
  | `left:${BookingDifference}`;

export type Converged =
  | { ok: true; outcome: Outcome; bookingId: string | null; note: ConvergenceNote | null }
  /** Another try later may do: nothing was written. */
  | { ok: false; reason: 'acuity_unavailable' | 'not_found' | 'busy'; retryAfterMs: number };

export interface Convergence {
  converge(appointmentId: number, cause: FollowCause): Promise<Converged>;
  /** For the job: throws while the meeting has no address yet. */
  fetchMeetingLink(appointmentId: number): Promise<void>;
}

export interface ConvergenceDeps {
  bookings: BookingDeps;
  settlement: BookingSettlement;
  /** Between the looks at an appointment that is not there yet. */
  readAgainMs?: readonly number[];
  /** Before a meeting's address is asked for again. */
  linkDelayMs?: number;
}

const tries = 6;

export function createConvergence(deps: ConvergenceDeps): Convergence {
  async function inStep(appointmentId: number, cause: FollowCause): Promise<Converged> {
    for (let round = 0; round < tries; round += 1) {
      // The version first, then Acuity: whoever writes in between makes us look again.
      const seen = await seenBooking(deps.bookings, appointmentId);
      const read = await readBack(deps, appointmentId);
      if (!read.ok) return notRead(read);
      await deps.bookings.onStep?.('read_back');
      const done = seen ? await follow(deps, seen, read.value, cause) : await create(deps, read.value, cause);
      if (done !== 'again') return done;
    }
    return { ok: false, reason: 'busy', retryAfterMs: 1_000 };
  }

  return {
    async converge(appointmentId, cause) {
      const done = await inStep(appointmentId, cause);
      if (done.ok && done.bookingId) await wantLink(deps, done.bookingId, appointmentId);
      return done;
    },
    async fetchMeetingLink(appointmentId) {
      // Not by converge: that would ask for this job again, each time it runs.
      const done = await inStep(appointmentId, { source: 'acuity' });
      if (!done.ok) throw new Error(done.reason);
      const booking = done.bookingId ? await findBooking(deps.bookings.db, done.bookingId) : null;
      const isStillWanted = booking?.status === 'active' && booking.startsAt > deps.bookings.clock.now();
      if (isStillWanted && booking.type === 'telehealth' && !booking.meetingLink)
        throw new Error('no_link_yet');
    },
  };
}

async function readBack(deps: ConvergenceDeps, appointmentId: number): Promise<AcuityResult<Appointment>> {
  // Acuity may tell of an appointment before it can be read (acuity.md 7.2).
  for (const pauseMs of deps.readAgainMs ?? [200, 600]) {
    const read = await deps.bookings.acuity.getAppointment(appointmentId);
    if (read.ok || read.reason !== 'not_found') return read;
    await sleep(pauseMs);
  }
  return deps.bookings.acuity.getAppointment(appointmentId);
}

function notRead(failure: Exclude<AcuityResult<Appointment>, { ok: true }>): Converged {
  if (failure.reason === 'not_found') return { ok: false, reason: 'not_found', retryAfterMs: 30_000 };
  const retryAfterMs = 'retryAfterMs' in failure ? failure.retryAfterMs : 30_000;
  return { ok: false, reason: 'acuity_unavailable', retryAfterMs };
}

async function follow(
  { bookings }: ConvergenceDeps,
  seen: { id: string; version: number },
  appointment: Appointment,
  cause: FollowCause,
): Promise<Converged | 'again'> {
  const followed = await followAppointment(bookings, seen.id, appointment, seen.version, cause);
  if (followed.outcome === 'stale') return 'again';
  const { outcome, bookingId, left } = followed;
  return { ok: true, outcome, bookingId, note: left?.[0] ? `left:${left[0]}` : null };
}

async function create(
  { bookings, settlement }: ConvergenceDeps,
  appointment: Appointment,
  cause: FollowCause,
): Promise<Converged | 'again'> {
  const { reference } = answersOf(appointment, await intakeFields(bookings.db, bookings));
  if (reference) {
    const adoption = await settlement.completeFromAppointment(reference, appointment);
    switch (adoption.outcome) {
      case 'completed':
        if (adoption.booking.acuityAppointmentId === appointment.id) return made(adoption.booking.id);
        // Somebody copied a reference of ours onto another appointment: a booking of its own.
        break;
      case 'failed':
        return { ok: true, outcome: 'ignored', bookingId: null, note: 'attempt_failed' };
      case 'unknown':
        return { ok: false, reason: 'acuity_unavailable', retryAfterMs: 5_000 };
      case 'not_yet':
        return { ok: true, outcome: 'ignored', bookingId: null, note: 'cancelled_before_booked' };
      case 'not_ours':
        break;
    }
  }
  if (appointment.canceled) {
    return { ok: true, outcome: 'ignored', bookingId: null, note: 'cancelled_before_booked' };
  }
  const imported = await importAppointment(bookings, appointment, cause);
  if (imported.outcome === 'exists') return 'again';
  if (imported.outcome === 'created') return made(imported.bookingId);
  return { ok: true, outcome: 'ignored', bookingId: null, note: 'unknown_calendar' };
}

function made(bookingId: string): Converged {
  return { ok: true, outcome: 'created', bookingId, note: null };
}

async function wantLink(deps: ConvergenceDeps, bookingId: string, appointmentId: number): Promise<void> {
  const booking = await findBooking(deps.bookings.db, bookingId);
  if (booking?.type !== 'telehealth' || booking.meetingLink || booking.status !== 'active') return;
  await deps.bookings.jobs.add(
    fetchMeetingLinkJob,
    { appointmentId },
    { key: `link:${appointmentId}`, delayMs: deps.linkDelayMs ?? 20_000, keepRunAt: true },
  );
}

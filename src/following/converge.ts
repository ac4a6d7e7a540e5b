// Brings a booking in step with its appointment in Acuity. Webhooks, reconciliation and the job that fetches meeting
// links call this at any time, in any order, concurrently.
import { setTimeout as sleep } from 'node:timers/promises';
import { referenceNotSent, type AttemptDeps, type Settlement } from '../attempts/index.ts';
import { findBooking, hasEnded, tellNobody } from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import { ok } from '../lib/result.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import { referenceAnswers, referenceMappings } from './answers.ts';
import type { BookingDifference } from './differences.ts';
import { followAppointment, type FollowCause, type Reading } from './follow.ts';
import { fetchMeetingLinkJob } from './following.jobs.ts';
import { importAppointment } from './import.ts';
import { bumpReadVersion, claimReadVersion, findVersions } from './read-versions.ts';

export const outcomes = ['created', 'skipped', 'updated', 'cancelled', 'ignored'] as const;
export type Outcome = (typeof outcomes)[number];

/** Why nothing, or not everything, was done: staff must act. */
export type ConvergenceNote =
  /** No specialist of ours has the calendar with this id. */
  `unknown_calendar:${number}` | 'attempt_failed' | 'cancelled_before_booked' | `left:${BookingDifference}`;

export type Converged =
  | { ok: true; outcome: Outcome; bookingId: string | null; note: ConvergenceNote | null }
  /** Nothing was written; try again later. */
  | { ok: false; reason: 'acuity_unavailable' | 'not_found' | 'busy'; retryAfterMs: number };

export interface Convergence {
  /** @param given an answer of Acuity that was read after its `readVersion`: the first round uses it */
  converge(appointmentId: number, cause: FollowCause, given?: GivenAppointment): Promise<Converged>;
  /** Does not read Acuity, because its answer to our own booking is stored already. */
  confirmCreated(appointmentId: number, bookingId: string): Promise<Converged>;
  /** For the job: throws while the meeting has no link yet. */
  fetchMeetingLink(appointmentId: number): Promise<void>;
}

export interface GivenAppointment {
  appointment: Appointment;
  /** See read-versions.ts. */
  readVersion: number;
}

export interface ConvergenceDeps {
  attempts: AttemptDeps;
  settlement: Settlement;
  /** The same, but announces to nobody. */
  quietSettlement: Settlement;
  /** Pauses between reads of an appointment that Acuity does not have yet. */
  readAgainMs?: readonly number[];
  /** Delay before the meeting link is read again. */
  linkDelayMs?: number;
}

const tries = 10;

/** The result of one round: final, another round, or another round after something was written. */
type Step = Converged | 'again' | { did: Outcome };

export function createConvergence(announcing: ConvergenceDeps): Convergence {
  const quiet: ConvergenceDeps = {
    ...announcing,
    attempts: { ...announcing.attempts, announce: tellNobody },
    settlement: announcing.quietSettlement,
  };

  async function readAndWrite(
    appointmentId: number,
    cause: FollowCause,
    given?: GivenAppointment,
  ): Promise<Converged> {
    // A quiet cause announces nothing, not even an attempt that it completes. During an import, bookings made here are
    // confirmed as usual.
    const isImport = cause.source === 'import';
    const deps = !cause.quiet
      ? announcing
      : isImport
        ? { ...quiet, settlement: announcing.settlement }
        : quiet;
    let did: Outcome | null = null;
    for (let round = 0; round < tries; round += 1) {
      // Read the version before Acuity: if another process acts in between, the claim fails and this reads again.
      const isGiven = given !== undefined && round === 0;
      const { readVersion, booking } = await findVersions(deps.attempts.db, appointmentId);
      const version = isGiven ? given.readVersion : readVersion;
      const read = isGiven ? ok(given.appointment) : await readBack(deps, appointmentId);
      if (!read.ok) return notRead(read);
      await deps.attempts.onStep?.('read_back');
      const reading = {
        appointment: read.value,
        isNewest: (trx: Transaction) => claimReadVersion(trx, appointmentId, version),
        noteUnchanged: (trx: Transaction) => bumpReadVersion(trx, appointmentId),
      };
      const step: Step = booking
        ? await follow(deps, booking.id, { ...reading, expectedVersion: booking.version }, cause)
        : await create(deps, reading, cause);
      if (step === 'again') continue;
      if (!('did' in step))
        return step.ok && step.outcome === 'skipped' && did ? { ...step, outcome: did } : step;
      did = step.did;
    }
    return { ok: false, reason: 'busy', retryAfterMs: 1_000 };
  }

  return {
    async converge(appointmentId, cause, given) {
      const done = await readAndWrite(appointmentId, cause, given);
      if (done.ok && done.bookingId) await scheduleLinkFetch(announcing, done.bookingId, appointmentId);
      return done;
    },
    async confirmCreated(appointmentId, bookingId) {
      await scheduleLinkFetch(announcing, bookingId, appointmentId);
      return { ok: true, outcome: 'skipped', bookingId, note: null };
    },
    async fetchMeetingLink(appointmentId) {
      // Does not call `converge`, which would add this job again each time it runs.
      const done = await readAndWrite(appointmentId, { source: 'acuity' });
      if (!done.ok) throw new Error(done.reason);
      const booking = done.bookingId ? await findBooking(announcing.attempts.db, done.bookingId) : null;
      const isStillWanted =
        booking?.status === 'active' && booking.startsAt > announcing.attempts.clock.now();
      if (isStillWanted && booking.type === 'telehealth' && !booking.meetingLink)
        throw new Error('no_link_yet');
    },
  };
}

async function readBack(deps: ConvergenceDeps, appointmentId: number): Promise<AcuityResult<Appointment>> {
  // Acuity may send an event before the appointment can be read (acuity.md 7.2).
  for (const pauseMs of deps.readAgainMs ?? [200, 600]) {
    const read = await deps.attempts.acuity.getAppointment(appointmentId);
    if (read.ok || read.reason !== 'not_found') return read;
    await sleep(pauseMs);
  }
  return deps.attempts.acuity.getAppointment(appointmentId);
}

function notRead(failure: Exclude<AcuityResult<Appointment>, { ok: true }>): Converged {
  if (failure.reason === 'not_found') return { ok: false, reason: 'not_found', retryAfterMs: 30_000 };
  const retryAfterMs = 'retryAfterMs' in failure ? failure.retryAfterMs : 30_000;
  return { ok: false, reason: 'acuity_unavailable', retryAfterMs };
}

async function follow(
  { attempts }: ConvergenceDeps,
  bookingId: string,
  reading: Reading,
  cause: FollowCause,
): Promise<Step> {
  const followed = await followAppointment(attempts, bookingId, reading, cause);
  if (followed.outcome === 'stale') return 'again';
  if (followed.outcome === 'busy') return { ok: false, reason: 'busy', retryAfterMs: 2_000 };
  if (followed.outcome === 'carried_out') return { did: followed.as };
  const { outcome, left } = followed;
  return { ok: true, outcome, bookingId, note: left?.[0] ? `left:${left[0]}` : null };
}

async function create(
  { attempts, settlement }: ConvergenceDeps,
  reading: Omit<Reading, 'expectedVersion'>,
  cause: FollowCause,
): Promise<Step> {
  const { appointment } = reading;
  const ignored = async (note: ConvergenceNote): Promise<Step> =>
    (await attempts.db.transaction(reading.isNewest))
      ? { ok: true, outcome: 'ignored', bookingId: null, note }
      : 'again';
  const mappings = await referenceMappings(attempts);
  const sent = referenceAnswers(appointment, mappings).map(({ reference }) => reference);
  const notSent = sent.length === 0 ? await referenceNotSent(attempts, appointment) : null;
  for (const reference of notSent === null ? sent : [notSent]) {
    const adoption = await settlement.completeFromAppointment(reference, appointment);
    switch (adoption.outcome) {
      case 'completed':
        // It may have been completed with an older answer than this one: the next round follows it.
        if (adoption.booking.acuityAppointmentId === appointment.id) return { did: 'created' };
        // Somebody copied our reference to another appointment: it becomes a booking of its own.
        break;
      case 'failed':
        return ignored('attempt_failed');
      case 'unknown':
        return { ok: false, reason: 'acuity_unavailable', retryAfterMs: 5_000 };
      case 'not_yet':
        return ignored('cancelled_before_booked');
      case 'not_ours':
        break;
    }
  }
  const imported = await importAppointment(attempts, reading, mappings, cause);
  if (imported.outcome === 'stale') return 'again';
  if (imported.outcome === 'unavailable')
    return { ok: false, reason: 'acuity_unavailable', retryAfterMs: 5_000 };
  if (imported.outcome === 'unknown_calendar') return ignored(`unknown_calendar:${appointment.calendarId}`);
  if (imported.outcome !== 'created') return ignored(imported.outcome);
  return { ok: true, outcome: 'created', bookingId: imported.bookingId, note: null };
}

async function scheduleLinkFetch(
  deps: ConvergenceDeps,
  bookingId: string,
  appointmentId: number,
): Promise<void> {
  const booking = await findBooking(deps.attempts.db, bookingId);
  if (booking?.type !== 'telehealth' || booking.meetingLink || booking.status !== 'active') return;
  if (hasEnded(booking, deps.attempts.clock.now())) return;
  await deps.attempts.jobs.add(
    fetchMeetingLinkJob,
    { appointmentId },
    { key: `link:${appointmentId}`, delayMs: deps.linkDelayMs ?? 20_000, keepRunAt: true },
  );
}

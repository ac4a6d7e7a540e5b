// Offers freed times to those who wait for them, one person at a time. Safe to repeat, and to run in several processes:
// all its state is in the database, and unique indexes allow one open offer of a time.
import type { Logger } from 'pino';
import { systemActor, type AuditLog } from '../audit/index.ts';
import { isRefusal } from '../availability/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { dayIn } from '../lib/dates.ts';
import type { Acuity } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { SpecialistRepository, SpecialistService } from '../specialists/index.ts';
import {
  acceptBooked,
  endHolds,
  endOver,
  freedTimes,
  isTakenHere,
  nextInLine,
  type FreedTime,
} from './line.ts';
import { offerFreedTimesJob } from './waiting.jobs.ts';
import { holdMinutes } from './waiting.ts';

export type AnnounceOffer = (
  trx: Transaction,
  offer: { id: string; personId: string; bookingId: string | null },
) => Promise<void>;

export interface OfferDeps {
  db: Database;
  audit: AuditLog;
  /** Acuity, called in the lane for work in the background. */
  acuity: Pick<Acuity, 'availableTimes'>;
  specialists: Pick<SpecialistRepository, 'findById'>;
  announceOffer: AnnounceOffer;
  jobs: JobQueue;
  clock: Clock;
  ids: Ids;
  log: Logger;
  /** For tests that kill the process here: called with the name of the step that was reached. */
  onStep?: (step: string) => Promise<void> | void;
}

export interface WaitListOffers {
  /** Ends what is over, then offers what is free. Returns how many offers were made. */
  offerFreed(): Promise<number>;
}

/** How long a time is held before its person is told: the hold ends by itself when the process dies before that. */
const checkSeconds = 60;
const keptDays = 7;

export function createWaitListOffers(deps: OfferDeps): WaitListOffers {
  return {
    async offerFreed() {
      await endWhatIsOver(deps);
      let made = 0;
      for (const freed of await freedTimes(deps.db, deps.clock.now())) {
        const outcome = await offerTime(deps, freed);
        if (outcome === 'offered') made += 1;
        // Leaves the other times to the next run, instead of waiting for Acuity once for each of them.
        if (outcome === 'unanswered') break;
      }
      await deps
        .db('freed_times')
        .where('noticed_at', '<', deps.db.raw(`clock_timestamp() - interval '${keptDays} days'`))
        .delete();
      return made;
    },
  };
}

export async function endWhatIsOver(deps: Pick<OfferDeps, 'db' | 'audit' | 'clock'>): Promise<void> {
  const { db, audit } = deps;
  await db.transaction(async (trx) => {
    const record = (resourceType: 'wait_entry' | 'wait_offer', ids: string[], change: string) =>
      Promise.all(
        ids.map((resourceId) =>
          audit.record(trx, systemActor, {
            action: 'record.changed',
            resourceType,
            resourceId,
            metadata: { change },
          }),
        ),
      );
    await record('wait_entry', await acceptBooked(trx), 'accepted');
    await record('wait_offer', await endHolds(trx), 'lapsed');
    await record('wait_entry', await endOver(trx, deps.clock.now()), 'over');
  });
}

/** `unanswered`: Acuity did not say whether the time is free, and will not say so of others now. */
type Outcome = 'offered' | 'none' | 'unanswered';

async function offerTime(deps: OfferDeps, freed: FreedTime): Promise<Outcome> {
  const specialist = await deps.specialists.findById(freed.specialist_id);
  const service = specialist?.services.find(({ type }) => type === freed.type);
  if (!specialist?.isActive || !service) return done(deps, freed);
  const offer = await hold(deps, freed, service);
  if (offer === 'nobody') return done(deps, freed);
  if (offer === 'held') return 'none';
  await deps.onStep?.('held');
  // The time is held while Acuity is asked: a booking that starts from now on sees the hold, and `isTakenHere` finds one
  // that started before.
  const times = await deps.acuity.availableTimes({
    date: dayIn(freed.starts_at, specialist.timezone),
    appointmentTypeId: service.acuityAppointmentTypeId,
    calendarId: specialist.acuityCalendarId,
    timezone: specialist.timezone,
  });
  if (!times.ok) {
    deps.log.info(
      { offerId: offer.id, reason: times.reason },
      'A freed time cannot be checked in Acuity yet',
    );
    await withdraw(deps, offer.id, freed, 'again');
    return isRefusal(times) ? 'none' : 'unanswered';
  }
  const isFree = times.value.some((time) => time.getTime() === freed.starts_at.getTime());
  if (!isFree) return withdraw(deps, offer.id, freed, freed.is_recent ? 'again' : 'done');
  if (await isTakenHere(deps.db, offer.id)) return withdraw(deps, offer.id, freed, 'again');
  await deps.onStep?.('checked');
  const outcome = await tell(deps, offer);
  await deps.onStep?.('offered');
  return outcome;
}

interface Offer {
  id: string;
  personId: string;
  bookingId: string | null;
}

/** `held`: this or an overlapping time is offered to somebody already. `nobody`: nobody waits for it. */
async function hold(
  { db, ids, clock }: OfferDeps,
  freed: FreedTime,
  { durationMinutes }: SpecialistService,
): Promise<Offer | 'held' | 'nobody'> {
  return db.transaction(async (trx) => {
    // One offer at a time for each specialist: times that overlap have different rows.
    await trx.raw('select pg_advisory_xact_lock(hashtext(?))', [`wait_offers:${freed.specialist_id}`]);
    const held = await trx.raw<{ rows: { held: boolean }[] }>(
      'select held_for_other(?, ?, ?, null) as held',
      [freed.specialist_id, freed.starts_at, durationMinutes],
    );
    if (held.rows[0]?.held) return 'held';
    const next = await nextInLine(trx, freed, clock.now());
    if (!next) return 'nobody';
    const [row] = await trx('wait_offers')
      .insert({
        id: ids.uuid(),
        entry_id: next.entry_id,
        specialist_id: freed.specialist_id,
        type: freed.type,
        starts_at: freed.starts_at,
        duration_minutes: durationMinutes,
        expires_at: trx.raw(`clock_timestamp() + interval '${checkSeconds} seconds'`),
      })
      .onConflict()
      .ignore()
      .returning('id');
    return row ? { id: row.id, personId: next.person_id, bookingId: next.booking_id } : 'held';
  });
}

async function tell(deps: OfferDeps, offer: Offer): Promise<Outcome> {
  return deps.db.transaction(async (trx) => {
    const opened: number = await trx('wait_offers')
      .where({ id: offer.id, state: 'checking' })
      .update({
        state: 'open',
        expires_at: trx.raw(`clock_timestamp() + interval '${holdMinutes} minutes'`),
      });
    if (opened === 0) return 'none';
    await deps.announceOffer(trx, offer);
    await deps.audit.record(trx, systemActor, {
      action: 'record.changed',
      resourceType: 'wait_offer',
      resourceId: offer.id,
      metadata: { change: 'offered', ...(offer.bookingId && { bookingId: offer.bookingId }) },
    });
    await deps.onStep?.('told');
    // The next in line is told soon after the hold ends.
    const delayMs = holdMinutes * 60_000 + 1_000;
    await deps.jobs.add(offerFreedTimesJob, {}, { trx, key: `offer:${offer.id}`, delayMs });
    return 'offered';
  });
}

async function withdraw(
  { db }: OfferDeps,
  offerId: string,
  freed: FreedTime,
  then: 'again' | 'done',
): Promise<'none'> {
  await db.transaction(async (trx) => {
    await trx('wait_offers')
      .where({ id: offerId, state: 'checking' })
      .update({ state: 'withdrawn', ended_at: trx.raw('clock_timestamp()') });
    await trx('freed_times')
      .where({ id: freed.id })
      .whereRaw('noticed_at = ?::timestamptz', [freed.noticed])
      .update(
        then === 'done'
          ? { state: 'done' }
          : { check_at: trx.raw(`clock_timestamp() + interval '1 minute'`) },
      );
  });
  return 'none';
}

/** Ends a freed time, unless it was noticed again meanwhile. */
async function done({ db }: OfferDeps, freed: FreedTime): Promise<'none'> {
  await db('freed_times')
    .where({ id: freed.id })
    .whereRaw('noticed_at = ?::timestamptz', [freed.noticed])
    .update({ state: 'done' });
  return 'none';
}

// What people do with the wait-list: join, leave, accept, decline.
import { attribution, auditActor, type Actor, type Viewer } from '../accounts/index.ts';
import type { AttemptService, ChangeFailure } from '../attempts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import { canMove, findVisible, mayBook, type Booking } from '../bookings/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { dayIn, startOfDay } from '../lib/dates.ts';
import { failure, invalidField, type InvalidFields, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { offers, type ExaminationType, type SpecialistRepository } from '../specialists/index.ts';
import { endWhatIsOver } from './offer.ts';
import { offerFreedTimesJob } from './waiting.jobs.ts';
import type { WaitMemory } from './waiting.memory.ts';
import { findOffer, missedOffers, openOffers, waitingEntries, type Waiting } from './waiting.repository.ts';
import type { WaitEntry, WaitOffer } from './waiting.ts';

export interface WaitDeps {
  db: Database;
  audit: AuditLog;
  attempts: Pick<AttemptService, 'reschedule'>;
  specialists: Pick<SpecialistRepository, 'findById'>;
  memory: WaitMemory;
  jobs: JobQueue;
  clock: Clock;
  ids: Ids;
}

/** Days in the specialist's zone. */
export interface WaitRequest {
  specialistId: string;
  type: ExaminationType;
  before: string;
  notBefore?: string | undefined;
}

export type JoinFailure =
  | { reason: 'forbidden' }
  | { reason: 'not_found' }
  /** The booking can no longer be moved, or is over. */
  | { reason: 'not_possible' }
  | InvalidFields;

export type AcceptFailure =
  | { reason: 'not_found' }
  /** The offer's hold is over, or the offer was declined. */
  | { reason: 'lapsed'; offer: WaitOffer }
  | { reason: 'taken'; offer: WaitOffer }
  | { reason: 'not_moved'; offer: WaitOffer; because: Exclude<ChangeFailure, { reason: 'slot_taken' }> };

export type Accepted =
  | { kind: 'moved'; bookingId: string }
  /** Before booking: the time is held while the person books it. */
  | { kind: 'to_book'; offer: WaitOffer };

export interface WaitList {
  /** What this person waits for and was offered, in their organisation. */
  of(viewer: Viewer): Promise<{ entries: WaitEntry[]; offers: WaitOffer[]; missed: WaitOffer[] }>;
  /** The offers that home shows. Sends no statement while this person has no offer. */
  summaryOf(viewer: Viewer): Promise<{ offers: WaitOffer[]; entryCount: number }>;
  /** The entry of a booking that the viewer may see; sends no statement while it has none. `offer`: the viewer's only. */
  ofBooking(viewer: Viewer, bookingId: string): Promise<{ entry: WaitEntry | null; offer: WaitOffer | null }>;
  /** Also ok when the booking is on the list already. */
  joinForBooking(actor: Actor, bookingId: string): Promise<Result<Booking, JoinFailure>>;
  /** Joining a second time changes the days. */
  join(actor: Actor, request: WaitRequest): Promise<Result<null, JoinFailure>>;
  /** False when the entry is not this person's. Repeating it does no harm. */
  leave(actor: Actor, entryId: string): Promise<boolean>;
  decline(actor: Actor, offerId: string): Promise<boolean>;
  /**
   * Moves the booking as any other request does. A repeated request gets the same answer.
   * @param seenStartsAt as for `AttemptService.reschedule`
   */
  accept(actor: Actor, offerId: string, seenStartsAt?: Date | null): Promise<Result<Accepted, AcceptFailure>>;
}

export function createWaitList(deps: WaitDeps): WaitList {
  const { db } = deps;
  return {
    async of(viewer) {
      const who = waitingOf(viewer);
      if (!who) return { entries: [], offers: [], missed: [] };
      const [entries, open, missed] = await Promise.all([
        waitingEntries(db, who),
        openOffers(db, who),
        missedOffers(db, who, deps.clock.now()),
      ]);
      return { entries, offers: open, missed };
    },
    async summaryOf(viewer) {
      const who = waitingOf(viewer);
      if (!who) return { offers: [], entryCount: 0 };
      return {
        offers: (await deps.memory.hasOffer(who.userId)) ? await openOffers(db, who) : [],
        entryCount: await deps.memory.countOf(who),
      };
    },
    async ofBooking(viewer, bookingId) {
      if (!(await deps.memory.isOnList(bookingId))) return { entry: null, offer: null };
      const [entry] = await waitingEntries(db, { bookingId });
      const who = waitingOf(viewer);
      const isOwn = entry && who?.userId === entry.person.id;
      const own = isOwn ? await openOffers(db, who) : [];
      return { entry: entry ?? null, offer: own.find(({ entryId }) => entryId === entry?.id) ?? null };
    },
    joinForBooking: (actor, bookingId) => joinForBooking(deps, actor, bookingId),
    join: (actor, request) => join(deps, actor, request),
    leave: (actor, entryId) => leave(deps, actor, entryId),
    decline: (actor, offerId) => decline(deps, actor, offerId),
    accept: (actor, offerId, seenStartsAt = null) => accept(deps, actor, offerId, seenStartsAt),
  };
}

function waitingOf({ role, userId, organization }: Viewer): Waiting | null {
  return role === 'referrer' && organization ? { userId, organizationId: organization.id } : null;
}

async function joinForBooking(
  deps: WaitDeps,
  actor: Actor,
  bookingId: string,
): Promise<Result<Booking, JoinFailure>> {
  const who = waitingOf(actor.viewer);
  if (!mayBook(actor.viewer) || !who) return failure({ reason: 'forbidden' });
  const booking = await findVisible(deps, actor, bookingId);
  if (!booking) return failure({ reason: 'not_found' });
  const isMovable = booking.status === 'active' && canMove(booking, 'rescheduled');
  if (!isMovable || booking.startsAt <= deps.clock.now()) return failure({ reason: 'not_possible' });
  // The booking's former organisation may have an entry, and a booking has one at most: end it first.
  await endWhatIsOver(deps);
  try {
    await deps.db.transaction((trx) => insertEntry(deps, trx, actor, who, { booking_id: booking.id }));
  } catch (error) {
    if (violatedConstraint(error) !== 'wait_entries_booking_key') throw error;
  }
  return ok(booking);
}

async function insertEntry(
  { ids, audit }: WaitDeps,
  trx: Transaction,
  actor: Actor,
  who: Waiting,
  wanted: Record<string, unknown>,
): Promise<void> {
  const id = ids.uuid();
  const { byId, forId } = attribution(actor.viewer);
  await trx('wait_entries').insert({
    ...wanted,
    id,
    created_by_id: byId,
    created_for_id: forId,
    organization_id: who.organizationId,
  });
  await audit.record(trx, auditActor(actor), {
    action: 'record.changed',
    resourceType: 'wait_entry',
    resourceId: id,
    metadata: { change: 'joined', ...wanted },
  });
}

async function join(deps: WaitDeps, actor: Actor, request: WaitRequest): Promise<Result<null, JoinFailure>> {
  const who = waitingOf(actor.viewer);
  if (!mayBook(actor.viewer) || !who) return failure({ reason: 'forbidden' });
  const specialist = await deps.specialists.findById(request.specialistId);
  if (!specialist?.isActive || !offers(specialist, request.type)) return failure({ reason: 'not_found' });
  const today = dayIn(deps.clock.now(), specialist.timezone);
  if (request.before <= today) return invalidField('before', 'Enter a day after today');
  if (request.notBefore !== undefined && request.notBefore >= request.before)
    return invalidField('notBefore', 'Enter a day before the one that you gave as the latest');
  const { byId } = attribution(actor.viewer);
  const days = {
    before: startOfDay(request.before, specialist.timezone),
    not_before: request.notBefore ? startOfDay(request.notBefore, specialist.timezone) : null,
  };
  const wanted = { specialist_id: specialist.id, type: request.type };
  await deps.db.transaction(async (trx) => {
    // A double click makes one entry.
    await trx.raw('select pg_advisory_xact_lock(hashtext(?))', [`wait_entries:${byId}`]);
    const known = await trx('wait_entries')
      .where({ ...wanted, created_by_id: byId, organization_id: who.organizationId, state: 'waiting' })
      .first('id');
    if (!known) return insertEntry(deps, trx, actor, who, { ...wanted, ...days });
    await trx('wait_entries').where({ id: known.id }).update(days);
    await record(deps, trx, actor, 'wait_entry', known.id, 'changed');
  });
  return ok(null);
}

function record(
  { audit }: Pick<WaitDeps, 'audit'>,
  trx: Transaction,
  actor: Actor,
  resourceType: 'wait_entry' | 'wait_offer',
  resourceId: string,
  change: string,
): Promise<void> {
  return audit.record(trx, auditActor(actor), {
    action: 'record.changed',
    resourceType,
    resourceId,
    metadata: { change },
  });
}

async function leave(deps: WaitDeps, actor: Actor, entryId: string): Promise<boolean> {
  const who = waitingOf(actor.viewer);
  if (!who || !isUuid(entryId)) return false;
  return deps.db.transaction(async (trx) => {
    const own = { id: entryId, created_by_id: who.userId, organization_id: who.organizationId };
    const entry = await trx('wait_entries').where(own).forUpdate().first('state');
    if (entry?.state !== 'waiting') return entry !== undefined;
    await trx('wait_entries').where({ id: entryId }).update({ state: 'left' });
    await trx('wait_offers')
      .where({ entry_id: entryId })
      .whereIn('state', ['checking', 'open'])
      .update({ state: 'declined', ended_at: trx.raw('clock_timestamp()') });
    await record(deps, trx, actor, 'wait_entry', entryId, 'left');
    await offerToNext(deps, trx);
    return true;
  });
}

async function decline(deps: WaitDeps, actor: Actor, offerId: string): Promise<boolean> {
  if (!(await ownOffer(deps, actor, offerId))) return false;
  await endOffer(deps, actor, offerId, 'declined');
  return true;
}

async function endOffer(
  deps: WaitDeps,
  actor: Actor,
  offerId: string,
  state: 'declined' | 'taken',
): Promise<void> {
  await deps.db.transaction(async (trx) => {
    const ended: number = await trx('wait_offers')
      .where({ id: offerId, state: 'open' })
      .update({ state, ended_at: trx.raw('clock_timestamp()') });
    if (ended === 0) return;
    await record(deps, trx, actor, 'wait_offer', offerId, state);
    await offerToNext(deps, trx);
  });
}

/** Queues the job that offers the time to the next in line. */
function offerToNext({ jobs }: WaitDeps, trx: Transaction): Promise<void> {
  return jobs.add(offerFreedTimesJob, {}, { trx, key: offerFreedTimesJob.name });
}

async function ownOffer({ db }: WaitDeps, { viewer }: Actor, offerId: string): Promise<WaitOffer | null> {
  const who = waitingOf(viewer);
  const offer = who && (await findOffer(db, offerId));
  const isOwn = offer?.personId === who?.userId && offer?.organizationId === who?.organizationId;
  return offer && isOwn && offer.state !== 'checking' ? offer : null;
}

async function accept(
  deps: WaitDeps,
  actor: Actor,
  offerId: string,
  seenStartsAt: Date | null,
): Promise<Result<Accepted, AcceptFailure>> {
  const offer = await ownOffer(deps, actor, offerId);
  if (!offer) return failure({ reason: 'not_found' });
  const { booking } = offer;
  if (offer.state === 'accepted' && booking) return ok({ kind: 'moved', bookingId: booking.id });
  if (offer.state === 'taken') return failure({ reason: 'taken', offer });
  if (offer.state !== 'open') return failure({ reason: 'lapsed', offer });
  if (!booking) return ok({ kind: 'to_book', offer });
  const moved = await deps.attempts.reschedule(actor, booking.id, offer.startsAt, seenStartsAt);
  if (moved.ok) {
    await endWhatIsOver(deps);
    return ok({ kind: 'moved', bookingId: booking.id });
  }
  if (moved.reason !== 'slot_taken') return failure({ reason: 'not_moved', offer, because: moved });
  await endOffer(deps, actor, offerId, 'taken');
  return failure({ reason: 'taken', offer });
}

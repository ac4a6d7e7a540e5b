// A calendar that a person's calendar program reads again and again, at a secret address. It shows what the person may see
// today, and no health information unless they switched that on.
import { createHash, randomBytes } from 'node:crypto';
import { auditActor, type AccountStatus, type Actor, type Viewer } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Clock } from '../ports/clock.ts';
import { onlyVisible } from './booking.access.ts';
import { selectBookings, toBooking, type BookingRow } from './booking.repository.ts';
import type { Booking } from './booking.ts';

export interface FeedChoice {
  /** The examinee's name, the claim number and the meeting link: health information leaves Examdesk. */
  showsDetails: boolean;
  /** All bookings of the organisation, not only those that the person made or is a contact of. */
  showsColleagues: boolean;
}

export interface CalendarFeed extends FeedChoice {
  createdAt: Date;
}

export interface FeedContent extends FeedChoice {
  bookings: Booking[];
}

export type FeedFailure = { reason: 'unknown' } | { reason: 'too_many'; retryAfterMs: number };

export interface CalendarFeeds {
  /** Null: switched off. */
  find(viewer: Viewer): Promise<CalendarFeed | null>;
  /** Switches it on, or replaces its address. @returns the secret part of the address, which cannot be read again */
  renew(actor: Actor, choice: FeedChoice): Promise<string>;
  /** False when the feed is switched off. */
  change(actor: Actor, choice: FeedChoice): Promise<boolean>;
  end(actor: Actor): Promise<void>;
  /** Null where `read` would find nothing. */
  holds(token: string): Promise<true | null>;
  /** For whoever knows the address. Null when it is unknown, or its person may not sign in or has no organisation. */
  read(token: string, address: string | null): Promise<Result<FeedContent, FeedFailure>>;
}

interface FeedDeps {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  accountStatus(userId: string): Promise<AccountStatus | null>;
  /** Counts a read of this address. Returns the milliseconds to wait after too many, otherwise 0. */
  countRead(subject: string): Promise<number>;
}

const daysBack = 60;
const mostEvents = 1_000;

export function createCalendarFeeds(deps: FeedDeps): CalendarFeeds {
  const { db, audit } = deps;
  const record = (trx: Parameters<AuditLog['record']>[0], actor: Actor, to: string, choice?: FeedChoice) =>
    audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'user',
      resourceId: actor.viewer.userId,
      metadata: { change: 'calendar_feed', to, ...choice },
    });
  return {
    async find({ userId }) {
      const row = await db('calendar_feeds').where({ user_id: userId }).first();
      return row
        ? {
            showsDetails: row.shows_details,
            showsColleagues: row.shows_colleagues,
            createdAt: row.created_at,
          }
        : null;
    },

    async renew(actor, choice) {
      const token = randomBytes(32).toString('base64url');
      await db.transaction(async (trx) => {
        const known = await trx('calendar_feeds').where({ user_id: actor.viewer.userId }).first('user_id');
        await trx('calendar_feeds')
          .insert({
            user_id: actor.viewer.userId,
            token_digest: digestOf(token),
            created_at: trx.fn.now(),
            ...columnsOf(choice),
          })
          .onConflict('user_id')
          .merge();
        await record(trx, actor, known ? 'renewed' : 'on', choice);
      });
      return token;
    },

    async change(actor, choice) {
      return db.transaction(async (trx) => {
        const changed = await trx('calendar_feeds')
          .where({ user_id: actor.viewer.userId })
          .update(columnsOf(choice));
        if (changed > 0) await record(trx, actor, 'changed', choice);
        return changed > 0;
      });
    },

    async end(actor) {
      await db.transaction(async (trx) => {
        const ended = await trx('calendar_feeds').where({ user_id: actor.viewer.userId }).delete();
        if (ended > 0) await record(trx, actor, 'off');
      });
    },

    async holds(token) {
      const feed = await feedOf(deps, token);
      return feed?.viewer ? true : null;
    },

    async read(token, address) {
      const feed = await feedOf(deps, token);
      const retryAfterMs = await deps.countRead(feed ? feed.userId : `unknown ${address}`);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      if (!feed?.viewer) return failure({ reason: 'unknown' });
      const { viewer, choice } = feed;
      return ok({ ...choice, bookings: await bookingsFor(deps, viewer, choice) });
    },
  };
}

/** `viewer`: null when the feed's person may no longer sign in, or belongs to no organisation. */
async function feedOf(
  { db, accountStatus }: Pick<FeedDeps, 'db' | 'accountStatus'>,
  token: string,
): Promise<{ userId: string; viewer: Viewer | null; choice: FeedChoice } | null> {
  if (!isToken(token)) return null;
  const row = await db('calendar_feeds')
    .where({ token_digest: digestOf(token) })
    .first();
  if (!row) return null;
  const viewer = (await accountStatus(row.user_id))?.viewer ?? null;
  return {
    userId: row.user_id,
    viewer: viewer?.role === 'referrer' && viewer.organization ? viewer : null,
    choice: { showsDetails: row.shows_details, showsColleagues: row.shows_colleagues },
  };
}

async function bookingsFor(
  { db, clock }: Pick<FeedDeps, 'db' | 'clock'>,
  viewer: Viewer,
  { showsColleagues }: FeedChoice,
): Promise<Booking[]> {
  const now = clock.now();
  const since = new Date(now.getTime() - daysBack * 86_400_000);
  const rows = selectBookings(db)
    .modify(onlyVisible, viewer, 'b.organization_id')
    .where('b.starts_at', '>', since)
    // When there are too many, the oldest are left out.
    .orderByRaw('b.starts_at <= ?, abs(extract(epoch from b.starts_at - ?::timestamptz)), b.id', [now, now])
    .limit(mostEvents);
  if (!showsColleagues)
    void rows.whereRaw(
      `(b.created_by_id = ? or exists (
        select from booking_contacts c where c.booking_id = b.id and merged_into(c.user_id) = ?))`,
      [viewer.userId, viewer.userId],
    );
  return ((await rows) as BookingRow[])
    .map(toBooking)
    .sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime() || (a.id < b.id ? -1 : 1));
}

function columnsOf({ showsDetails, showsColleagues }: FeedChoice) {
  return { shows_details: showsDetails, shows_colleagues: showsColleagues };
}

function isToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/** A plain hash is enough: the secret is 256 random bits, which nobody can guess. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

import { randomUUID } from 'node:crypto';
import type { Database } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { ExaminationType } from '../specialists/index.ts';
import { isUuid } from '../lib/uuid.ts';
import { detailKeys, type DetailKey, type DraftDetails } from './booking.details.ts';

/** The half-done journey. Values are as typed; they are parsed when the step is left. */
export interface DraftData extends DraftDetails {
  specialistId?: string;
  type?: ExaminationType;
  /** ISO instant. */
  startsAt?: string;
  timezone?: string;
  /** The key under which this draft is confirmed: a double click or a reload books once. Renewed after a failure. */
  idempotencyKey: string;
  /** Set once the draft became this booking: whoever comes back to a step is sent there. */
  bookingId?: string;
}

export interface BookingDrafts {
  create(ownerId: string, data: Omit<DraftData, 'idempotencyKey'>): Promise<{ id: string; data: DraftData }>;
  /** Null when unknown, another's, or older than an hour. */
  find(ownerId: string, id: string): Promise<DraftData | null>;
  /** Merges `change` in and starts the hour anew; null as for find. */
  update(ownerId: string, id: string, change: Partial<DraftData>): Promise<DraftData | null>;
  remove(ownerId: string, id: string): Promise<void>;
  /** How many went. */
  removeExpired(): Promise<number>;
}

/** For `update`: takes what was typed about the examination out of the draft. */
export function withoutDetails(): Record<DetailKey, undefined> {
  return Object.fromEntries(detailKeys().map((key) => [key, undefined])) as Record<DetailKey, undefined>;
}

const lifetimeMs = 60 * 60_000;

export function createBookingDrafts(db: Database, clock: Clock, ids: Ids): BookingDrafts {
  const expiry = () => new Date(clock.now().getTime() + lifetimeMs);

  function ownLiving(ownerId: string, id: string) {
    return db<{ id: string; owner_id: string; data: DraftData; expires_at: Date }>('booking_drafts')
      .where({ id, owner_id: ownerId })
      .where('expires_at', '>', clock.now());
  }

  return {
    async create(ownerId, given) {
      // Random through and through, unlike the ids port's: it stands in a URL.
      const id = randomUUID();
      const data = { ...given, idempotencyKey: ids.uuid() };
      await db('booking_drafts').insert({
        id,
        owner_id: ownerId,
        data: JSON.stringify(data),
        expires_at: expiry(),
      });
      return { id, data };
    },

    async find(ownerId, id) {
      if (!isUuid(id)) return null;
      const row = await ownLiving(ownerId, id).first('data');
      return row?.data ?? null;
    },

    async update(ownerId, id, change) {
      if (!isUuid(id)) return null;
      // Keys set to undefined are taken out: JSON.stringify would merely leave them unsaid.
      const removed = Object.entries(change).flatMap(([key, value]) => (value === undefined ? [key] : []));
      const [row] = await ownLiving(ownerId, id)
        .update({
          data: db.raw('(data || ?::jsonb) - ?::text[]', [JSON.stringify(change), removed]),
          expires_at: expiry(),
        })
        .returning('data');
      return row?.data ?? null;
    },

    async remove(ownerId, id) {
      if (isUuid(id)) await db('booking_drafts').where({ id, owner_id: ownerId }).delete();
    },

    async removeExpired() {
      return db('booking_drafts').where('expires_at', '<=', clock.now()).delete();
    },
  };
}

import { randomUUID } from 'node:crypto';
import { idleMinutes, type Viewer } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { AnswerValue } from '../questions/index.ts';
import type { ExaminationType } from '../specialists/index.ts';
import { detailKeys, type DetailKey, type DraftDetails } from './booking.details.ts';

/** A booking journey that is not finished. Values are as typed; they are parsed when the person leaves the step. */
export interface DraftData extends DraftDetails {
  specialistId?: string;
  type?: ExaminationType;
  /** ISO 8601, UTC. */
  startsAt?: string;
  timezone?: string;
  /** Answers to Acuity's own questions. */
  answers?: { fieldId: number; value: AnswerValue }[];
  /** Idempotency key of the confirmation: a double click or reload books once. Renewed after a failure. */
  idempotencyKey: string;
  /** Set when the draft became this booking: later visits to a step redirect there. */
  bookingId?: string;
}

/** Drafts belong to a person in an organisation: after a change of organisation they are not found. */
export type DraftOwner = Pick<Viewer, 'userId' | 'organization'>;

export interface BookingDrafts {
  create(
    owner: DraftOwner,
    data: Omit<DraftData, 'idempotencyKey'>,
  ): Promise<{ id: string; data: DraftData }>;
  /** Null when unknown, somebody else's, begun in another organisation, or older than `draftHours`. */
  find(owner: DraftOwner, id: string): Promise<DraftData | null>;
  /** Merges `change` in and extends the draft by `draftHours`; null as for `find`. */
  update(owner: DraftOwner, id: string, change: Partial<DraftData>): Promise<DraftData | null>;
  remove(owner: DraftOwner, id: string): Promise<void>;
  /** Returns how many drafts were removed. */
  removeExpired(): Promise<number>;
}

/** For `update`: removes what was typed about the examination. */
export function withoutDetails(): Record<DetailKey | 'answers', undefined> {
  return Object.fromEntries([...detailKeys(), 'answers'].map((key) => [key, undefined])) as Record<
    DetailKey | 'answers',
    undefined
  >;
}

/**
 * How long a draft lives after its last step: longer than a referrer's session without activity, and the hour in which they
 * get back a form that they sent after its end.
 */
export const draftHours = idleMinutes.referrer / 60 + 2;
const lifetimeMs = draftHours * 3_600_000;

export function createBookingDrafts(db: Database, clock: Clock, ids: Ids): BookingDrafts {
  const expiry = () => new Date(clock.now().getTime() + lifetimeMs);

  function own({ userId, organization }: DraftOwner, id: string) {
    return db<{ id: string; owner_id: string; data: DraftData; expires_at: Date }>('booking_drafts')
      .where({ id, owner_id: userId })
      .whereRaw('merged_into(organization_id) is not distinct from ?', [organization?.id ?? null]);
  }

  function ownUnexpired(owner: DraftOwner, id: string) {
    return own(owner, id).where('expires_at', '>', clock.now());
  }

  return {
    async create(owner, given) {
      // Fully random, unlike ids from the ids port: it appears in URLs.
      const id = randomUUID();
      const data = { ...given, idempotencyKey: ids.uuid() };
      await db('booking_drafts').insert({
        id,
        owner_id: owner.userId,
        organization_id: owner.organization?.id ?? null,
        data: JSON.stringify(data),
        expires_at: expiry(),
      });
      return { id, data };
    },

    async find(owner, id) {
      if (!isUuid(id)) return null;
      const row = await ownUnexpired(owner, id).first('data');
      return row?.data ?? null;
    },

    async update(owner, id, change) {
      if (!isUuid(id)) return null;
      // Removes keys that are set to undefined: JSON.stringify alone would keep their old values.
      const removed = Object.entries(change).flatMap(([key, value]) => (value === undefined ? [key] : []));
      const [row] = await ownUnexpired(owner, id)
        .update({
          data: db.raw('(data || ?::jsonb) - ?::text[]', [JSON.stringify(change), removed]),
          expires_at: expiry(),
        })
        .returning('data');
      return row?.data ?? null;
    },

    async remove(owner, id) {
      if (isUuid(id)) await own(owner, id).delete();
    },

    async removeExpired() {
      return db('booking_drafts').where('expires_at', '<=', clock.now()).delete();
    },
  };
}

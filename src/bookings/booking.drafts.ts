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
  /** What stands in the examinee's form, by the names of its inputs, until the person continues. */
  typed?: { values: Record<string, string>; answers: { fieldId: number; value: AnswerValue }[] };
  /** Which page of the examinee's step sent the details and answers; missing: none did. */
  savedBy?: string;
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
  /** Keeps what is typed, unless the draft was changed after it got this key. */
  keepTyped(
    owner: DraftOwner,
    id: string,
    idempotencyKey: string,
    typed: NonNullable<DraftData['typed']>,
  ): Promise<void>;
  /** The person's newest draft that has a time and has not become a booking; `expiresAt`: until when it is kept. */
  unfinished(owner: DraftOwner): Promise<{ id: string; data: DraftData; expiresAt: Date } | null>;
  remove(owner: DraftOwner, id: string): Promise<void>;
  /** Returns how many drafts were removed. */
  removeExpired(): Promise<number>;
}

/** For `update`: removes what was typed about the examination. */
export function withoutDetails(): Record<DetailKey | 'answers' | 'typed', undefined> {
  return Object.fromEntries([...detailKeys(), 'answers', 'typed'].map((key) => [key, undefined])) as Record<
    DetailKey | 'answers' | 'typed',
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

  function allOf({ userId, organization }: DraftOwner) {
    return db<{ id: string; owner_id: string; data: DraftData; expires_at: Date }>('booking_drafts')
      .where({ owner_id: userId })
      .whereRaw('merged_into(organization_id) is not distinct from ?', [organization?.id ?? null]);
  }

  function own(owner: DraftOwner, id: string) {
    return allOf(owner).where({ id });
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

    async keepTyped(owner, id, idempotencyKey, typed) {
      if (!isUuid(id)) return;
      await ownUnexpired(owner, id)
        .whereRaw(`data->>'idempotencyKey' = ?`, [idempotencyKey])
        .whereRaw(`data->>'bookingId' is null`)
        .update({
          data: db.raw('data || ?::jsonb', [JSON.stringify({ typed })]),
          expires_at: expiry(),
        });
    },

    async unfinished(owner) {
      const row = await allOf(owner)
        .where('expires_at', '>', clock.now())
        .whereRaw(`data->>'bookingId' is null`)
        .whereRaw(`(data->>'startsAt')::timestamptz > ?`, [clock.now()])
        .orderBy('expires_at', 'desc')
        .first('id', 'data', 'expires_at');
      return row ? { id: row.id, data: row.data, expiresAt: row.expires_at } : null;
    },

    async remove(owner, id) {
      if (isUuid(id)) await own(owner, id).delete();
    },

    async removeExpired() {
      return db('booking_drafts').where('expires_at', '<=', clock.now()).delete();
    },
  };
}

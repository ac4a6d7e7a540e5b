import { randomUUID } from 'node:crypto';
import type { Viewer } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { AnswerValue } from '../questions/index.ts';
import type { ExaminationType } from '../specialists/index.ts';
import { detailKeys, type DetailKey, type DraftDetails } from './booking.details.ts';

/** The half-done journey. Values are as typed; they are parsed when the step is left. */
export interface DraftData extends DraftDetails {
  specialistId?: string;
  type?: ExaminationType;
  /** ISO instant. */
  startsAt?: string;
  timezone?: string;
  /** To Acuity's own questions. */
  answers?: { fieldId: number; value: AnswerValue }[];
  /** The key under which this draft is confirmed: a double click or a reload books once. Renewed after a failure. */
  idempotencyKey: string;
  /** Set once the draft became this booking: whoever comes back to a step is sent there. */
  bookingId?: string;
}

/** A draft belongs to a person in an organisation: after a change of organisation it is not found any more. */
export type DraftOwner = Pick<Viewer, 'userId' | 'organization'>;

export interface BookingDrafts {
  create(
    owner: DraftOwner,
    data: Omit<DraftData, 'idempotencyKey'>,
  ): Promise<{ id: string; data: DraftData }>;
  /** Null when unknown, another's, begun in another organisation, or older than an hour. */
  find(owner: DraftOwner, id: string): Promise<DraftData | null>;
  /** Merges `change` in and starts the hour anew; null as for find. */
  update(owner: DraftOwner, id: string, change: Partial<DraftData>): Promise<DraftData | null>;
  remove(owner: DraftOwner, id: string): Promise<void>;
  /** How many went. */
  removeExpired(): Promise<number>;
}

/** For `update`: takes what was typed about the examination out of the draft. */
export function withoutDetails(): Record<DetailKey | 'answers', undefined> {
  return Object.fromEntries([...detailKeys(), 'answers'].map((key) => [key, undefined])) as Record<
    DetailKey | 'answers',
    undefined
  >;
}

const lifetimeMs = 60 * 60_000;

export function createBookingDrafts(db: Database, clock: Clock, ids: Ids): BookingDrafts {
  const expiry = () => new Date(clock.now().getTime() + lifetimeMs);

  function own({ userId, organization }: DraftOwner, id: string) {
    return db<{ id: string; owner_id: string; data: DraftData; expires_at: Date }>('booking_drafts')
      .where({ id, owner_id: userId })
      .whereRaw('merged_into(organization_id) is not distinct from ?', [organization?.id ?? null]);
  }

  function ownLiving(owner: DraftOwner, id: string) {
    return own(owner, id).where('expires_at', '>', clock.now());
  }

  return {
    async create(owner, given) {
      // Random through and through, unlike the ids port's: it stands in a URL.
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
      const row = await ownLiving(owner, id).first('data');
      return row?.data ?? null;
    },

    async update(owner, id, change) {
      if (!isUuid(id)) return null;
      // Keys set to undefined are taken out: JSON.stringify would merely leave them unsaid.
      const removed = Object.entries(change).flatMap(([key, value]) => (value === undefined ? [key] : []));
      const [row] = await ownLiving(owner, id)
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

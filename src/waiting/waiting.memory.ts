// Keeps in memory what nearly every page asks of the wait-list: the times that are held now, and the entries that wait now.
// It is read again when an entry, an offer or the organisation of a booking was changed by any process.
import type { HeldTime, Holds } from '../availability/index.ts';
import type { Database } from '../db/knex.ts';
import { keep, type KeptVersion } from '../db/kept-version.ts';
import { isOwnBooking, type Waiting } from './waiting.repository.ts';

export interface WaitMemory extends Holds {
  /** Whether this person has an offer that is open, or about to be. */
  hasOffer(personId: string): Promise<boolean>;
  /** How many entries this person has on the list. */
  countOf(who: Waiting): Promise<number>;
  isOnList(bookingId: string): Promise<boolean>;
}

interface Hold extends HeldTime {
  specialistId: string;
  personId: string;
  /** When the hold ends, in time of performance.now(): the database's clock decides. */
  until: number;
}

interface Known {
  holds: Hold[];
  bookingIds: Set<string>;
  /** How many entries each person has in their organisation. */
  counts: Map<string, number>;
}

export function createWaitMemory(db: Database, keptVersion: KeptVersion): WaitMemory {
  const all = keep(keptVersion, () => readKnown(db));

  async function liveHolds(): Promise<Hold[]> {
    const { holds } = await all();
    const now = performance.now();
    return holds.filter(({ until }) => until > now);
  }

  return {
    async forOthers(specialistId, personId) {
      return (await liveHolds()).filter(
        (hold) => hold.specialistId === specialistId && hold.personId !== personId,
      );
    },
    hasOffer: async (personId) => (await liveHolds()).some((hold) => hold.personId === personId),
    countOf: async (who) => (await all()).counts.get(keyOf(who)) ?? 0,
    isOnList: async (bookingId) => (await all()).bookingIds.has(bookingId),
  };
}

function keyOf({ userId, organizationId }: Waiting): string {
  return `${userId} ${organizationId}`;
}

interface HoldRow {
  specialist_id: string;
  starts_at: Date;
  duration_minutes: number;
  created_by_id: string;
  left_ms: number;
}

interface WaitingRow extends Waiting {
  booking_id: string | null;
}

async function readKnown(db: Database): Promise<Known> {
  const askedAt = performance.now();
  const [rows, entries] = await Promise.all([
    db('wait_offers as o')
      .join('wait_entries as e', 'e.id', 'o.entry_id')
      .whereIn('o.state', ['checking', 'open'])
      .whereRaw('o.expires_at > clock_timestamp()')
      .select('o.specialist_id', 'o.starts_at', 'o.duration_minutes', 'e.created_by_id')
      .select(
        db.raw('(extract(epoch from o.expires_at - clock_timestamp()) * 1000)::float8 as left_ms'),
      ) as unknown as Promise<HoldRow[]>,
    db('wait_entries as e')
      .leftJoin('bookings as b', 'b.id', 'e.booking_id')
      .where('e.state', 'waiting')
      .whereRaw(isOwnBooking)
      .select(
        'e.booking_id',
        'e.created_by_id as userId',
        'e.organization_id as organizationId',
      ) as unknown as Promise<WaitingRow[]>,
  ]);
  const holds = rows.map((row) => ({
    specialistId: row.specialist_id,
    personId: row.created_by_id,
    startsAt: row.starts_at.getTime(),
    endsAt: row.starts_at.getTime() + row.duration_minutes * 60_000,
    until: askedAt + row.left_ms,
  }));
  const counts = new Map<string, number>();
  for (const entry of entries) counts.set(keyOf(entry), (counts.get(keyOf(entry)) ?? 0) + 1);
  return {
    holds,
    bookingIds: new Set(entries.flatMap(({ booking_id: id }) => id ?? [])),
    counts,
  };
}

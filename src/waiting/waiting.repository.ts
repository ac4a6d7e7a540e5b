import type { Knex } from 'knex';
import { examineeName } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { isUuid } from '../lib/uuid.ts';
import type { ExaminationType } from '../specialists/index.ts';
import type { WaitEntry, WaitOffer } from './waiting.ts';

interface WantedRow {
  id: string;
  booking_id: string | null;
  reference: string | null;
  booking_starts_at: Date | null;
  examinee_first_name: string | null;
  examinee_last_name: string | null;
  specialist_id: string;
  specialist_name: string;
  specialty: string;
  timezone: string;
  type: ExaminationType;
  person_id: string;
}

interface EntryRow extends WantedRow {
  person_name: string;
  before: Date;
  not_before: Date | null;
  created_at: Date;
}

interface OfferRow extends WantedRow {
  entry_id: string;
  organization_id: string;
  starts_at: Date;
  duration_minutes: number;
  state: WaitOffer['state'];
  expires_at: Date;
}

/** Whose entries are read: those of a person in an organisation. */
export interface Waiting {
  userId: string;
  organizationId: string;
}

/** The columns that entries and offers share, over an entry `e`, its booking `b` and its specialist `s`. */
const wantedColumns = [
  'e.booking_id',
  'b.reference',
  'b.starts_at as booking_starts_at',
  'b.examinee_first_name',
  'b.examinee_last_name',
  's.id as specialist_id',
  's.name as specialist_name',
  's.specialty',
  's.timezone',
] as const;

function wantedOf(row: WantedRow) {
  return {
    id: row.id,
    booking:
      row.booking_id && row.reference && row.booking_starts_at
        ? {
            id: row.booking_id,
            reference: row.reference,
            examinee: examineeName({
              firstName: row.examinee_first_name ?? '',
              lastName: row.examinee_last_name ?? '',
            }),
            startsAt: row.booking_starts_at,
          }
        : null,
    specialist: {
      id: row.specialist_id,
      name: row.specialist_name,
      specialty: row.specialty,
      timezone: row.timezone,
    },
    type: row.type,
  };
}

/** The job ends the entry of a booking that was given to another organisation; until then this condition hides it. */
export const isOwnBooking = '(b.id is null or b.organization_id = e.organization_id)';

/**
 * A condition on the offer `o` of a waiting entry `e`: its time was booked, or the booking was moved to it. The job marks
 * it as accepted, and ends the entry; until then this condition hides both.
 */
export const isBooked = `(
  o.state not in ('checking', 'accepted') and o.created_at > clock_timestamp() - interval '1 day' and exists (
    select from bookings k
    where k.specialist_id = o.specialist_id and k.starts_at = o.starts_at and k.status = 'active'
      and case when e.booking_id is null
        then k.created_by_id = e.created_by_id and k.type = o.type and k.created_at > o.created_at
        else k.id = e.booking_id end))`;

/** Entries that still wait, the oldest first. */
export async function waitingEntries(
  db: Queryable,
  which: { bookingId: string } | Waiting,
): Promise<WaitEntry[]> {
  const query = db('wait_entries as e')
    .leftJoin('bookings as b', 'b.id', 'e.booking_id')
    .join('specialists as s', 's.id', db.raw('coalesce(e.specialist_id, b.specialist_id)'))
    .join('users as u', 'u.id', 'e.created_by_id')
    .where('e.state', 'waiting')
    .whereRaw(isOwnBooking)
    .whereRaw(`not exists (select from wait_offers o where o.entry_id = e.id and ${isBooked})`)
    .orderBy(['e.created_at', 'e.id'])
    .select<EntryRow[]>(
      'e.id',
      ...wantedColumns,
      db.raw('coalesce(e.type, b.type) as type'),
      'u.id as person_id',
      'u.name as person_name',
      db.raw('coalesce(b.starts_at, e.before) as before'),
      'e.not_before',
      'e.created_at',
    );
  const rows = await ('bookingId' in which
    ? query.where('e.booking_id', which.bookingId)
    : query.where({ 'e.created_by_id': which.userId, 'e.organization_id': which.organizationId }));
  return rows.map((row) => ({
    ...wantedOf(row),
    person: { id: row.person_id, name: row.person_name },
    before: row.before,
    notBefore: row.not_before,
    createdAt: row.created_at,
  }));
}

function selectOffers(db: Queryable): Knex.QueryBuilder<object, OfferRow[]> {
  return db('wait_offers as o')
    .join('wait_entries as e', 'e.id', 'o.entry_id')
    .leftJoin('bookings as b', 'b.id', 'e.booking_id')
    .join('specialists as s', 's.id', 'o.specialist_id')
    .whereRaw(isOwnBooking)
    .select(
      'o.id',
      'o.entry_id',
      ...wantedColumns,
      'o.type',
      'e.created_by_id as person_id',
      'e.organization_id',
      'o.starts_at',
      'o.duration_minutes',
      'o.expires_at',
      db.raw(
        `case when o.state = 'open' and o.expires_at <= clock_timestamp() then 'lapsed' else o.state end as state`,
      ),
    ) as Knex.QueryBuilder<object, OfferRow[]>;
}

function asOffer(row: OfferRow): WaitOffer {
  return {
    ...wantedOf(row),
    entryId: row.entry_id,
    personId: row.person_id,
    organizationId: row.organization_id,
    startsAt: row.starts_at,
    durationMinutes: row.duration_minutes,
    state: row.state,
    expiresAt: row.expires_at,
  };
}

export async function findOffer(db: Queryable, id: string): Promise<WaitOffer | null> {
  if (!isUuid(id)) return null;
  const [row] = await selectOffers(db).where('o.id', id);
  return row ? asOffer(row) : null;
}

/** Offers that this person can accept now. */
export async function openOffers(db: Queryable, { userId, organizationId }: Waiting): Promise<WaitOffer[]> {
  const rows = await selectOffers(db)
    .where({ 'e.created_by_id': userId, 'e.organization_id': organizationId, 'o.state': 'open' })
    .whereRaw('o.expires_at > clock_timestamp()')
    .whereRaw(`not ${isBooked}`)
    .orderBy('o.expires_at');
  return rows.map(asOffer);
}

/** How long the page of the wait-list tells of an offer whose hold is over. */
const toldHours = 24;

/** The newest offers that this person missed, one an entry that still waits, of times that are still ahead. */
export async function missedOffers(
  db: Queryable,
  { userId, organizationId }: Waiting,
  now: Date,
): Promise<WaitOffer[]> {
  const newest = db('wait_offers as other')
    .whereRaw('other.entry_id = o.entry_id')
    .whereNot('other.state', 'withdrawn')
    .orderBy('other.created_at', 'desc')
    .limit(1)
    .select('other.id');
  const rows = await selectOffers(db)
    .where({ 'e.created_by_id': userId, 'e.organization_id': organizationId, 'e.state': 'waiting' })
    .where('o.id', newest)
    .whereIn('o.state', ['open', 'lapsed', 'taken'])
    .whereRaw('o.expires_at <= clock_timestamp()')
    .whereRaw(`not ${isBooked}`)
    .whereRaw(`o.expires_at > clock_timestamp() - interval '${toldHours} hours'`)
    .where('o.starts_at', '>', now)
    .orderBy('o.expires_at', 'desc');
  return rows.map(asOffer);
}

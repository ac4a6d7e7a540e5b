// Who is next in line for a freed time, and which entries and offers end without anybody's request. Each function reads
// the current state in one statement, so freed times may be noticed late, twice or in any order.
import type { Queryable, Transaction } from '../db/knex.ts';
import type { ExaminationType } from '../specialists/index.ts';
import { isBooked } from './waiting.repository.ts';

export interface FreedTime {
  id: string;
  specialist_id: string;
  type: ExaminationType;
  starts_at: Date;
  /** `noticed_at` as text, because a Date has no microseconds. */
  noticed: string;
  /** Acuity may take some minutes until it offers the time of a cancelled appointment again. */
  is_recent: boolean;
}

export interface NextInLine {
  entry_id: string;
  person_id: string;
  booking_id: string | null;
}

/** A condition on an entry `e` and its booking `b`: at `:now` its person may still be offered an earlier time. */
const isWanted = `e.state = 'waiting'
  and exists (
    select from users u join members m on m.user_id = u.id
    where u.id = e.created_by_id and u.role = 'referrer' and not u.banned
      and m.organization_id = e.organization_id)
  and coalesce(b.starts_at, e.before) > :now
  and (e.booking_id is null or (
    b.status = 'active' and b.organization_id = e.organization_id
    and b.current_progress in ('scheduled', 'rescheduled')))`;

/** Freed times that are due to be offered, the soonest first. */
export async function freedTimes(db: Queryable, now: Date): Promise<FreedTime[]> {
  return await db('freed_times')
    .where('state', 'open')
    .where('starts_at', '>', now)
    .whereRaw('(check_at is null or check_at <= clock_timestamp())')
    .orderBy(['starts_at', 'id'])
    .limit(50)
    .select<FreedTime[]>(
      'id',
      'specialist_id',
      'type',
      'starts_at',
      db.raw('noticed_at::text as noticed'),
      db.raw(`noticed_at > clock_timestamp() - interval '15 minutes' as is_recent`),
    );
}

/**
 * Finds the oldest entry that the freed time suits. An entry gets no offer while it has an open one, no time that was
 * already free when its last offer ended, and not the time that its own booking was moved from.
 */
export async function nextInLine(db: Queryable, freed: FreedTime, now: Date): Promise<NextInLine | null> {
  const { rows } = await db.raw<{ rows: NextInLine[] }>(
    `select e.id as entry_id, e.created_by_id as person_id, e.booking_id
     from freed_times f
       join wait_entries e on e.state = 'waiting'
       left join bookings b on b.id = e.booking_id
     where f.id = :id and ${isWanted}
       and coalesce(e.specialist_id, b.specialist_id) = f.specialist_id and coalesce(e.type, b.type) = f.type
       and f.starts_at < coalesce(b.starts_at, e.before)
       and f.starts_at >= coalesce(e.not_before, :now) and e.created_at <= f.noticed_at
       and f.booking_id is distinct from e.booking_id
       and not exists (select from wait_offers o where o.entry_id = e.id
         and (o.state in ('checking', 'open') or (o.state <> 'withdrawn' and o.ended_at >= f.noticed_at)))
     order by e.created_at, e.id limit 1`,
    { id: freed.id, now },
  );
  return rows[0] ?? null;
}

/** Ends offers whose hold is over. @returns the ids of those that their person had been told of */
export async function endHolds(db: Queryable): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string; state: string }[] }>(
    `update wait_offers set ended_at = clock_timestamp(),
       state = case state when 'open' then 'lapsed' else 'withdrawn' end
     where state in ('checking', 'open') and expires_at <= clock_timestamp() returning id, state`,
  );
  return rows.filter(({ state }) => state === 'lapsed').map(({ id }) => id);
}

/**
 * Marks offers as accepted whose time was booked, or to which the booking was moved, also when the process that did it
 * died before it could.
 * @returns the ids of the entries
 */
export async function acceptBooked(db: Queryable): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { entry_id: string }[] }>(
    `with booked as (
       select o.id, e.id as entry_id from wait_offers o
         join wait_entries e on e.id = o.entry_id and e.state = 'waiting'
       where ${isBooked}
     ), offers as (
       update wait_offers o set state = 'accepted', ended_at = coalesce(o.ended_at, clock_timestamp())
       from booked where o.id = booked.id
     )
     update wait_entries e set state = 'accepted' from booked where e.id = booked.entry_id returning e.id as entry_id`,
  );
  return rows.map(({ entry_id }) => entry_id);
}

/** Ends entries whose person can be offered nothing any more. @returns their ids */
export async function endOver(db: Queryable, now: Date): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `with over as (
       update wait_entries w set state = 'over'
       from wait_entries e left join bookings b on b.id = e.booking_id
       where w.id = e.id and e.state = 'waiting' and not coalesce((${isWanted}), false)
       returning w.id
     ), offers as (
       update wait_offers o set state = 'withdrawn', ended_at = clock_timestamp()
       from over where o.entry_id = over.id and o.state in ('checking', 'open')
     )
     select id from over`,
    { now },
  );
  return rows.map(({ id }) => id);
}

/** Whether one of our bookings takes this time, or an open attempt that Acuity may have carried out. */
export async function isTakenHere(db: Queryable, offerId: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { is_taken: boolean }[] }>(
    `select exists (
       select from bookings b where b.specialist_id = o.specialist_id and b.status = 'active'
         and b.starts_at > o.starts_at - interval '1 day'
         and b.starts_at < o.starts_at + o.duration_minutes * interval '1 minute'
         and b.starts_at + b.duration_minutes * interval '1 minute' > o.starts_at
         and b.id is distinct from e.booking_id
     ) or exists (
       select from booking_attempts a left join bookings b on b.id = a.booking_id
       where a.state = 'open' and a.acuity_called_at is not null and a.specialist_id = o.specialist_id
         and a.starts_at < o.starts_at + o.duration_minutes * interval '1 minute'
         and a.starts_at + coalesce((a.request ->> 'durationMinutes')::int, b.duration_minutes)
           * interval '1 minute' > o.starts_at
     ) as is_taken
     from wait_offers o join wait_entries e on e.id = o.entry_id where o.id = ?`,
    [offerId],
  );
  return rows[0]?.is_taken ?? true;
}

/**
 * Stores times that the filler of next free times found free, if somebody waits for such times. Times of the last 15
 * minutes stay as they are: they may be offered now, or were declined.
 */
export async function noteFreed(
  trx: Queryable,
  { specialistId, type, times }: { specialistId: string; type: ExaminationType; times: Date[] },
): Promise<void> {
  if (times.length === 0) return;
  await trx.raw(
    `insert into freed_times (specialist_id, type, starts_at)
     select :specialistId, :type, t from unnest(:times::timestamptz[]) t
     where exists (
       select from wait_entries e left join bookings b on b.id = e.booking_id
       where e.state = 'waiting' and coalesce(e.specialist_id, b.specialist_id) = :specialistId
         and coalesce(e.type, b.type) = :type)
     on conflict (specialist_id, type, starts_at) do update
       set state = 'open', noticed_at = clock_timestamp(), check_at = null, booking_id = null
       where freed_times.state = 'done' and freed_times.noticed_at < clock_timestamp() - interval '15 minutes'`,
    { specialistId, type, times: `{${times.map((time) => time.toISOString()).join()}}` },
  );
}

/** Call it after a restore: withdraws open offers, and deletes the freed times that the backup has. */
export async function dropFreed(trx: Transaction): Promise<void> {
  await trx('freed_times').where({ state: 'open' }).update({ state: 'done' });
  await trx('wait_offers')
    .whereIn('state', ['checking', 'open'])
    .update({ state: 'withdrawn', ended_at: trx.raw('clock_timestamp()') });
}

import type { Database, Transaction } from '../db/knex.ts';
import { prepare, type Query } from '../db/statements.ts';
import type { ExaminationType } from '../specialists/index.ts';

export interface NextFreeRow {
  specialist_id: string;
  type: ExaminationType;
  duration_minutes: number;
  times: Date[];
  known_until: Date;
  as_of: Date;
}

export interface ClaimedRow {
  specialist_id: string;
  type: ExaminationType;
  changes: number;
  /** The calendar changed since it was read. */
  has_changed: boolean;
  times: Date[];
  known_until: Date | null;
}

// A page may show twenty specialists: one statement reads the times of all.
export const selectNextFreeQuery = prepare<NextFreeRow, { since: Date }>('next_free_times', (db, { since }) =>
  db('next_free_times as n')
    .join('specialist_services as s', (on) =>
      on.on('s.specialist_id', 'n.specialist_id').andOn('s.type', 'n.type'),
    )
    .where('n.as_of', '>', since)
    .select('n.specialist_id', 'n.type', 's.duration_minutes', 'n.times', 'n.known_until', 'n.as_of'),
);

/** Adds what specialists offer now, removes what they no longer offer. */
export async function matchServices(db: Database): Promise<void> {
  const offered = `select s.specialist_id, s.type from specialist_services s
    join specialists p on p.id = s.specialist_id where p.is_active`;
  await db.raw(
    `insert into next_free_times (specialist_id, type) ${offered} on conflict (specialist_id, type) do nothing`,
  );
  await db('next_free_times').whereRaw(`(specialist_id, type) not in (${offered})`).delete();
}

/** When a claim of a run that died expires. Longer than the calls for one row take. */
const claim = `interval '90 seconds'`;
const lockName = 'fill_next_free_times';

/**
 * The row that waits longest; null when none is due or another run, in any process, is at work. Claims are timed by the
 * database's clock.
 */
export async function claimDue(db: Database, now: Date): Promise<ClaimedRow | null> {
  return db.transaction(async (trx) => {
    await trx.raw('select pg_advisory_xact_lock(hashtext(?))', [lockName]);
    const { rows } = await trx.raw<{ rows: ClaimedRow[] }>(
      `update next_free_times n set claimed_until = clock_timestamp() + ${claim}
       where (specialist_id, type) = (
         select specialist_id, type from next_free_times
         where due_at is null or due_at <= ?
         order by due_at nulls first, as_of nulls first, specialist_id, type limit 1
       ) and not exists (select from next_free_times where claimed_until > clock_timestamp())
       returning specialist_id, type, changes, changes <> read_changes as has_changed, times, known_until`,
      [now],
    );
    return rows[0] ?? null;
  });
}

export interface ReadTimes {
  times: Date[];
  knownUntil: Date;
  asOf: Date;
}

/** Is told which times became free, in the transaction that stores them. */
export type NoteFreed = (
  trx: Transaction,
  freed: { specialistId: string; type: ExaminationType; times: Date[] },
) => Promise<void>;

/** Times that are free now and were not at the previous read, on the days that were known then. */
function freedBetween({ times, known_until: knownUntil }: ClaimedRow, read: ReadTimes): Date[] {
  const known = new Set(times.map((time) => time.getTime()));
  return read.times.filter((time) => knownUntil && time < knownUntil && !known.has(time.getTime()));
}

/**
 * Stores an answer and ends the claim. False when the calendar changed since the row was claimed: the answer may be from
 * before, so the row stays due.
 */
export async function storeRead(
  db: Database,
  row: ClaimedRow,
  read: ReadTimes,
  dueAt: Date,
  noteFreed?: NoteFreed,
): Promise<boolean> {
  const { specialist_id, type, changes } = row;
  return db.transaction(async (trx) => {
    const stored: number = await trx('next_free_times').where({ specialist_id, type, changes }).update({
      times: read.times,
      known_until: read.knownUntil,
      as_of: read.asOf,
      read_changes: changes,
      due_at: dueAt,
      claimed_until: null,
    });
    if (stored === 0)
      await trx('next_free_times').where({ specialist_id, type }).update({ claimed_until: null });
    else await noteFreed?.(trx, { specialistId: specialist_id, type, times: freedBetween(row, read) });
    return stored > 0;
  });
}

/** Ends the claim when Acuity did not answer; what was known stays. */
export async function giveBack(db: Database, row: ClaimedRow, dueAt: Date): Promise<void> {
  await db('next_free_times')
    .where({ specialist_id: row.specialist_id, type: row.type })
    .update({ claimed_until: null, due_at: dueAt });
}

/** The query for a changed calendar: its times have to be read again, and those that are `taken` are no longer shown. */
export function markChangedQuery(
  db: Database,
  calendarId: number,
  taken?: { startsAt: Date; durationMinutes: number },
): Query {
  const from = taken?.startsAt ?? null;
  const until = taken ? new Date(taken.startsAt.getTime() + taken.durationMinutes * 60_000) : null;
  return markRowsQuery(db, { calendarId, from, until });
}

const markRowsQuery = prepare<never, { calendarId: number; from: Date | null; until: Date | null }>(
  'mark next free times as changed',
  (db, { calendarId, from, until }) =>
    db('next_free_times')
      .whereIn('specialist_id', db('specialists').where({ acuity_calendar_id: calendarId }).select('id'))
      .update({
        changes: db.raw('changes + 1'),
        due_at: null,
        times: db.raw(
          `array(select t from unnest(times) t where ?::timestamptz is null or t >= ? or t + (
             select duration_minutes * interval '1 minute' from specialist_services s
             where s.specialist_id = next_free_times.specialist_id and s.type = next_free_times.type) <= ?
           order by t)`,
          [from, until, from],
        ),
      }),
);

/** Removes a time that Acuity does not offer, and makes its calendar due. False when it was not among the known ones. */
export async function removeTime(
  db: Database,
  { specialistId, type, startsAt }: { specialistId: string; type: ExaminationType; startsAt: Date },
): Promise<boolean> {
  const removed = await db('next_free_times')
    .where({ specialist_id: specialistId, type })
    .whereRaw('? = any(times)', [startsAt])
    .update({
      times: db.raw('array_remove(times, ?)', [startsAt]),
      changes: db.raw('changes + 1'),
      due_at: null,
    });
  return removed > 0;
}

/** Call it after a restore: compared with the times of the backup, the next read would find times that seem freed. */
export async function forgetNextFree(trx: Transaction): Promise<void> {
  await trx('next_free_times').delete();
}

// Reports how well the rules of paperwork are kept. Triggers keep the table booking_paperwork in step with bookings,
// documents and rules, so only as many index entries are read as are shown or counted, however many bookings there are.
import type { Database, Queryable } from '../db/knex.ts';
import { neededPapers, type PaperCategory } from './booking.paperwork.ts';

export interface LateBooking {
  id: string;
  reference: string;
  examinee: string;
  organization: string;
  referrer: string;
  specialist: string;
  startsAt: Date;
  timezone: string;
  missing: { category: PaperCategory; dueOn: string }[];
}

export interface PaperworkReport {
  /** Whose examination is still to come, the next one first. */
  late: LateBooking[];
  /** How many bookings are late, however many are listed; counted up to `mostOfPaperwork`. */
  lateCount: number;
  /**
   * Examinations of the last `days` days that needed documents, the newest `mostOfPaperwork` of them at most, and how many
   * had every one in time, by the rules of today.
   */
  share: { days: number; needed: number; inTime: number };
  /** A rule was changed, and what is stored of some bookings follows the rule of before. */
  isRefreshing: boolean;
}

/** No more than that are read and counted. */
export const mostOfPaperwork = 1_000;
const shareDays = 30;
const mostListed = 20;

export async function readPaperworkReport(db: Database, now: Date): Promise<PaperworkReport> {
  return {
    late: await lateBookings(db, now),
    lateCount: await countLatePaperwork(db, now),
    share: await shareInTime(db, now),
    isRefreshing: await isPaperworkRefreshing(db),
  };
}

const isLate = 'k.starts_at > :now::timestamptz and k.late_at <= :now::timestamptz';

/** How many bookings lack a document whose last day is over; counted up to `mostOfPaperwork`. */
export async function countLatePaperwork(db: Queryable, now: Date): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ count: number }] }>(
    `select count(*)::int as count from (
       select from booking_paperwork k where ${isLate} order by k.starts_at limit ${mostOfPaperwork}) late`,
    { now },
  );
  return rows[0].count;
}

async function lateBookings(db: Queryable, now: Date): Promise<LateBooking[]> {
  const { rows } = await db.raw<{ rows: LateBooking[] }>(
    `with late as materialized (
       select k.booking_id from booking_paperwork k where ${isLate}
       order by k.starts_at, k.booking_id limit ${mostListed}),
     lacking as (
       select p.booking_id, json_agg(json_build_object('category', p.category, 'dueOn', p.due_on) order by p.due_on, p.category desc) as missing
       from (${neededPapers('b.id = any(array(select booking_id from late))', 'b.timezone')}) p
       where not p.is_there and p.due_on < (:now::timestamptz at time zone p.timezone)::date
       group by p.booking_id)
     select b.id, b.reference, trim(b.examinee_first_name || ' ' || b.examinee_last_name) as examinee, o.name as organization,
       coalesce(u.name, '') as referrer, s.name as specialist, b.starts_at as "startsAt", b.timezone, lacking.missing
     from lacking join bookings b on b.id = lacking.booking_id
       join organizations o on o.id = b.organization_id join specialists s on s.id = b.specialist_id
       left join users u on u.id = b.created_by_id
     order by b.starts_at, b.id`,
    { now },
  );
  return rows;
}

/** A rule was changed, and what is late by it is not worked out yet. */
export async function isPaperworkRefreshing(db: Queryable): Promise<boolean> {
  return (await db('paperwork_refreshes').first('asked_at')) !== undefined;
}

/** How many past examinations had every document in time: on its last day at the latest. */
async function shareInTime(db: Queryable, now: Date): Promise<PaperworkReport['share']> {
  const { rows } = await db.raw<{ rows: [{ needed: number; inTime: number }] }>(
    `select count(*)::int as needed, (count(*) filter (where in_time))::int as "inTime" from (
       select k.in_time from booking_paperwork k where k.in_time is not null
         and k.starts_at <= :now::timestamptz and k.starts_at > :now::timestamptz - interval '${shareDays} days'
       order by k.starts_at desc limit ${mostOfPaperwork}) newest`,
    { now },
  );
  return { days: shareDays, ...rows[0] };
}

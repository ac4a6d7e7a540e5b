// The figures of the console: counts and times of the last twelve weeks, and the load of specialists in the next four. Every
// number is counted by the filters of the list that it links to. Each statement reads bounded ranges of an index, however
// many bookings there are. None reads health information.
import { isFirstReport, sourceWords } from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import { driftStates } from '../following/index.ts';
import { shiftDays, startOfDay } from '../lib/dates.ts';
import { spelledOut } from './columns.ts';
import { listOf } from './links.ts';
import type { Filters } from './table.query.ts';

/** One kind of what is counted. */
export interface Part {
  name: string;
  words: string;
  count: number;
  href: string;
}

export interface WeekOfParts {
  /** Its Monday, `YYYY-MM-DD`. */
  week: string;
  count: number;
  href: string;
  parts: Part[];
}

export interface WeekOfTimes {
  week: string;
  /** How many; at most `countedAtMost`, the newest. */
  count: number;
  href: string;
  /** The median, in seconds. Null when there are none. */
  median: number | null;
  /** The 95th percentile, in seconds. */
  slow: number | null;
}

export interface Load {
  id: string;
  name: string;
  count: number;
  minutes: number;
  href: string;
}

export type Figures = Awaited<ReturnType<typeof readFigures>>;

export const shownWeeks = 12;
/** For how many days ahead the load is shown. */
export const loadDays = 28;
const shownSpecialists = 20;
/** Counts of a week stop here, as those of lists do. */
export const countedAtMost = 1_000;

/** @param day today in the reader's `zone`, where weeks begin */
export async function readFigures(db: Database, day: string, zone: string) {
  // In sequence: in parallel, two readers would take every connection of the pool.
  const booked = await readBooked(db, day, zone);
  const reports = await readReports(db, day, zone);
  const load = await readLoad(db, day);
  const delays = await readDelays(db, day, zone);
  // Where the bookings of all these weeks were made.
  const shares = sharesOf(booked);
  return { booked, shares, reports, load, delays, drift: await readDrift(db, day, zone) };
}

/** New bookings by where they were made. */
export function readBooked(db: Database, day: string, zone: string): Promise<WeekOfParts[]> {
  const parts = Object.entries(sourceWords);
  // PostgreSQL reads only the index, which has the source as well.
  const counted = countsOf('source', parts, 'bookings where created_at >= since and created_at < before');
  return weeksOfParts(db, mondaysUntil(day), zone, counted, {
    list: 'bookings',
    at: 'createdAt',
    by: 'source',
    parts,
  });
}

/**
 * Counts the rows of each value. `group by` would compute a hash of each row's value. A constraint allows only these values,
 * so the rows of the first value are those that have none of the others: comparing a text takes as long as reading the row.
 */
function countsOf(
  column: string,
  [first, ...others]: readonly (readonly [name: string, words: string])[],
  from: string,
): string {
  const counts = others.map(
    ([name], at) => `count(*) filter (where ${column} = '${name}')::int as count${at}`,
  );
  const rest = ['total', ...others.map((_, at) => `count${at}`)].join(' - ');
  const pairs = [`('${first?.[0]}', ${rest})`, ...others.map(([name], at) => `('${name}', count${at})`)];
  return `select name, count from (select ${['count(*)::int as total', ...counts].join(', ')} from ${from}) as of_week,
    lateral (values ${pairs.join(', ')}) as parts (name, count)`;
}

function sharesOf(weeks: WeekOfParts[]): Part[] {
  const [first, last] = [weeks[0], weeks.at(-1)];
  if (!first || !last) return [];
  const createdAt = { from: first.week, to: daysOf(last.week).to };
  return first.parts.map(({ name, words }, at) => ({
    name,
    words,
    count: weeks.reduce((sum, { parts }) => sum + (parts[at]?.count ?? 0), 0),
    href: listOf('bookings', { createdAt, source: name }),
  }));
}

/** What reconciliations found. */
function readDrift(db: Database, day: string, zone: string): Promise<WeekOfParts[]> {
  const parts = Object.entries(spelledOut(driftStates));
  const counted = countsOf('state', parts, 'drift_items where found_at >= since and found_at < before');
  return weeksOfParts(db, mondaysUntil(day), zone, counted, {
    list: 'drift-items',
    at: 'foundAt',
    by: 'state',
    parts,
  });
}

/** From the examination to its first report, by the week of the report. */
function readReports(db: Database, day: string, zone: string): Promise<WeekOfTimes[]> {
  const timed = `select greatest(p.created_at - b.starts_at, interval '0') as took
    from booking_progress p join bookings b on b.id = p.booking_id
    where p.created_at >= since and p.created_at < before and ${isFirstReport('p')}
    order by p.created_at desc, p.id desc`;
  return weeksOfTimes(db, mondaysUntil(day), zone, timed, (days) =>
    listOf('progress', { createdAt: days, isFirstReport: 'true' }),
  );
}

/** From the receipt of a webhook event until it was processed: the relay's wait included, replays left out. */
function readDelays(db: Database, day: string, zone: string): Promise<WeekOfTimes[]> {
  const timed = `select processed_at - received_at as took from webhook_events
    where received_at >= since and received_at < before and state = 'processed' and replayed_at is null
    order by received_at desc`;
  const filters = { state: 'processed', wasReplayed: 'false' };
  return weeksOfTimes(db, mondaysUntil(day), zone, timed, (days) =>
    listOf('webhook-events', { receivedAt: days, ...filters }),
  );
}

/** Active bookings of the next days, each day in the zone of the examination; the busiest specialists first. */
async function readLoad(db: Database, day: string): Promise<{ specialists: Load[]; more: number }> {
  const last = shiftDays(day, loadDays - 1);
  const { rows } = await db.raw<{ rows: Omit<Load, 'href'>[] }>(
    `select s.id, s.name, count(*)::int as count, sum(b.duration_minutes)::int as minutes
     from bookings b join specialists s on s.id = b.specialist_id
     where b.status = 'active'
       and b.starts_at >= :day::date - interval '1 day' and b.starts_at < :last::date + interval '2 days'
       and (b.starts_at at time zone b.timezone)::date between :day::date and :last::date
     group by s.id order by count desc, s.name, s.id`,
    { day, last },
  );
  const specialists = rows.slice(0, shownSpecialists).map((row) => ({
    ...row,
    href: listOf('bookings', { startsAt: { from: day, to: last }, specialistId: row.id, status: 'active' }),
  }));
  return { specialists, more: rows.length - specialists.length };
}

type Days = { from: string; to: string };

/** The Mondays of the last weeks, oldest first. */
function mondaysUntil(day: string): string[] {
  const sinceMonday = (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7;
  return Array.from({ length: shownWeeks }, (_, at) =>
    shiftDays(day, (at - shownWeeks + 1) * 7 - sinceMonday),
  );
}

const daysOf = (monday: string): Days => ({ from: monday, to: shiftDays(monday, 6) });

/** For each week a row of `lateral`: SQL that knows its bounds as `since` and `before`. */
async function perWeek<Row>(
  db: Database,
  mondays: string[],
  zone: string,
  lateral: string,
): Promise<(Row & { week: string })[]> {
  const starts = [...mondays, shiftDays(mondays.at(-1) ?? '', 7)].map((monday) => startOfDay(monday, zone));
  const { rows } = await db.raw<{ rows: (Row & { week: string })[] }>(
    `select week, counted.* from unnest(?::text[], ?::timestamptz[], ?::timestamptz[]) as weeks (week, since, before),
       lateral (${lateral}) as counted`,
    [mondays, starts.slice(0, -1), starts.slice(1)],
  );
  return rows;
}

async function weeksOfParts(
  db: Database,
  mondays: string[],
  zone: string,
  counted: string,
  shown: { list: string; at: string; by: string; parts: readonly (readonly [name: string, words: string])[] },
): Promise<WeekOfParts[]> {
  const rows = await perWeek<{ name: string; count: number }>(db, mondays, zone, counted);
  return mondays.map((week) => {
    const during: Filters = { [shown.at]: daysOf(week) };
    const parts = shown.parts.map(([name, words]) => ({
      name,
      words,
      count: rows.find((row) => row.week === week && row.name === name)?.count ?? 0,
      href: listOf(shown.list, { ...during, [shown.by]: name }),
    }));
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    return { week, count, href: listOf(shown.list, during), parts };
  });
}

async function weeksOfTimes(
  db: Database,
  mondays: string[],
  zone: string,
  timed: string,
  hrefOf: (days: Days) => string,
): Promise<WeekOfTimes[]> {
  const share = (part: number) =>
    `extract(epoch from percentile_cont(${part}) within group (order by took))::float8`;
  const rows = await perWeek<Pick<WeekOfTimes, 'count' | 'median' | 'slow'>>(
    db,
    mondays,
    zone,
    `select count(*)::int as count, ${share(0.5)} as median, ${share(0.95)} as slow
     from (${timed} limit ${countedAtMost}) times`,
  );
  return mondays.map((week) => {
    const row = rows.find((one) => one.week === week);
    const { count = 0, median = null, slow = null } = row ?? {};
    return { week, count, median, slow, href: hrefOf(daysOf(week)) };
  });
}

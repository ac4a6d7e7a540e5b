// How long a specialist's reports take, from the histories of bookings.
import type { Database } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';

export interface ReportWait {
  /** Median, from the examination to its report. */
  days: number;
  /** The number of reports behind the median. */
  reports: number;
}

export interface ReportWaits {
  /** No entry for specialists with too few reports. Read at most every ten minutes. */
  bySpecialist(): Promise<ReadonlyMap<string, ReportWait>>;
}

export const leastReports = 5;
const newest = 20;
const keptMs = 10 * 60_000;

export function createReportWaits({ db, clock }: { db: Database; clock: Clock }): ReportWaits {
  let kept: { until: number; waits: Promise<ReadonlyMap<string, ReportWait>> } | null = null;
  return {
    bySpecialist() {
      const now = clock.now().getTime();
      if (kept && now < kept.until) return kept.waits;
      const reading = { until: now + keptMs, waits: readWaits(db, clock.now()) };
      kept = reading;
      reading.waits.catch(() => {
        if (kept === reading) kept = null;
      });
      return reading.waits;
    },
  };
}

/** Reads the waits of the newest examinations of the last year that have a report. */
async function readWaits(db: Database, now: Date): Promise<ReadonlyMap<string, ReportWait>> {
  const { rows } = await db.raw<{ rows: { id: string; days: number; reports: number }[] }>(
    `select s.id, percentile_cont(0.5) within group (order by w.days) as days, count(*)::int as reports
     from specialists s
     cross join lateral (
       select extract(epoch from r.at - b.starts_at) / 86400 as days
       from (
         select id, starts_at from bookings
         where specialist_id = s.id and starts_at > :now::timestamptz - interval '1 year' and starts_at < :now
           and current_progress in ('report_generated', 'payment_received')
         order by starts_at desc limit :newest) b
       cross join lateral (
         select min(created_at) as at from booking_progress
         where booking_id = b.id and progress = 'report_generated') r
       where r.at > b.starts_at) w
     where s.is_active
     group by s.id having count(*) >= :leastReports`,
    { now, newest, leastReports },
  );
  return new Map(rows.map(({ id, days, reports }) => [id, { days: Math.max(1, Math.round(days)), reports }]));
}

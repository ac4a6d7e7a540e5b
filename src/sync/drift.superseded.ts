// Differences that were left for staff: which ones a later run supersedes, and how long superseded ones are kept.
import type { Database, Queryable } from '../db/knex.ts';

/** A SQL condition on an item: nobody has closed it, and no later run covered its day, which would list it again. */
export const isOpenDifference = (alias: string): string =>
  `(${alias}.state = 'left' and not ${alias}.superseded and ${alias}.closed_at is null)`;

/** A SQL condition on a report: failed, and no later run that is at least as wide has completed over its days. */
export const isUncovered = (alias: string): string => `(${alias}.state = 'failed' and not exists (
  select from drift_reports n where n.state = 'done' and n.started_at > ${alias}.started_at
    and n.from_day <= ${alias}.to_day and n.to_day >= ${alias}.from_day
    and (n.kind = 'all' or ${alias}.kind <> 'all') and (n.fixes or not ${alias}.fixes)))`;

/**
 * After a run that repairs: supersedes what earlier runs left on its days, because this run found it gone or lists it
 * again. An item without a day is superseded when the days of the runs overlap. A nightly run also supersedes items on
 * days that no run covers any more.
 */
export async function supersedeEarlier(trx: Queryable, reportId: string): Promise<void> {
  await trx.raw(
    `update drift_items set superseded = true where id in (
       select i.id
       from drift_items i
         join drift_reports d on d.id = i.report_id
         join drift_reports n on n.id = ? and n.id <> d.id and n.fixes
         left join bookings b on b.id = i.booking_id
         cross join lateral (
           select coalesce((b.starts_at at time zone b.timezone)::date, i.day) as day) at
       where i.state = 'left' and not i.superseded
         and (n.kind = 'all'
           or n.from_day <= coalesce(at.day, d.to_day) and n.to_day >= coalesce(at.day, d.from_day)
           or exists (select from drift_items s
             where s.report_id = n.id and s.difference = i.difference
               and (s.appointment_id = i.appointment_id or s.specialist_id = i.specialist_id))))`,
    [reportId],
  );
}

/**
 * Whether a run found differences in future examinations that nobody has closed (`any`), and whether an earlier run did
 * not leave some of them open (`news`). Call it before `supersedeEarlier`. A difference that lasts for days is found
 * every 15 minutes, but is mailed once, and then with each nightly run.
 */
export async function findNews(trx: Queryable, reportId: string): Promise<{ any: boolean; news: boolean }> {
  const { rows } = await trx.raw<{ rows: [{ any: boolean; news: boolean }] }>(
    `select count(*) > 0 as any, coalesce(bool_or(not (i.state = 'left' and exists (
       select from drift_items e
       where e.report_id <> i.report_id and ${isOpenDifference('e')}
         and e.difference = i.difference and e.appointment_id is not distinct from i.appointment_id
         and e.specialist_id is not distinct from i.specialist_id))), false) as news
     from drift_items i where i.report_id = ? and not i.is_over and i.closed_at is null`,
    [reportId],
  );
  return rows[0];
}

const oldItems = `select id from drift_items where state = 'left' and superseded and found_at < ?`;
const oldReports = `select id from drift_reports r
  where found = 0 and kind in ('near', 'gap') and state <> 'running' and started_at < ?
    and not exists (select from emails e where e.drift_report_id = r.id)`;
/** Rows removed per statement: a year of reports must not hold locks for minutes. */
const batch = 5_000;

/**
 * Removes older reports that found nothing, and superseded items. Keeps reports that found something, and repaired
 * differences; the audit log has all of them.
 * @returns how many rows
 */
export async function removeOldReports(db: Database, before: Date): Promise<number> {
  let removed = 0;
  for (const [table, old] of [
    ['drift_items', oldItems],
    ['drift_reports', oldReports],
  ] as const)
    for (let last = batch; last === batch; removed += last) {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `delete from ${table} where id in (${old} limit ${batch})`,
        [before],
      );
      last = rowCount;
    }
  return removed;
}

// Of the differences that were left: which still stand, and how long what no longer does is kept.
import type { Database, Queryable } from '../db/knex.ts';

/**
 * Once a look has ended well: what earlier ones left is no longer so, or is said again by an item of this one. Of what
 * has no day it is enough that the days overlap. A look that puts nothing right leaves them as they were. Days that not
 * even the widest look covers are nobody's any more.
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
             where s.report_id = n.id and s.appointment_id = i.appointment_id and s.difference = i.difference)))`,
    [reportId],
  );
}

/**
 * Whether a look found anything about examinations to come: at all, and that no earlier look had left already. Asked
 * before it supersedes them: what stands for days is found every quarter of an hour, and is told of once, and then with
 * each night's look.
 */
export async function foundToTell(
  trx: Queryable,
  reportId: string,
): Promise<{ any: boolean; news: boolean }> {
  const { rows } = await trx.raw<{ rows: [{ any: boolean; news: boolean }] }>(
    `select count(*) > 0 as any, coalesce(bool_or(not (i.state = 'left' and exists (
       select from drift_items e
       where e.report_id <> i.report_id and e.state = 'left' and not e.superseded
         and e.difference = i.difference and e.appointment_id is not distinct from i.appointment_id))), false) as news
     from drift_items i where i.report_id = ? and not i.is_over`,
    [reportId],
  );
  return rows[0];
}

const oldItems = `select id from drift_items where state = 'left' and superseded and found_at < ?`;
const oldReports = `select id from drift_reports r
  where found = 0 and kind in ('near', 'gap') and state <> 'running' and started_at < ?
    and not exists (select from emails e where e.drift_report_id = r.id)`;
/** At once: a year of looks that was never cleared must not hold its rows for minutes. */
const batch = 5_000;

/**
 * Of the looks before then: those that found nothing, and the items that a later one has said again. Reports that found
 * something stay, and so does what was put right; the audit log has all of it.
 * @returns how many rows
 */
export async function removeOldLooks(db: Database, before: Date): Promise<number> {
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

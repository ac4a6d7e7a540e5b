import type { Database } from '../../src/db/knex.ts';
import { until } from './until.ts';

/**
 * Waits until a statement waits for a lock in the database of `db`, or until `work` has ended, which then needed none.
 * A role sees its own statements only, a superuser all.
 */
export async function untilBlocked(db: Database, work?: Promise<unknown>): Promise<void> {
  let isDone = false;
  const end = () => void (isDone = true);
  void work?.then(end, end);
  await until(async () => {
    const blocked: unknown = await db('pg_stat_activity')
      .whereRaw(`datname = current_database() and wait_event_type = 'Lock'`)
      .first('pid');
    return isDone || blocked !== undefined;
  });
}

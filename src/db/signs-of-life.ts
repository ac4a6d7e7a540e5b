// Records which processes work jobs or deliver events; each updates its row regularly (src/jobs/sign-of-life.ts).
import type { Database } from './knex.ts';

export type WorkerKind = 'jobs' | 'relay';

/** Several times the interval between two updates, so that a late one does not count as dead. */
const aliveSeconds = 45;

export async function touchWorker(db: Database, id: string, kind: WorkerKind): Promise<void> {
  await db('workers')
    .insert({ id, kind })
    .onConflict('id')
    .merge({ seen_at: db.raw('clock_timestamp()') });
}

/** Also removes rows of processes that were killed a day ago or earlier. */
export async function removeWorker(db: Database, id: string): Promise<void> {
  await db('workers').where({ id }).orWhereRaw(`seen_at < clock_timestamp() - interval '1 day'`).delete();
}

export async function liveWorkers(db: Database): Promise<Record<WorkerKind, number>> {
  const { rows } = await db.raw<{ rows: [Record<WorkerKind, number>] }>(
    `select count(*) filter (where kind = 'jobs')::int as jobs, count(*) filter (where kind = 'relay')::int as relay
       from workers where seen_at > clock_timestamp() - ? * interval '1 second'`,
    [aliveSeconds],
  );
  return rows[0];
}

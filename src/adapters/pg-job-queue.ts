import type { Database } from '../db/knex.ts';
import { sendTogether } from '../db/statements.ts';
import type { JobQueue } from '../ports/job-queue.ts';

/** `queue_job` calls graphile_worker.add_job with plans that PostgreSQL keeps. */
const add = {
  name: 'add a job',
  text: `select queue_job(
    $1::text, $2::json, coalesce($3::timestamptz, clock_timestamp() + $4 * interval '1 millisecond'), $5::int, $6::text,
    $7::text)`,
};
const addOfEmail = {
  name: 'add the job of an e-mail',
  text: `${add.text} where exists (select from emails where id = $8::uuid)`,
};

/** graphile-worker's queue: a row in PostgreSQL, so a job commits or vanishes with its transaction. */
export function createPgJobQueue(db: Database): JobQueue {
  const queue: JobQueue = {
    async add(job, payload, options) {
      await sendTogether(options.trx ?? db, queue.addQuery(job, payload, options));
    },
    addQuery: (job, payload, { ofEmail, ...options }) => ({
      ...(ofEmail ? addOfEmail : add),
      values: [
        job.name,
        JSON.stringify(job.payload.parse(payload)),
        options.runAt?.toISOString() ?? null,
        options.delayMs ?? 0,
        job.maxAttempts ?? 25,
        options.key,
        options.keepRunAt ? 'preserve_run_at' : 'replace',
        ...(ofEmail ? [ofEmail] : []),
      ],
    }),
    async runAgain(jobId, trx) {
      if (!/^\d{1,15}$/.test(jobId)) return false;
      const { rows } = await trx.raw<{ rows: unknown[] }>(
        `select id from graphile_worker.reschedule_jobs(
           array(select id from graphile_worker.jobs where id = ?::bigint and last_error is not null),
           run_at := now(), attempts := 0)`,
        [jobId],
      );
      return rows.length > 0;
    },
    async removeSuperseded() {
      // graphile-worker keeps a replaced job that is running, takes its key and uses up its attempts. Every job starts
      // with a key.
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `select id from graphile_worker.complete_jobs(
           array(select id from graphile_worker.jobs where key is null and attempts >= max_attempts))`,
      );
      return rows.length;
    },
  };
  return queue;
}

// Staff run a job again that has failed.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import type { JobQueue } from '../ports/job-queue.ts';

/** Gives a failed job all its tries again. `gone`: no failed job has this id, or it is running. */
export async function runJobAgain(
  { db, audit, jobs }: { db: Database; audit: AuditLog; jobs: JobQueue },
  actor: Actor,
  jobId: string,
): Promise<'queued' | 'gone' | 'forbidden'> {
  if (!mayAdminister(actor.viewer)) return 'forbidden';
  return db.transaction(async (trx) => {
    if (!(await jobs.runAgain(jobId, trx))) return 'gone';
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'job',
      resourceId: jobId,
      metadata: { change: 'run_again' },
    });
    return 'queued';
  });
}

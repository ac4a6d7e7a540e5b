import { auditActor, isStaff, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { sendEmailJob } from './email.jobs.ts';

/** Puts a message that was sent, or given up, into the queue again. Account mails are made anew by their own pages. */
export async function resendEmail(
  { db, audit, jobs }: { db: Database; audit: AuditLog; jobs: JobQueue },
  actor: Actor,
  emailId: string,
): Promise<'queued' | 'not_found' | 'waits_already' | 'forbidden'> {
  if (!isStaff(actor.viewer)) return 'forbidden';
  return db.transaction(async (trx) => {
    const email = (await trx('emails')
      .where({ id: emailId, account_link_id: null })
      .forUpdate()
      .first('status', 'attempts', 'sent_at')) as
      | { status: string; attempts: number; sent_at: Date | null }
      | undefined;
    if (!email) return 'not_found';
    if (email.status === 'queued') return 'waits_already';
    await trx('emails')
      .where({ id: emailId })
      .update({ status: 'queued', sent_at: null, attempts: 0, last_error: null });
    await jobs.add(sendEmailJob, { emailId }, { trx, key: `email:${emailId}` });
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'email',
      resourceId: emailId,
      // The row forgets them.
      metadata: {
        change: 'sent_again',
        before: { status: email.status, sentAt: email.sent_at, attempts: email.attempts },
      },
    });
    return 'queued';
  });
}

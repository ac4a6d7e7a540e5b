import { auditActor, isStaff, type Actor, type Viewer } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { isAboutAccount } from './email.account.ts';
import { queueSending } from './email.jobs.ts';
import { deliveriesOf } from './email.preferences.ts';
import { readerOf } from './email.recipient.ts';
import type { EmailRow } from './email.ts';

export type Resent =
  | 'queued'
  | 'not_found'
  | 'waits_already'
  | 'done_meanwhile'
  | 'forbidden'
  | 'not_theirs'
  | 'switched_off'
  | 'nobody';

/**
 * Queues a sent or failed message again. `not_theirs`: its recipient has left, or may not see the booking any more.
 * `switched_off`: the recipient does not want this kind. `nobody`: no account has its address any more. Account mails are made again by their own pages.
 * @param only the status in which it was shown: in another, somebody else has sent it since (`done_meanwhile`)
 */
export async function resendEmail(
  { db, audit, jobs, clock }: { db: Database; audit: AuditLog; jobs: JobQueue; clock: Clock },
  actor: Actor,
  emailId: string,
  only?: string,
): Promise<Resent> {
  if (!isStaff(actor.viewer)) return 'forbidden';
  return db.transaction(async (trx) => {
    const email = await trx('emails')
      .where({ id: emailId })
      .forUpdate()
      .first<(EmailRow & { status: string; sent_at: Date | null }) | undefined>();
    if (!email || isAboutAccount(email)) return 'not_found';
    if (only && email.status !== only) return 'done_meanwhile';
    if (email.status === 'queued' || email.status === 'for_digest') return 'waits_already';
    const note = (metadata: Record<string, unknown>) =>
      audit.record(trx, auditActor(actor), {
        action: 'record.changed',
        resourceType: 'email',
        resourceId: emailId,
        metadata,
      });
    const reader = await readerOf(trx, email, clock.now());
    const { state } = reader;
    if (state === 'nobody') return 'nobody';
    if (state === 'may_not') {
      // Clears the mark that the message waits for staff.
      if (email.status === 'failed') {
        await trx('emails').where({ id: emailId }).update({ status: 'withheld' });
        await note({ change: 'withheld' });
      }
      return 'not_theirs';
    }
    if (reader.state === 'may' && (await isSwitchedOff(trx, email, reader.viewer))) return 'switched_off';
    await trx('emails')
      .where({ id: emailId })
      // It was told in a digest before. If the person still gets this kind daily, it goes into their next digest.
      .update({ status: 'queued', sent_at: null, attempts: 0, last_error: null, daily_digest_id: null });
    await queueSending(jobs, trx, emailId);
    // The old failure is removed from the row.
    const before = { status: email.status, sentAt: email.sent_at, attempts: email.attempts };
    await note({ change: 'sent_again', before });
    return 'queued';
  });
}

async function isSwitchedOff(trx: Transaction, { kind }: EmailRow, viewer: Viewer | null): Promise<boolean> {
  if (!viewer) return false;
  return (await deliveriesOf(trx, kind, [viewer.userId])).get(viewer.userId) === 'off';
}

/** SQL, JSON: when and by whom a message was queued again, oldest first, and its state before. */
export const resends = (alias: string): string => `(select jsonb_agg(
    jsonb_build_object('at', l.at, 'by', k.name, 'before', l.metadata -> 'before') order by l.id)
  from audit_log l left join users k on k.id = l.actor_id
  where l.resource_type = 'email' and l.resource_id = ${alias}.id::text and l.metadata ->> 'change' = 'sent_again')`;

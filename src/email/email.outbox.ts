import type { AnnounceAccount } from '../accounts/index.ts';
import type { Announce } from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import type { StaffEmail } from './email.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { sendEmailJob } from './email.jobs.ts';

/**
 * Writes down, in the caller's transaction, that a message is due, and the job that sends it. What it says is
 * composed when it is sent. The same occasion asked for twice is one message.
 */
export function createOutbox({ jobs, ids }: { jobs: JobQueue; ids: Ids }): Announce {
  return async (trx, { kind, recipientId, bookingId, intentionId, occasion: given }) => {
    const recipient = (await trx('users').where({ id: recipientId }).first('email')) as
      | { email: string }
      | undefined;
    if (!recipient) throw new Error(`There is no user ${recipientId} to tell`);
    const occasion = kind === 'booking_confirmation' ? bookingId : (intentionId ?? given);
    const [row] = (await trx('emails')
      .insert({
        id: ids.uuid(),
        kind,
        dedupe_key: `${kind}:${occasion}`,
        recipient: recipient.email,
        recipient_id: recipientId,
        booking_id: bookingId,
        intention_id: intentionId,
      })
      .onConflict('dedupe_key')
      .ignore()
      .returning('id')) as { id: string }[];
    if (row) await jobs.add(sendEmailJob, { emailId: row.id }, { trx, key: `email:${row.id}` });
  };
}

/** The same for what concerns somebody's account. Each asking is a message of its own. */
export function createAccountOutbox({ jobs, ids }: { jobs: JobQueue; ids: Ids }): AnnounceAccount {
  return async (trx, { kind, recipient, linkId }) => {
    const id = ids.uuid();
    await trx('emails').insert({
      ...{ id, kind, recipient },
      dedupe_key: `${kind}:${linkId ?? id}`,
      account_link_id: linkId,
    });
    await jobs.add(sendEmailJob, { emailId: id }, { trx, key: `email:${id}` });
  };
}

export interface StaffNews {
  kind: StaffEmail['kind'];
  driftReportId: string | null;
}

/** To every admin who may work. */
export function createStaffOutbox({ jobs, ids }: { jobs: JobQueue; ids: Ids }) {
  return async (trx: Transaction, { kind, driftReportId }: StaffNews): Promise<void> => {
    const admins = (await trx('users').where({ role: 'admin', banned: false }).select('id', 'email')) as {
      id: string;
      email: string;
    }[];
    for (const { id: recipientId, email: recipient } of admins) {
      const id = ids.uuid();
      await trx('emails').insert({
        ...{ id, kind, recipient, recipient_id: recipientId, drift_report_id: driftReportId },
        dedupe_key: `${kind}:${driftReportId ?? id}:${recipient}`,
      });
      await jobs.add(sendEmailJob, { emailId: id }, { trx, key: `email:${id}` });
    }
  };
}

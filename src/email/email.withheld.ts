// After a restore: nothing that was sent since the backup is sent again.
import type { Transaction } from '../db/knex.ts';
import { markDueDigests } from './email.daily.ts';
import { markDuePaperworkReminders } from './email.paperwork.ts';
import { markDueReminders } from './email.reminders.ts';

/** What was queued when the backup was made has been sent since. Staff can send each message again in the console. */
export async function withholdQueued(
  trx: Transaction,
  now = new Date(),
): Promise<{ emails: number; reminders: number }> {
  const emails = await trx('emails')
    .whereIn('status', ['queued', 'for_digest'])
    .update({ status: 'withheld', last_error: null });
  await markDueDigests(trx, now);
  const reminders = (await markDueReminders(trx, now)) + (await markDuePaperworkReminders(trx, now));
  return { emails, reminders };
}

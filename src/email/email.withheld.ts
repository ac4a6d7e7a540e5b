// Keeps e-mails that were sent after a backup from being sent again when the backup is restored.
import type { Transaction } from '../db/knex.ts';
import { markDueDigests } from './email.daily.ts';
import { markDuePaperworkReminders } from './email.paperwork.ts';
import { markDueReminders } from './email.reminders.ts';

/** Withholds all queued messages, which were sent since the backup. Staff can send each again in the console. */
export async function withholdQueued(
  trx: Transaction,
  now: Date,
): Promise<{ emails: number; reminders: number }> {
  const emails = await trx('emails')
    .whereIn('status', ['queued', 'for_digest'])
    .update({ status: 'withheld', last_error: null });
  await markDueDigests(trx, now);
  const reminders = (await markDueReminders(trx, now)) + (await markDuePaperworkReminders(trx, now));
  return { emails, reminders };
}

import type { Transaction } from '../db/knex.ts';
import { passDueReminders } from './email.reminders.ts';

/** What was queued when the backup was made has been sent since. Staff can send each message again in the console. */
export async function withholdWaiting(trx: Transaction): Promise<{ emails: number; reminders: number }> {
  const emails = await trx('emails')
    .where({ status: 'queued' })
    .update({ status: 'withheld', last_error: null });
  return { emails, reminders: await passDueReminders(trx, new Date()) };
}

import type { Transaction } from '../db/knex.ts';

/**
 * Marks open attempts as called. Since the backup Acuity may have been called for an attempt that the backup holds as
 * not called: settled as it is, it would be declared failed and its appointment cancelled. Marked as called, it is
 * searched for in Acuity first.
 * @returns the ids of all open attempts
 */
export async function takeForCalled(trx: Transaction): Promise<string[]> {
  await trx('booking_intentions')
    .where({ state: 'open' })
    .whereNull('acuity_called_at')
    .update({ acuity_called_at: trx.ref('created_at') });
  return (await trx('booking_intentions')
    .where({ state: 'open' })
    .orderBy('created_at')
    .pluck('id')) as string[];
}

import type { Transaction } from '../db/knex.ts';

/**
 * Of an attempt that the backup has as not sent yet, Acuity may have been called since. Settled as it stands it would be
 * declared failed, and its appointment cancelled; as one that was called it is looked for in Acuity first.
 * @returns the ids of all that are open
 */
export async function takeForCalled(trx: Transaction): Promise<string[]> {
  await trx('booking_attempts')
    .where({ state: 'open' })
    .whereNull('acuity_called_at')
    .update({ acuity_called_at: trx.raw('created_at') });
  return await trx('booking_attempts').where({ state: 'open' }).orderBy('created_at').pluck('id');
}

import type { Transaction } from '../db/knex.ts';

/**
 * A backup brings back sessions that were ended since, and links to choose a password that were used since. Invitations
 * stay: they are the way in for those whose account is lost.
 */
export async function endAllAccess(trx: Transaction): Promise<{ sessions: number; links: number }> {
  const sessions = await trx('sessions').delete();
  const links = await trx('account_links')
    .whereNull('used_at')
    .whereNull('revoked_at')
    .whereNot({ kind: 'invitation' })
    .update({ revoked_at: trx.raw('clock_timestamp()') });
  return { sessions, links };
}

// Who invites the one who invites: the first admin's link comes from a command, for whoever has the server.
import { randomUUID } from 'node:crypto';
import { auditLog, systemActor } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { InputError } from './account.input.ts';
import { writeInvitation } from './account.invitations.ts';
import { isDemoAccount } from './demo-accounts.ts';
import type { LinkTokens } from './link.tokens.ts';

export type FirstAdminFailure =
  /** Who can sign in where the demo's people cannot. */
  | { reason: 'there_is_one' }
  | { reason: 'demo_account' }
  | { reason: 'already_active' }
  | { reason: 'unknown_organization' }
  | { reason: 'merged_away' }
  | { reason: 'invalid'; errors: InputError[] };

/**
 * Writes an invitation and hands back the secret part of its link; no mail is sent.
 * @param given.another also when there is an admin already: for the day the only one lost phone and codes
 */
export async function inviteFirstAdmin(
  { db, tokens }: { db: Database; tokens: LinkTokens },
  given: { email: string; name?: string; another: boolean },
): Promise<Result<{ token: string }, FirstAdminFailure>> {
  if (isDemoAccount(given.email)) return failure({ reason: 'demo_account' });
  const admins = (await db('users').where({ role: 'admin', banned: false }).select('email')) as {
    email: string;
  }[];
  if (!given.another && admins.some(({ email }) => !isDemoAccount(email))) {
    return failure({ reason: 'there_is_one' });
  }
  const deps = { db, audit: auditLog, ids: { uuid: () => randomUUID() }, announce: () => Promise.resolve() };
  const input = { email: given.email, name: given.name, role: 'admin' as const };
  const written = await writeInvitation(deps, input, systemActor, null);
  return written.ok ? ok({ token: tokens.tokenFor('invitation', written.value.id) }) : written;
}

// Another e-mail address: who signs in with it must have read mail there.
import type { RequestFacts } from '../audit/index.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isPassword } from './account.credentials.ts';
import type { AccountDeps } from './account.deps.ts';
import { emailInput, type InputError } from './account.input.ts';
import { findLink, insertLink, revokeLinks, useLink, type AccountLink } from './account.links.ts';
import { isDemoAccount } from './demo-accounts.ts';
import { auditActor, type Actor } from './viewer.ts';

export interface EmailChange {
  /** Sends the link to the new address. Nobody is told whether another account has it. */
  request(
    given: { email: unknown; password: unknown },
    actor: Actor,
  ): Promise<
    Result<
      { email: string },
      { reason: 'invalid'; errors: InputError[] } | { reason: 'too_many'; retryAfterMs: number }
    >
  >;
  find(token: string): Promise<AccountLink | null>;
  confirm(
    token: string,
    request: RequestFacts,
  ): Promise<
    Result<{ email: string }, { reason: 'link_closed' } | { reason: 'too_many'; retryAfterMs: number }>
  >;
}

export function createEmailChange(deps: AccountDeps): EmailChange {
  return {
    async request(given, actor) {
      const { userId } = actor.viewer;
      const retryAfterMs = await deps.attempts.count('email', userId, actor.request.ip);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      const email = emailInput.safeParse(given.email);
      const errors: InputError[] = [];
      if (!email.success) {
        errors.push({ path: 'email', message: email.error.issues[0]?.message ?? 'Enter an e-mail address' });
      } else if (email.data === actor.viewer.email) {
        errors.push({ path: 'email', message: 'This is your address already. Enter the new one' });
      }
      if (!(await isPassword(deps.db, userId, given.password))) {
        errors.push({
          path: 'password',
          message: 'This is not your password. Enter the one you sign in with',
        });
      }
      if (!email.success || errors.length > 0) return failure({ reason: 'invalid', errors });
      await sendLink(deps, actor, email.data);
      return ok({ email: email.data });
    },

    find: (token) => findOpen(deps, token),

    async confirm(token, request) {
      const retryAfterMs = await deps.attempts.count('link', token, request.ip);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      const link = await findOpen(deps, token);
      if (!link?.userId) return failure({ reason: 'link_closed' });
      return writeChange(deps, { ...link, userId: link.userId }, request);
    },
  };
}

async function findOpen(deps: AccountDeps, token: string): Promise<AccountLink | null> {
  const id = deps.tokens.idOf('email_change', token);
  const link = id ? await findLink(deps.db, id) : null;
  return link?.state === 'open' ? link : null;
}

async function sendLink(deps: AccountDeps, actor: Actor, email: string): Promise<void> {
  const { userId, name } = actor.viewer;
  await deps.db.transaction(async (trx) => {
    // One asking after the other: only the latest link opens.
    await trx('users').where({ id: userId }).forUpdate().first('id');
    const revoked = await revokeLinks(trx, { user_id: userId, kind: 'email_change' });
    const isTaken = (await trx('users').where({ email }).first('id')) !== undefined || isDemoAccount(email);
    const id = deps.ids.uuid();
    if (!isTaken)
      await insertLink(trx, { id, kind: 'email_change', userId, email, name, createdById: userId });
    const changes = [
      ...revoked.map((one) => ({ id: one, change: 'replaced' })),
      ...(isTaken ? [] : [{ id, change: 'requested' }]),
    ];
    for (const one of changes) {
      await deps.audit.record(trx, auditActor(actor), {
        action: 'record.changed',
        resourceType: 'account_link',
        resourceId: one.id,
        metadata: { change: one.change, kind: 'email_change', userId },
      });
    }
    if (!isTaken) await deps.announce(trx, { kind: 'email_change', recipient: email, linkId: id });
  });
}

async function writeChange(
  deps: AccountDeps,
  link: AccountLink & { userId: string },
  request: RequestFacts,
): Promise<Result<{ email: string }, { reason: 'link_closed' }>> {
  const { userId, email } = link;
  try {
    return await deps.db.transaction(async (trx) => {
      const before = (await trx('users').where({ id: userId, banned: false }).forUpdate().first('email')) as
        | { email: string }
        | undefined;
      if (!before || !(await useLink(trx, link.id))) return failure({ reason: 'link_closed' });
      await trx('users').where({ id: userId }).update({ email, email_verified: true });
      const by = { actorId: userId, actingAsId: null, request };
      const metadata = { change: 'email_changed', columns: ['email'] };
      for (const linkId of [link.id, ...(await revokeLinks(trx, { user_id: userId }))]) {
        await deps.audit.record(trx, by, {
          action: 'record.changed',
          resourceType: 'account_link',
          resourceId: linkId,
          metadata: { change: linkId === link.id ? 'used' : 'revoked', userId },
        });
      }
      await deps.audit.record(trx, by, {
        action: 'record.changed',
        resourceType: 'user',
        resourceId: userId,
        metadata,
      });
      await deps.announce(trx, { kind: 'email_changed', recipient: before.email, linkId: null });
      return ok({ email });
    });
  } catch (error) {
    // Somebody else took the address in the meantime.
    if (violatedConstraint(error) === 'users_email_key') return failure({ reason: 'link_closed' });
    throw error;
  }
}

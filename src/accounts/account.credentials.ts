// Changes what a person signs in with: a forgotten password, a new password, a new e-mail address. A new address takes
// effect when its owner has followed a link sent there.
import { anonymousActor, type RequestFacts } from '../audit/index.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, type FieldError, type InvalidFields, ok, type Result } from '../lib/result.ts';
import type { AccountDeps } from './account.deps.ts';
import { emailInput } from './account.input.ts';
import {
  type AccountLink,
  findOpenLink,
  insertLink,
  recordLink,
  revokeLinks,
  useLink,
} from './account.links.ts';
import { hashPassword, isPassword, setPassword } from './auth.internals.ts';
import { passwordComplaintAbout } from './password.rules.ts';
import { type Actor, auditActor, isDemoAccount } from './viewer.ts';

export interface Passwords {
  /**
   * Sends a link if the address has an account in use; the answer does not tell whether it has. Past the limit nothing
   * is sent and the last link stays valid, so a stranger cannot invalidate it.
   */
  forgotten(email: string, request: RequestFacts): Promise<void>;
  /** The open link of this token; null when it is used, revoked, expired or unknown. */
  find(token: string): Promise<AccountLink | null>;
  /** Ends every session of the person. */
  reset(
    given: { token: string; password: unknown },
    request: RequestFacts,
  ): Promise<
    Result<
      { userId: string; email: string },
      { reason: 'link_closed' } | InvalidFields | { reason: 'too_many'; retryAfterMs: number }
    >
  >;
  /** Ends every other session of the person. */
  change(
    given: { current: unknown; password: unknown },
    actor: Actor,
  ): Promise<Result<null, InvalidFields | { reason: 'too_many'; retryAfterMs: number }>>;
}

/** How many links one person is sent. Counted in the database, so that the limit also holds while the cache is away. */
const mostLinksAnHour = 5;

export function createPasswords(deps: AccountDeps): Passwords {
  return {
    async forgotten(email, request) {
      if ((await deps.limits.count('forgotten', email, request.ip)) > 0) return;
      await sendResetLink(deps, email, request);
    },

    find: (token) => findOpenLink(deps, 'password_reset', token),

    async reset(given, request) {
      const retryAfterMs = await deps.limits.count('link', given.token, request.ip);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      const link = await findOpenLink(deps, 'password_reset', given.token);
      if (!link?.userId) return failure({ reason: 'link_closed' });
      const complaint = passwordComplaintAbout(given.password, [link.email, link.name ?? '']);
      if (complaint || typeof given.password !== 'string') {
        const errors = [{ path: 'password', message: complaint ?? 'Choose a password' }];
        return failure({ reason: 'invalid', errors });
      }
      const hash = await hashPassword(given.password);
      return writeReset(deps, { ...link, userId: link.userId }, hash, request);
    },

    async change(given, actor) {
      const { userId, email, name } = actor.viewer;
      const retryAfterMs = await deps.limits.count('password', userId, actor.request.ip);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      const errors: FieldError[] = [];
      const complaint = passwordComplaintAbout(given.password, [email, name]);
      if (complaint) errors.push({ path: 'password', message: complaint });
      if (!(await isPassword(deps.db, userId, given.current))) {
        errors.unshift({ path: 'current', message: 'This is not your password. Enter your current one' });
      }
      if (errors.length > 0 || typeof given.password !== 'string')
        return failure({ reason: 'invalid', errors });
      await writePassword(deps, actor, await hashPassword(given.password));
      return ok(null);
    },
  };
}

async function sendResetLink(deps: AccountDeps, email: string, request: RequestFacts): Promise<void> {
  const user = await deps
    .db('users')
    .where({ email: email.trim().toLowerCase(), banned: false, awaits_invitation: false })
    .first('id', 'name', 'email');
  if (!user) return;
  await deps.db.transaction(async (trx) => {
    // Locks the user's row: of several requests at once only the latest link opens.
    await trx('users').where({ id: user.id }).forUpdate().first('id');
    const recent = await trx('account_links')
      .where({ user_id: user.id, kind: 'password_reset' })
      .whereRaw(`created_at > clock_timestamp() - interval '1 hour'`)
      .count<{ sent: number }[]>('* as sent');
    if ((recent[0]?.sent ?? 0) >= mostLinksAnHour) return;
    const revoked = await revokeLinks(trx, { user_id: user.id, kind: 'password_reset' });
    const id = deps.ids.uuid();
    await insertLink(trx, {
      id,
      kind: 'password_reset',
      userId: user.id,
      email: user.email,
      name: user.name,
    });
    // Anyone can ask, so the audit row names nobody.
    const by = anonymousActor(request);
    const facts = { kind: 'password_reset', userId: user.id };
    for (const earlier of revoked) await recordLink(deps, trx, by, earlier, 'replaced', facts);
    await recordLink(deps, trx, by, id, 'requested', facts);
    await deps.announce(trx, { kind: 'password_reset', recipient: user.email, linkId: id });
  });
}

async function writeReset(
  deps: AccountDeps,
  link: AccountLink & { userId: string },
  hash: string,
  request: RequestFacts,
): Promise<Result<{ userId: string; email: string }, { reason: 'link_closed' }>> {
  const { id, userId } = link;
  return deps.db.transaction(async (trx) => {
    const user = await trx('users').where({ id: userId, banned: false }).forUpdate().first('email');
    // The link no longer counts if the address was changed after it was sent, or the person was deactivated.
    if (user?.email !== link.email || !(await useLink(trx, id))) return failure({ reason: 'link_closed' });
    await setPassword(trx, userId, hash);
    await trx('sessions').where({ user_id: userId }).whereNull('impersonated_by').delete();
    const by = { actorId: userId, actingAsId: null, request };
    await deps.audit.record(trx, by, {
      action: 'auth.password_reset',
      resourceType: 'user',
      resourceId: userId,
    });
    await recordLink(deps, trx, by, id, 'used', { kind: 'password_reset', userId });
    await deps.announce(trx, { kind: 'password_changed', recipient: link.email, linkId: null });
    return ok({ userId, email: link.email });
  });
}

async function writePassword(deps: AccountDeps, actor: Actor, hash: string): Promise<void> {
  const { userId, email, sessionId } = actor.viewer;
  await deps.db.transaction(async (trx) => {
    await setPassword(trx, userId, hash);
    await trx('sessions')
      .where({ user_id: userId })
      .whereNot({ id: sessionId })
      .whereNull('impersonated_by')
      .delete();
    for (const linkId of await revokeLinks(trx, { user_id: userId, kind: 'password_reset' }))
      await recordLink(deps, trx, auditActor(actor), linkId, 'revoked', { userId });
    await deps.audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'user',
      resourceId: userId,
      metadata: { change: 'password_changed', columns: ['password'] },
    });
    await deps.announce(trx, { kind: 'password_changed', recipient: email, linkId: null });
  });
}

export interface EmailChange {
  /** Sends the link to the new address. The answer does not tell whether another account has it. */
  request(
    given: { email: unknown; password: unknown },
    actor: Actor,
  ): Promise<Result<{ email: string }, InvalidFields | { reason: 'too_many'; retryAfterMs: number }>>;
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
      const retryAfterMs = await deps.limits.count('email', userId, actor.request.ip);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      const email = emailInput.safeParse(given.email);
      const errors: FieldError[] = [];
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
      await sendEmailLink(deps, actor, email.data);
      return ok({ email: email.data });
    },

    find: (token) => findOpenLink(deps, 'email_change', token),

    async confirm(token, request) {
      const retryAfterMs = await deps.limits.count('link', token, request.ip);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      const link = await findOpenLink(deps, 'email_change', token);
      if (!link?.userId) return failure({ reason: 'link_closed' });
      return writeEmail(deps, { ...link, userId: link.userId }, request);
    },
  };
}

async function sendEmailLink(deps: AccountDeps, actor: Actor, email: string): Promise<void> {
  const { userId, name } = actor.viewer;
  await deps.db.transaction(async (trx) => {
    // Locks the user's row: of several requests at once only the latest link opens.
    const person = await trx('users').where({ id: userId, banned: false }).forUpdate().first('email');
    // An admin has given the account another address, or closed it, after this request had begun.
    if (person?.email !== actor.viewer.email) return;
    const revoked = await revokeLinks(trx, { user_id: userId, kind: 'email_change' });
    const isTaken = (await trx('users').where({ email }).first('id')) !== undefined || isDemoAccount(email);
    const id = deps.ids.uuid();
    const [by, facts] = [auditActor(actor), { kind: 'email_change', userId }];
    for (const earlier of revoked) await recordLink(deps, trx, by, earlier, 'replaced', facts);
    if (isTaken) return;
    await insertLink(trx, { id, kind: 'email_change', userId, email, name, createdById: userId });
    await recordLink(deps, trx, by, id, 'requested', facts);
    await deps.announce(trx, { kind: 'email_change', recipient: email, linkId: id });
  });
}

async function writeEmail(
  deps: AccountDeps,
  link: AccountLink & { userId: string },
  request: RequestFacts,
): Promise<Result<{ email: string }, { reason: 'link_closed' }>> {
  const { userId, email } = link;
  try {
    return await deps.db.transaction(async (trx) => {
      const before = await trx('users').where({ id: userId, banned: false }).forUpdate().first('email');
      if (!before || !(await useLink(trx, link.id))) return failure({ reason: 'link_closed' });
      await trx('users').where({ id: userId }).update({ email, email_verified: true });
      const by = { actorId: userId, actingAsId: null, request };
      await recordLink(deps, trx, by, link.id, 'used', { userId });
      for (const linkId of await revokeLinks(trx, { user_id: userId }))
        await recordLink(deps, trx, by, linkId, 'revoked', { userId });
      await deps.audit.record(trx, by, {
        action: 'record.changed',
        resourceType: 'user',
        resourceId: userId,
        metadata: { change: 'email_changed', columns: ['email'] },
      });
      await deps.announce(trx, { kind: 'email_changed', recipient: before.email, linkId: null });
      return ok({ email });
    });
  } catch (error) {
    // Another account took the address meanwhile.
    if (violatedConstraint(error) === 'users_email_key') return failure({ reason: 'link_closed' });
    throw error;
  }
}

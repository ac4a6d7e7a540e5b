// Invitations: an admin invites, the e-mail's link leads to a page, and a name and a password create the account.
import { randomUUID } from 'node:crypto';
import { type AuditActor, auditLog, type RequestFacts, systemActor } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { isMergedAway, blockMerges, mergedInto } from '../db/merges.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, type FieldError, type InvalidFields, ok, type Result } from '../lib/result.ts';
import { fieldErrors } from '../lib/typed-input.ts';
import { isUuid } from '../lib/uuid.ts';
import type { AccountDeps } from './account.deps.ts';
import { emailInput, inviteInput, type InviteInput, nameInput } from './account.input.ts';
import {
  type AccountLink,
  findOpenLink,
  insertLink,
  type LinkTokens,
  listInvitations,
  lockPeople,
  recordLink,
  revokeLinks,
  useLink,
} from './account.links.ts';
import { setOrganization } from './account.organizations.ts';
import { hashPassword, setPassword } from './auth.internals.ts';
import { passwordComplaintAbout } from './password.rules.ts';
import { type Actor, auditActor, isDemoAccount, mayAdminister, type Role } from './viewer.ts';

export type InviteFailure =
  | { reason: 'not_allowed' }
  | InvalidFields
  /** An account in use has this address. */
  | { reason: 'already_active'; personId: string }
  | { reason: 'unknown_organization' }
  /** The record was merged into another: that merge has to be undone first. */
  | { reason: 'merged_away' }
  | { reason: 'too_many'; retryAfterMs: number };

export type AcceptFailure =
  /** Used, revoked, expired or unknown. */
  | { reason: 'link_closed' }
  | InvalidFields
  | { reason: 'already_active' }
  | { reason: 'too_many'; retryAfterMs: number };

export interface Invitations {
  /** Sends the e-mail, and revokes earlier invitations of the same address. */
  invite(input: InviteInput, actor: Actor): Promise<Result<{ id: string }, InviteFailure>>;
  /** The open invitation of this token; null when it is used, revoked, expired or unknown. */
  find(token: string): Promise<AccountLink | null>;
  /** Creates the account, or reactivates a deactivated one. The caller signs in afterwards with the new password. */
  accept(
    given: { token: string; name: unknown; password: unknown },
    request: RequestFacts,
  ): Promise<Result<{ userId: string; email: string }, AcceptFailure>>;
  list(of?: { id?: string; organizationId?: string }): Promise<AccountLink[]>;
  /** `revoked` is false when there was no open invitation. */
  revoke(id: string, actor: Actor): Promise<Result<{ revoked: boolean }, { reason: 'not_allowed' }>>;
}

export function createInvitations(deps: AccountDeps): Invitations {
  return {
    async invite(input, actor) {
      if (!mayAdminister(actor.viewer)) return failure({ reason: 'not_allowed' });
      const retryAfterMs = await deps.limits.count('invite', actor.viewer.userId, actor.request.ip);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      return writeInvitation(deps, input, auditActor(actor), actor.viewer.userId);
    },

    find: (token) => findOpenLink(deps, 'invitation', token),

    accept: (given, request) => acceptInvitation(deps, given, request),

    list: async (of = {}) => (of.id === undefined || isUuid(of.id) ? listInvitations(deps.db, of) : []),

    async revoke(id, actor) {
      if (!mayAdminister(actor.viewer)) return failure({ reason: 'not_allowed' });
      if (!isUuid(id)) return ok({ revoked: false });
      const revoked = await deps.db.transaction(async (trx) => {
        const ids = await revokeLinks(trx, { kind: 'invitation', id });
        for (const one of ids) await recordLink(deps, trx, auditActor(actor), one, 'revoked');
        return ids.length > 0;
      });
      return ok({ revoked });
    },
  };
}

/** Also used by commands: `invitedById` is null then. */
export async function writeInvitation(
  deps: Pick<AccountDeps, 'db' | 'audit' | 'announce'> & { ids: Pick<AccountDeps['ids'], 'uuid'> },
  input: InviteInput,
  by: AuditActor,
  invitedById: string | null,
): Promise<Result<{ id: string }, Exclude<InviteFailure, { reason: 'not_allowed' | 'too_many' }>>> {
  const parsed = inviteInput.safeParse(input);
  if (!parsed.success) return failure({ reason: 'invalid', errors: fieldErrors(parsed.error) });
  const { email, name, role, organizationId } = parsed.data;
  return deps.db.transaction(async (trx) => {
    await blockMerges(trx);
    // Of two invitations of one address the second waits here, then revokes the first.
    await lockPeople(trx);
    if (organizationId && !(await isOpen(trx, organizationId))) {
      return failure({ reason: 'unknown_organization' });
    }
    const known = await personByEmail(trx, email);
    if (known && worksHere(known)) return failure({ reason: 'already_active', personId: known.id });
    if (known && (await isMergedAway(trx, known.id))) return failure({ reason: 'merged_away' });
    for (const earlier of await revokeLinks(trx, { kind: 'invitation', email })) {
      await recordLink(deps, trx, by, earlier, 'replaced');
    }
    const id = deps.ids.uuid();
    await insertLink(trx, {
      id,
      kind: 'invitation',
      email,
      role,
      createdById: invitedById,
      name: name ?? null,
      organizationId: organizationId ?? null,
    });
    await recordLink(deps, trx, by, id, 'invited', { role, organizationId: organizationId ?? null });
    await deps.announce(trx, { kind: 'account_invitation', recipient: email, linkId: id });
    return ok({ id });
  });
}

async function acceptInvitation(
  deps: AccountDeps,
  given: { token: string; name: unknown; password: unknown },
  request: RequestFacts,
): Promise<Result<{ userId: string; email: string }, AcceptFailure>> {
  const retryAfterMs = await deps.limits.count('link', given.token, request.ip);
  if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
  const link = await findOpenLink(deps, 'invitation', given.token);
  if (!link?.role) return failure({ reason: 'link_closed' });
  const name = nameInput.safeParse(given.name);
  const complaint = passwordComplaintAbout(given.password, [link.email, name.data ?? '']);
  const errors: FieldError[] = [];
  if (!name.success)
    errors.push({ path: 'name', message: name.error.issues[0]?.message ?? 'Enter your name' });
  if (complaint) errors.push({ path: 'password', message: complaint });
  if (!name.success || typeof given.password !== 'string' || errors.length > 0) {
    return failure({ reason: 'invalid', errors });
  }
  // Outside the transaction: hashing is deliberately slow.
  const hash = await hashPassword(given.password);
  return enrol(deps, { ...link, role: link.role }, { name: name.data, hash }, request);
}

async function enrol(
  deps: AccountDeps,
  link: AccountLink & { role: Role },
  chosen: { name: string; hash: string },
  request: RequestFacts,
): Promise<Result<{ userId: string; email: string }, AcceptFailure>> {
  try {
    return await deps.db.transaction(async (trx) => {
      await blockMerges(trx);
      await lockPeople(trx);
      if (!(await useLink(trx, link.id))) return failure({ reason: 'link_closed' });
      const known = await personByEmail(trx, link.email);
      // Rolls back, so that the link stays open.
      if (known && worksHere(known)) throw new AlreadyActive();
      if (known && (await isMergedAway(trx, known.id))) throw new MergedAway();
      const userId = known?.id ?? deps.ids.uuid();
      const facts = { name: chosen.name, role: link.role, email_verified: true };
      if (known) {
        await trx('users')
          .where({ id: userId })
          .update({
            ...facts,
            banned: false,
            ban_reason: null,
            ban_expires: null,
            awaits_invitation: false,
          });
      } else {
        await trx('users').insert({ id: userId, email: link.email, ...facts });
      }
      await setPassword(trx, userId, chosen.hash);
      await setOrganization(trx, userId, link.organization && (await mergedInto(trx, link.organization.id)));
      const by = { actorId: userId, actingAsId: null, request };
      await recordLink(deps, trx, by, link.id, 'accepted', { userId });
      await deps.audit.record(trx, by, {
        action: 'record.changed',
        resourceType: 'user',
        resourceId: userId,
        metadata: {
          change: changeOf(known),
          invitationId: link.id,
          role: link.role,
        },
      });
      return ok({ userId, email: link.email });
    });
  } catch (error) {
    if (error instanceof AlreadyActive || violatedConstraint(error) === 'users_email_key') {
      return failure({ reason: 'already_active' });
    }
    if (error instanceof MergedAway) return failure({ reason: 'link_closed' });
    throw error;
  }
}

function changeOf(known: KnownPerson | undefined): string {
  if (!known) return 'created_by_invitation';
  return known.banned ? 'reactivated_by_invitation' : 'accepted_invitation';
}

class AlreadyActive extends Error {}

class MergedAway extends Error {}

/** Nobody can join an organisation that was merged into another. */
async function isOpen(trx: Transaction, organizationId: string): Promise<boolean> {
  const row = await trx('organizations').where({ id: organizationId }).first('id');
  return row !== undefined && !(await isMergedAway(trx, organizationId));
}

interface KnownPerson {
  id: string;
  banned: boolean;
  awaits_invitation: boolean;
}

async function personByEmail(trx: Transaction, email: string): Promise<KnownPerson | undefined> {
  return await trx('users')
    .where({ email: emailInput.parse(email) })
    .first('id', 'banned', 'awaits_invitation');
}

/** Neither deactivated nor imported without an accepted invitation. */
function worksHere({ banned, awaits_invitation }: KnownPerson): boolean {
  return !banned && !awaits_invitation;
}

export type FirstAdminFailure =
  /** An admin exists who is not a demo account. */
  | { reason: 'there_is_one' }
  | { reason: 'demo_account' }
  | { reason: 'already_active' }
  | { reason: 'unknown_organization' }
  | { reason: 'merged_away' }
  | InvalidFields;

/**
 * Creates an invitation and returns the secret part of its link; no e-mail is sent.
 * @param given.another also when an admin exists: for an only admin who lost phone and recovery codes
 */
export async function inviteFirstAdmin(
  { db, tokens }: { db: Database; tokens: LinkTokens },
  given: { email: string; name?: string; another: boolean },
): Promise<Result<{ token: string }, FirstAdminFailure>> {
  if (isDemoAccount(given.email)) return failure({ reason: 'demo_account' });
  const admins = await db('users').where({ role: 'admin', banned: false }).select('email');
  if (!given.another && admins.some(({ email }) => !isDemoAccount(email))) {
    return failure({ reason: 'there_is_one' });
  }
  const deps = { db, audit: auditLog, ids: { uuid: () => randomUUID() }, announce: () => Promise.resolve() };
  const input = { email: given.email, name: given.name, role: 'admin' as const };
  const written = await writeInvitation(deps, input, systemActor, null);
  return written.ok ? ok({ token: tokens.tokenFor('invitation', written.value.id) }) : written;
}

// Links in e-mails: their rows and their secret part. A link opens once, until it expires or is replaced.
import type { AuditActor, AuditLog } from '../audit/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { createSigner, type SecretRing } from '../lib/secret-ring.ts';
import type { Role } from './viewer.ts';

/**
 * Allows one change of people or invitations at a time. Otherwise an edit could take an address from a person while an
 * invitation uses it, and two admins could deactivate each other. Call it after `blockMerges` and before locking any row.
 */
export async function lockPeople(trx: Transaction): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(hashtextextended('accounts.people', 0))`);
}

/** `userId` is null for an invitation: that person has no account yet. */
export interface AccountLink {
  id: string;
  kind: LinkKind;
  userId: string | null;
  email: string;
  name: string | null;
  role: Role | null;
  organization: { id: string; name: string } | null;
  invitedBy: { id: string; name: string } | null;
  createdAt: Date;
  expiresAt: Date;
  state: 'open' | 'used' | 'revoked' | 'expired';
}

/** How long a link is valid. */
export const linkHours: Record<LinkKind, number> = {
  invitation: 7 * 24,
  password_reset: 1,
  email_change: 24,
};

export interface NewLink {
  id: string;
  kind: LinkKind;
  userId?: string;
  email: string;
  name?: string | null;
  role?: Role;
  organizationId?: string | null;
  createdById?: string | null;
}

export async function insertLink(trx: Transaction, link: NewLink): Promise<void> {
  await trx('account_links').insert({
    id: link.id,
    kind: link.kind,
    user_id: link.userId ?? null,
    email: link.email,
    name: link.name ?? null,
    role: link.role ?? null,
    organization_id: link.organizationId ?? null,
    created_by_id: link.createdById ?? null,
    expires_at: trx.raw(`clock_timestamp() + ? * interval '1 hour'`, [linkHours[link.kind]]),
  });
}

/** Marks an open link as used; false when it was used, revoked or has expired. */
export async function useLink(trx: Transaction, id: string): Promise<boolean> {
  const used = await openLinks(trx)
    .where({ id })
    .update({ used_at: trx.raw('clock_timestamp()') });
  return used === 1;
}

/** Revokes open links. @returns their ids */
export async function revokeLinks(
  trx: Transaction,
  which: { kind?: LinkKind; user_id?: string; email?: string; id?: string },
): Promise<string[]> {
  const rows = await trx('account_links')
    .where(which)
    .whereNull('used_at')
    .whereNull('revoked_at')
    .update({ revoked_at: trx.raw('clock_timestamp()') })
    .returning('id');
  return rows.map(({ id }) => id);
}

/** What happened to a link, for the audit log. */
export type LinkChange = 'invited' | 'requested' | 'replaced' | 'revoked' | 'accepted' | 'used';

export function recordLink(
  { audit }: { audit: AuditLog },
  trx: Transaction,
  by: AuditActor,
  linkId: string,
  change: LinkChange,
  more: Record<string, unknown> = {},
): Promise<void> {
  return audit.record(trx, by, {
    action: 'record.changed',
    resourceType: 'account_link',
    resourceId: linkId,
    metadata: { change, ...more },
  });
}

function openLinks(db: Queryable) {
  return db('account_links')
    .whereNull('used_at')
    .whereNull('revoked_at')
    .whereRaw('expires_at > clock_timestamp()');
}

type LinkRow = Omit<RowOf<'account_links'>, 'used_at' | 'revoked_at' | 'updated_at'> & {
  organization_name: string | null;
  created_by_name: string | null;
  state: AccountLink['state'];
};

export async function findLink(db: Queryable, id: string): Promise<AccountLink | null> {
  const row = await selectLinks(db).where('l.id', id).first();
  return row ? toLink(row) : null;
}

/** The open link of this token; null when it is used, revoked, expired or unknown. */
export async function findOpenLink(
  { db, tokens }: { db: Queryable; tokens: LinkTokens },
  kind: LinkKind,
  token: string,
): Promise<AccountLink | null> {
  const id = tokens.idOf(kind, token);
  const link = id ? await findLink(db, id) : null;
  return link?.state === 'open' ? link : null;
}

/** Neither accepted nor revoked, including expired ones; the latest 50. */
export async function listInvitations(
  db: Queryable,
  of: { id?: string; organizationId?: string } = {},
): Promise<AccountLink[]> {
  const links = selectLinks(db)
    .where('l.kind', 'invitation')
    .whereNull('l.used_at')
    .whereNull('l.revoked_at');
  if (of.id !== undefined) void links.where('l.id', of.id);
  if (of.organizationId !== undefined) void links.where('l.organization_id', of.organizationId);
  const rows = await links.orderBy('l.created_at', 'desc').limit(50);
  return rows.map(toLink);
}

function selectLinks(db: Queryable) {
  return db('account_links as l')
    .leftJoin('organizations as o', 'o.id', 'l.organization_id')
    .leftJoin('users as u', 'u.id', 'l.created_by_id')
    .select<LinkRow[]>(
      'l.id',
      'l.kind',
      'l.user_id',
      'l.email',
      'l.name',
      'l.role',
      'l.created_at',
      'l.expires_at',
      'o.id as organization_id',
      'o.name as organization_name',
      'u.id as created_by_id',
      'u.name as created_by_name',
      db.raw(`case when l.used_at is not null then 'used' when l.revoked_at is not null then 'revoked'
                   when l.expires_at <= clock_timestamp() then 'expired' else 'open' end as state`),
    );
}

function toLink(row: LinkRow): AccountLink {
  const named = (id: string | null, name: string | null) => (id && name !== null ? { id, name } : null);
  return {
    id: row.id,
    kind: row.kind,
    userId: row.user_id,
    email: row.email,
    name: row.name,
    role: row.role,
    organization: named(row.organization_id, row.organization_name),
    invitedBy: named(row.created_by_id, row.created_by_name),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    state: row.state,
  };
}

export type LinkKind = 'invitation' | 'password_reset' | 'email_change';

/**
 * The secret part of a mail's link: an HMAC over the link's id. It is computed again when the mail is sent, so no row,
 * job or log holds it.
 */
export interface LinkTokens {
  tokenFor(kind: LinkKind, id: string): string;
  /** The link's id; null when the signature is wrong, or the token is of another kind. */
  idOf(kind: LinkKind, token: string): string | null;
}

const tokenShape = /^[\w-]{22}\.[\w-]{43}$/;

export function createLinkTokens(secrets: SecretRing): LinkTokens {
  const signer = createSigner(secrets, 'examdesk account links');
  return {
    tokenFor(kind, id) {
      const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
      return `${bytes.toString('base64url')}.${signer.sign(`${kind}:${id}`).toString('base64url')}`;
    },
    idOf(kind, token) {
      if (!tokenShape.test(token)) return null;
      const [name = '', signature = ''] = token.split('.');
      const hex = Buffer.from(name, 'base64url').toString('hex');
      const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      return signer.isSigned(`${kind}:${id}`, Buffer.from(signature, 'base64url')) ? id : null;
    },
  };
}

// Imports organisations and referrers of another system: creates them without e-mails, or matches existing ones.
import { type AuditActor, type AuditLog } from '../audit/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { mergedInto } from '../db/merges.ts';
import type { Ids } from '../ports/ids.ts';
import { writeInvitation, type InviteFailure } from './account.invitations.ts';
import type { AccountDeps, AnnounceAccount } from './account.deps.ts';
import { emailInput, nameInput, organizationInput } from './account.input.ts';
import { setOrganization, slugOf } from './account.organizations.ts';
import { failure, type Result } from '../lib/result.ts';
import { z } from 'zod';

interface TakeOverDeps {
  audit: AuditLog;
  ids: Pick<Ids, 'uuid'>;
  /** For every audit row. */
  by: AuditActor;
  metadata: Record<string, unknown>;
}

/** A referrer with their organisation; without an e-mail address only the organisation. */
export const takenOverInput = z
  .object({
    organization: organizationInput.shape.name,
    email: z.preprocess((email) => (email === '' ? undefined : email), emailInput.optional()),
    name: z.preprocess((name) => (name === '' ? undefined : name), nameInput.optional()),
  })
  .superRefine(({ email, name }, context) => {
    if (email && !name) context.addIssue({ code: 'custom', path: ['name'], message: 'Enter a name' });
    if (name && !email)
      context.addIssue({ code: 'custom', path: ['email'], message: 'Enter an e-mail address' });
  });

/** Finds or creates the organisation of this name; for a merged one returns the one it was merged into. */
export async function takeOverOrganization(
  trx: Transaction,
  deps: TakeOverDeps,
  name: string,
): Promise<{ id: string; isNew: boolean }> {
  const id = deps.ids.uuid();
  const slug = slugOf(name);
  const made = await trx('organizations')
    .insert({ id, name, slug, created_at: trx.raw('clock_timestamp()') })
    .onConflict('slug')
    .ignore()
    .returning('id');
  if (made.length === 0) {
    const known = await trx('organizations').where({ slug }).first<{ id: string }>('id');
    return { id: await mergedInto(trx, known.id), isNew: false };
  }
  await record(trx, deps, 'organization', id, { columns: ['name'] });
  return { id, isNew: true };
}

export type TakenOver =
  | { outcome: 'made' | 'matched'; userId: string }
  | { outcome: 'left'; reason: string; userId: string };

/** Matches by e-mail address. A new referrer has no password and gets no e-mails before accepting an invitation. */
export async function takeOverReferrer(
  trx: Transaction,
  deps: TakeOverDeps,
  { email, name, organizationId }: { email: string; name: string; organizationId: string },
): Promise<TakenOver> {
  const id = deps.ids.uuid();
  const made = await trx('users')
    .insert({ id, email, name, role: 'referrer', email_verified: false, awaits_invitation: true })
    .onConflict('email')
    .ignore()
    .returning('id');
  if (made.length === 0) return match(trx, email, organizationId);
  await setOrganization(trx, id, organizationId);
  await record(trx, deps, 'user', id, { change: 'taken_over', role: 'referrer', organizationId });
  return { outcome: 'made', userId: id };
}

async function match(trx: Transaction, email: string, organizationId: string): Promise<TakenOver> {
  const known = await trx('users as u')
    .joinRaw('join users t on t.id = merged_into(u.id)')
    .leftJoin('members as m', 'm.user_id', 't.id')
    .leftJoin('organizations as o', 'o.id', 'm.organization_id')
    .where('u.email', email)
    .first<{
      id: string;
      role: string;
      banned: boolean;
      organization_id: string | null;
      organization: string | null;
    }>('t.id', 't.role', 't.banned', { organization_id: 'o.id', organization: 'o.name' });
  const userId = known.id;
  const left = (reason: string): TakenOver => ({ outcome: 'left', reason, userId });
  if (known.role !== 'referrer') return left('somebody of the agency has this address');
  if (known.banned) return left('this account is deactivated');
  if (known.organization_id !== organizationId)
    return left(`this person belongs to ${known.organization ?? 'no organisation'} here`);
  return { outcome: 'matched', userId };
}

/** Imported referrers among these without an open invitation. */
export async function notInvitedYet(
  db: Queryable,
  userIds: readonly string[],
): Promise<{ email: string; name: string; organizationId: string }[]> {
  return await db('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .whereIn('u.id', [...userIds])
    .where({ 'u.awaits_invitation': true, 'u.banned': false, 'u.role': 'referrer' })
    .whereNotExists((open) => {
      void open
        .from('account_links as l')
        .whereRaw(
          `l.email = u.email and l.kind = 'invitation' and l.used_at is null and l.revoked_at is null`,
        )
        .whereRaw('l.expires_at > clock_timestamp()')
        .select('l.id');
    })
    .orderBy('u.email')
    .select('u.email', 'u.name', { organizationId: 'm.organization_id' });
}

/** Invites like an admin; for the import command. */
export async function inviteTakenOver(
  deps: Pick<AccountDeps, 'db' | 'audit' | 'ids'> & { announce: AnnounceAccount; by: AuditActor },
  person: { email: string; name: string; organizationId: string },
): Promise<Result<{ id: string }, Exclude<InviteFailure, { reason: 'not_allowed' | 'too_many' }>>> {
  return writeInvitation(deps, { ...person, role: 'referrer' }, deps.by, null);
}

export type TakeBack = { ok: true } | { ok: false; reason: string };

const untouched: TakeBack = { ok: true };
const used: TakeBack = failure({ reason: 'something belongs to it by now: bookings, messages or sessions' });

/** Deletes an unchanged imported referrer. Throws PostgreSQL's error when a row refers to them. */
export async function takeBackReferrer(
  trx: Transaction,
  deps: TakeOverDeps,
  id: string,
  asTakenOver: { name: string; email: string; organizationId: string },
): Promise<TakeBack> {
  const person = await trx('users as u')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .where('u.id', id)
    .forUpdate('u')
    .first<
      | {
          name: string;
          email: string;
          role: string;
          banned: boolean;
          awaits_invitation: boolean;
          organization_id: string | null;
        }
      | undefined
    >('u.name', 'u.email', 'u.role', 'u.banned', 'u.awaits_invitation', 'm.organization_id');
  if (!person) return untouched;
  if (!person.awaits_invitation) return failure({ reason: 'the invitation was accepted' });
  const isAsTakenOver =
    person.name === asTakenOver.name &&
    person.email === asTakenOver.email &&
    person.role === 'referrer' &&
    !person.banned &&
    person.organization_id === asTakenOver.organizationId;
  if (!isAsTakenOver) return failure({ reason: 'the account was changed since' });
  const invited: unknown = await trx('account_links').where({ email: person.email }).first('id');
  if (invited) return failure({ reason: 'the person was invited' });
  // Deleting the user would delete these rows, too.
  for (const table of ['sessions', 'booking_drafts'])
    if (
      await trx(table)
        .where(table === 'sessions' ? { user_id: id } : { owner_id: id })
        .first('id')
    )
      return used;
  await trx('members').where({ user_id: id }).delete();
  await trx('users').where({ id }).delete();
  await record(trx, deps, 'user', id, { change: 'taken_back' });
  return untouched;
}

/** Deletes an unchanged imported organisation without members. */
export async function takeBackOrganization(
  trx: Transaction,
  deps: TakeOverDeps,
  id: string,
  asTakenOver: { name: string },
): Promise<TakeBack> {
  const organization = await trx('organizations')
    .where({ id })
    .forUpdate()
    .first('name', 'reminds_examinees');
  if (!organization) return untouched;
  if (organization.name !== asTakenOver.name || organization.reminds_examinees)
    return failure({ reason: 'it was changed since' });
  for (const table of ['members', 'account_links'])
    if (await trx(table).where({ organization_id: id }).first('id'))
      return failure({ reason: 'people belong to it' });
  await trx('organizations').where({ id }).delete();
  await record(trx, deps, 'organization', id, { change: 'taken_back' });
  return untouched;
}

async function record(
  trx: Transaction,
  { audit, by, metadata }: TakeOverDeps,
  resourceType: 'user' | 'organization',
  resourceId: string,
  what: Record<string, unknown>,
): Promise<void> {
  await audit.record(trx, by, {
    action: 'record.changed',
    resourceType,
    resourceId,
    metadata: { ...what, ...metadata },
  });
}

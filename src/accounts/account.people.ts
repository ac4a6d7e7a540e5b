// How admins manage accounts. Nothing is deleted: bookings stay with the organisation and keep people's names.
import type { Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { isMergedAway, blockMerges } from '../db/merges.ts';
import { readWords, whereOwn } from '../db/search.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, invalidField, type InvalidFields, ok, type Result } from '../lib/result.ts';
import { changedSince, readEdit, type Sent } from '../lib/typed-edit.ts';
import { isUuid } from '../lib/uuid.ts';
import type { AccountDeps } from './account.deps.ts';
import { personFields, type PersonEdit } from './account.input.ts';
import { setOrganization } from './account.organizations.ts';
import { lockPeople, recordLink, revokeLinks } from './account.links.ts';
import { onPage, pagedOf, type Paged } from './account.pages.ts';
import { auditActor, isDemoAccount, mayAdminister, type Actor, type Role } from './viewer.ts';

export type PersonFailure =
  | { reason: 'not_allowed' }
  | { reason: 'not_found' }
  /** Admins cannot change their own account here. */
  | { reason: 'oneself' }
  /** One active admin must remain. */
  | { reason: 'last_admin' }
  | { reason: 'unknown_organization' }
  /** The record was merged into another: that merge has to be undone first. */
  | { reason: 'merged_away' };

type Outcome<T = null> = Promise<Result<T, PersonFailure>>;

/** What to tell the admin, without a full stop. */
export const personRefusals: Record<PersonFailure['reason'], string> = {
  not_allowed: 'Only administrators change accounts',
  not_found: 'There is no such person any more',
  oneself: 'Nobody changes the own account from here: ask another administrator',
  last_admin: 'This is the only administrator. Invite another one first',
  merged_away: 'This person was merged into another record. Undo that merge first',
  unknown_organization: 'A referrer needs an organisation from the list; staff have none',
};

export type PersonEditFailure =
  | PersonFailure
  | InvalidFields
  /** Somebody else changed the person since they were read. */
  | { reason: 'stale'; current: PersonEdit };

export interface Person {
  id: string;
  name: string;
  email: string;
  role: Role;
  isActive: boolean;
  /** Imported, and has not accepted an invitation yet. */
  awaitsInvitation: boolean;
  hasTwoFactor: boolean;
  organization: { id: string; name: string } | null;
  lastSeenAt: Date | null;
}

type PeopleFilter =
  | { organizationId: string }
  | { staff: true }
  /** Staff, and people who are not active, by words of the name or address. Active referrers: impersonation's search. */
  | { othersCalled: string };

export interface People {
  /** Active people first, then by name, 50 a page. @param page from 1 */
  list(filter: PeopleFilter, page?: number): Promise<Paged<Person>>;
  find(id: string): Promise<Person | null>;
  /** Ends every session at its next request. */
  deactivate(userId: string, actor: Actor): Outcome;
  reactivate(userId: string, actor: Actor): Outcome;
  endSessions(userId: string, actor: Actor): Outcome<{ ended: number }>;
  /** A referrer needs an organisation; staff have none. */
  changeRole(userId: string, to: { role: Role; organizationId?: string | null }, actor: Actor): Outcome;
  /**
   * Checks only what was changed. Another address ends the sessions and closes open links; the one before is told.
   * Another address, role or organisation revokes an open invitation.
   * @param sent of personFields
   * @param seen the values the form was shown with
   */
  edit(userId: string, sent: Sent, actor: Actor, seen: Sent): Promise<Result<null, PersonEditFailure>>;
}

export function createPeople(deps: AccountDeps): People {
  return {
    async list(filter, page = 1) {
      const words = 'othersCalled' in filter ? await readWords(deps.db, filter.othersCalled) : null;
      if (words?.length === 0) return pagedOf([]);
      const rows: PersonRow[] = await selectPeople(deps)
        .modify((people) => {
          if ('organizationId' in filter) void people.where('m.organization_id', filter.organizationId);
          else if (!words) void people.whereIn('u.role', ['support', 'admin']);
          else
            whereOwn(
              people.whereRaw(`(u.role <> 'referrer' or u.banned)`),
              { words: 'u.search_text' },
              words,
            );
        })
        .orderBy(['u.banned', 'u.name', 'u.id'])
        .modify(onPage, page);
      return pagedOf(rows.map(toPerson));
    },

    async find(id) {
      const row = isUuid(id)
        ? await selectPeople(deps).where('u.id', id).first<PersonRow | undefined>()
        : null;
      return row ? toPerson(row) : null;
    },

    deactivate: (userId, actor) =>
      change(deps, userId, actor, async (trx, person) => {
        if (person.role === 'admin' && !(await hasOtherAdmin(deps, trx, userId))) return 'last_admin';
        // A trigger on `banned` deletes the sessions, also when it is set by hand in psql.
        await trx('users').where({ id: userId }).update({ banned: true, ban_reason: 'deactivated' });
        await closeLinks(deps, trx, userId, actor);
        // Accepting one would reactivate the account.
        await closeInvitations(deps, trx, { id: userId, email: person.email }, actor);
        return 'deactivated';
      }),

    reactivate: (userId, actor) =>
      change(deps, userId, actor, async (trx) => {
        if (await isMergedAway(trx, userId)) return 'merged_away';
        await trx('users')
          .where({ id: userId })
          .update({ banned: false, ban_reason: null, ban_expires: null });
        return 'reactivated';
      }),

    changeRole: (userId, { role, organizationId = null }, actor) =>
      change(
        deps,
        userId,
        actor,
        async (trx, person) =>
          (await writeRole(deps, trx, { id: userId, ...person }, { role, organizationId }, actor)) ??
          'role_changed',
      ),

    edit: (userId, sent, actor, seen) => editPerson(deps, userId, sent, actor, seen),

    async endSessions(userId, actor) {
      if (!mayAdminister(actor.viewer)) return failure({ reason: 'not_allowed' });
      if (!isUuid(userId)) return failure({ reason: 'not_found' });
      return deps.db.transaction(async (trx) => {
        if (!(await trx('users').where({ id: userId }).first('id'))) return failure({ reason: 'not_found' });
        const rows = await trx('sessions').where({ user_id: userId }).delete().returning('id');
        await deps.audit.record(trx, auditActor(actor), {
          action: 'auth.signed_out',
          resourceType: 'user',
          resourceId: userId,
          metadata: { reason: 'ended_by_admin', sessions: rows.length },
        });
        return ok({ ended: rows.length });
      });
    },
  };
}

const changedColumns = { deactivated: ['banned'], reactivated: ['banned'], role_changed: ['role'] };
type Changed = keyof typeof changedColumns;

function change(
  deps: AccountDeps,
  userId: string,
  actor: Actor,
  work: (trx: Transaction, person: LockedPerson) => Promise<Changed | PersonFailure['reason']>,
): Outcome {
  return withPerson(deps, userId, actor, async (trx, person) => {
    const outcome = await work(trx, person);
    if (!isChange(outcome)) return failure({ reason: outcome });
    await note(deps, trx, userId, actor, { change: outcome, columns: changedColumns[outcome] });
    return ok(null);
  });
}

interface LockedPerson {
  name: string;
  email: string;
  role: Role;
  banned: boolean;
  awaits_invitation: boolean;
}

/** Locks another person's account for an admin. */
async function withPerson<Failure extends { reason: string }>(
  deps: AccountDeps,
  userId: string,
  actor: Actor,
  work: (trx: Transaction, person: LockedPerson) => Promise<Result<null, Failure>>,
): Promise<Result<null, Failure | PersonFailure>> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'not_allowed' });
  if (!isUuid(userId)) return failure({ reason: 'not_found' });
  if (userId === actor.viewer.userId) return failure({ reason: 'oneself' });
  return deps.db.transaction(async (trx): Promise<Result<null, Failure | PersonFailure>> => {
    await blockMerges(trx);
    await lockPeople(trx);
    const person = await trx('users')
      .where({ id: userId })
      .forUpdate()
      .first('name', 'email', 'role', 'banned', 'awaits_invitation');
    return person ? work(trx, person) : failure({ reason: 'not_found' });
  });
}

function note(
  deps: AccountDeps,
  trx: Transaction,
  userId: string,
  actor: Actor,
  metadata: Record<string, unknown>,
): Promise<void> {
  return deps.audit.record(trx, auditActor(actor), {
    action: 'record.changed',
    resourceType: 'user',
    resourceId: userId,
    metadata,
  });
}

function isChange(outcome: Changed | PersonFailure['reason']): outcome is Changed {
  return outcome in changedColumns;
}

/** A trigger on `role` ends the sessions. @returns why not; null: written */
async function writeRole(
  deps: AccountDeps,
  trx: Transaction,
  person: { id: string; email: string; role: Role },
  { role, organizationId }: Pick<PersonEdit, 'role' | 'organizationId'>,
  actor: Actor,
): Promise<PersonFailure['reason'] | null> {
  const { id } = person;
  if (person.role === 'admin' && role !== 'admin' && !(await hasOtherAdmin(deps, trx, id)))
    return 'last_admin';
  if (await isMergedAway(trx, id)) return 'merged_away';
  const isKnown =
    isUuid(organizationId) &&
    (await trx('organizations').where({ id: organizationId }).first('id')) &&
    !(await isMergedAway(trx, organizationId));
  if (role === 'referrer' ? !isKnown : organizationId !== null) return 'unknown_organization';
  await trx('users').where({ id }).update({ role });
  await setOrganization(trx, id, organizationId);
  // Whoever accepts an invitation gets the role and the organisation that it names.
  await closeInvitations(deps, trx, person, actor);
  return null;
}

const organizationMissing = invalidField('organizationId', 'Choose the organisation of this referrer');
const taken = invalidField('email', 'There is an account with this address already');

async function editPerson(
  deps: AccountDeps,
  userId: string,
  sent: Sent,
  actor: Actor,
  seen: Sent,
): Promise<Result<null, PersonEditFailure>> {
  try {
    return await withPerson<PersonEditFailure>(deps, userId, actor, async (trx, person) => {
      const member = await trx('members').where({ user_id: userId }).first('organization_id');
      const { name, email, role } = person;
      const current: PersonEdit = { name, email, role, organizationId: member?.organization_id ?? null };
      if (await isMergedAway(trx, userId)) return failure({ reason: 'merged_away' });
      const edit = readEdit(personFields.shape, current, sent);
      if (!edit.ok) return edit;
      const wanted = { ...current, ...edit.value };
      if (wanted.role !== 'referrer') wanted.organizationId = null;
      const columns = changedSince(current, wanted);
      if (columns.includes('email') && isDemoAccount(wanted.email)) return taken;
      // Nothing to change, for example because the same request arrived twice.
      if (columns.length === 0) return ok(null);
      if (changedSince(seen, current).length > 0) return failure({ reason: 'stale', current });
      if (columns.includes('role') || columns.includes('organizationId')) {
        const refused = await writeRole(deps, trx, { id: userId, email, role }, wanted, actor);
        if (refused === 'unknown_organization') return organizationMissing;
        if (refused) return failure({ reason: refused });
      }
      await trx('users').where({ id: userId }).update({ name: wanted.name });
      if (columns.includes('email')) await writeEmail(deps, trx, userId, actor, person, wanted.email);
      await note(deps, trx, userId, actor, { change: 'edited', columns });
      return ok(null);
    });
  } catch (error) {
    if (violatedConstraint(error) === 'users_email_key') return taken;
    throw error;
  }
}

/** Whoever reads mail at the earlier address loses access: sessions end and links are revoked. That address is told. */
async function writeEmail(
  deps: AccountDeps,
  trx: Transaction,
  userId: string,
  actor: Actor,
  person: LockedPerson,
  email: string,
): Promise<void> {
  await trx('users').where({ id: userId }).update({ email, email_verified: false });
  await trx('sessions').where({ user_id: userId }).delete();
  await closeLinks(deps, trx, userId, actor);
  // Invitations to the new address are revoked as well: accepting one would overwrite the role and reactivate the account.
  for (const named of [person.email, email])
    await closeInvitations(deps, trx, { id: userId, email: named }, actor);
  if (!person.banned && !person.awaits_invitation)
    await deps.announce(trx, { kind: 'email_changed', recipient: person.email, linkId: null });
}

/** Counts admins who can sign in: not demo accounts where those are refused. */
async function hasOtherAdmin(
  { allowsDemoAccounts }: AccountDeps,
  trx: Transaction,
  userId: string,
): Promise<boolean> {
  const others = await trx('users')
    .where({ role: 'admin', banned: false })
    .whereNot({ id: userId })
    .pluck('email');
  return others.some((email) => allowsDemoAccounts || !isDemoAccount(email));
}

async function closeLinks(deps: AccountDeps, trx: Transaction, userId: string, actor: Actor): Promise<void> {
  await noteClosed(deps, trx, await revokeLinks(trx, { user_id: userId }), userId, actor);
}

/** An invitation names an address, not a person. */
async function closeInvitations(
  deps: AccountDeps,
  trx: Transaction,
  { id, email }: { id: string; email: string },
  actor: Actor,
): Promise<void> {
  await noteClosed(deps, trx, await revokeLinks(trx, { kind: 'invitation', email }), id, actor);
}

async function noteClosed(
  deps: AccountDeps,
  trx: Transaction,
  linkIds: string[],
  userId: string,
  actor: Actor,
): Promise<void> {
  for (const linkId of linkIds) await recordLink(deps, trx, auditActor(actor), linkId, 'revoked', { userId });
}

type PersonRow = Pick<
  RowOf<'users'>,
  'id' | 'name' | 'email' | 'role' | 'banned' | 'awaits_invitation' | 'two_factor_enabled'
> & { organization_id: string | null; organization_name: string | null; last_seen_at: Date | null };

function selectPeople({ db }: Pick<AccountDeps, 'db'>) {
  return db('users as u')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .leftJoin('organizations as o', 'o.id', 'm.organization_id')
    .leftJoin('user_activity as a', 'a.user_id', 'u.id')
    .select(
      'u.id',
      'u.name',
      'u.email',
      'u.role',
      'u.banned',
      'u.two_factor_enabled',
      'u.awaits_invitation',
      'o.id as organization_id',
      'o.name as organization_name',
      'a.last_active_at as last_seen_at',
    );
}

function toPerson(row: PersonRow): Person {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    role: row.role,
    isActive: !row.banned,
    awaitsInvitation: row.awaits_invitation,
    hasTwoFactor: row.two_factor_enabled,
    organization:
      row.organization_id && row.organization_name
        ? { id: row.organization_id, name: row.organization_name }
        : null,
    lastSeenAt: row.last_seen_at,
  };
}

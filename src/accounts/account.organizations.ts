import type { Queryable, Transaction } from '../db/knex.ts';
import { readWords, whereOwn } from '../db/search.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, invalidField, type InvalidFields, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import { onPage, pagedOf, type Paged } from './account.pages.ts';
import { changedSince, readEdit, type Sent } from '../lib/typed-edit.ts';
import { fieldErrors } from '../lib/typed-input.ts';
import type { AccountDeps } from './account.deps.ts';
import { organizationFields, organizationInput, type OrganizationEdit } from './account.input.ts';
import { type Actor, auditActor, mayAdminister } from './viewer.ts';

export interface OrganizationSummary extends OrganizationEdit {
  id: string;
  slug: string;
  createdAt: Date;
  /** Active members. */
  members: number;
}

export type OrganizationFailure = { reason: 'not_allowed' } | { reason: 'not_found' } | InvalidFields;

export interface Organizations {
  /** By name, without merged ones, 50 a page. @param find words of the name @param page from 1 */
  list(query?: { find?: string; page?: number }): Promise<Paged<OrganizationSummary>>;
  find(id: string): Promise<OrganizationSummary | null>;
  create(input: { name: string }, actor: Actor): Promise<Result<{ id: string }, OrganizationFailure>>;
  /**
   * @param sent of organizationFields
   * @param seen the values the form was shown with; `stale` when they have changed since
   */
  change(
    id: string,
    sent: Sent,
    actor: Actor,
    seen: Sent,
  ): Promise<Result<null, OrganizationFailure | { reason: 'stale'; current: OrganizationEdit }>>;
}

const taken = invalidField('name', 'There is an organisation with this name already');

/** SQL, kept by triggers. @param organizationId an expression */
export const countActiveMembers = (organizationId: string): string =>
  `coalesce((select k.active from member_counts k where k.organization_id = ${organizationId}), 0)`;

/** A SQL condition on an organisation or a person. */
export const isUnmerged = (alias: string): string =>
  `not exists (select from merges m where m.from_id = ${alias}.id and m.undone_at is null)`;

export function createOrganizations(deps: AccountDeps): Organizations {
  const select = () =>
    deps
      .db('organizations as o')
      .select<Row[]>(
        'o.id',
        'o.name',
        'o.slug',
        'o.created_at',
        'o.reminds_examinees',
        'o.requires_two_factor',
        'o.examinees_call',
        deps.db.raw(`${countActiveMembers('o.id')} as members`),
      );
  return {
    async list({ find = '', page = 1 } = {}) {
      const words = find.trim() === '' ? [] : await readWords(deps.db, find);
      if (find.trim() !== '' && words.length === 0) return pagedOf([]);
      const rows = (await select()
        .whereRaw(isUnmerged('o'))
        .modify(whereOwn, { words: 'o.search_text' }, words)
        .orderByRaw('lower(o.name), o.id')
        .modify(onPage, page)) as Row[];
      return pagedOf(rows.map(toSummary));
    },

    async find(id) {
      if (!isUuid(id)) return null;
      const row = await select().where('o.id', id).first();
      return row ? toSummary(row) : null;
    },

    async create(input, actor) {
      const parsed = organizationInput.safeParse(input);
      return writeRecorded(deps, actor, async (trx) => {
        if (!parsed.success) return failure({ reason: 'invalid', errors: fieldErrors(parsed.error) });
        const { name } = parsed.data;
        const id = deps.ids.uuid();
        await trx('organizations').insert({
          id,
          name,
          slug: slugOf(name),
          created_at: trx.raw('clock_timestamp()'),
        });
        return ok({ id, columns: ['name'] });
      });
    },

    async change(id, sent, actor, seen) {
      if (!isUuid(id)) return failure({ reason: 'not_found' });
      const changed = await writeRecorded<{ reason: 'stale'; current: OrganizationEdit }>(
        deps,
        actor,
        async (trx) => {
          const row = await trx('organizations').where({ id }).forUpdate().first();
          if (!row) return failure({ reason: 'not_found' });
          const current: OrganizationEdit = {
            name: row.name,
            remindsExaminees: row.reminds_examinees,
            requiresTwoFactor: row.requires_two_factor,
            examineesCall: row.examinees_call,
          };
          if (changedSince(seen, current).length > 0) return failure({ reason: 'stale', current });
          const edit = readEdit(organizationFields.shape, current, sent);
          if (!edit.ok) return edit;
          const wanted = { ...current, ...edit.value };
          await trx('organizations')
            .where({ id })
            .update({
              name: wanted.name,
              slug: slugOf(wanted.name),
              reminds_examinees: wanted.remindsExaminees,
              requires_two_factor: wanted.requiresTwoFactor,
              examinees_call: wanted.examineesCall,
            });
          return ok({ id, columns: changedSince(current, wanted).map((name) => columnOf[name]) });
        },
      );
      return changed.ok ? ok(null) : changed;
    },
  };
}

const columnOf: Record<keyof OrganizationEdit, string> = {
  name: 'name',
  remindsExaminees: 'reminds_examinees',
  requiresTwoFactor: 'requires_two_factor',
  examineesCall: 'examinees_call',
};

/** Runs `write` in a transaction, and records the columns that it returns in the audit log. */
async function writeRecorded<More extends { reason: string } = never>(
  deps: AccountDeps,
  actor: Actor,
  write: (trx: Transaction) => Promise<Result<{ id: string; columns: string[] }, OrganizationFailure | More>>,
): Promise<Result<{ id: string }, OrganizationFailure | More>> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'not_allowed' });
  try {
    return await deps.db.transaction(async (trx) => {
      const written = await write(trx);
      if (!written.ok || written.value.columns.length === 0) return written;
      const { id, columns } = written.value;
      await deps.audit.record(trx, auditActor(actor), {
        action: 'record.changed',
        resourceType: 'organization',
        resourceId: id,
        metadata: { columns },
      });
      return ok({ id });
    });
  } catch (error) {
    if (violatedConstraint(error) === 'organizations_slug_key') return taken;
    throw error;
  }
}

/** Unique among organisations: `Müller & Co` and `Muller Co` are the same. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || plain;
}

interface Row {
  id: string;
  name: string;
  slug: string;
  created_at: Date;
  reminds_examinees: boolean;
  requires_two_factor: boolean;
  examinees_call: string;
  members: number;
}

function toSummary(row: Row): OrganizationSummary {
  const { created_at, reminds_examinees, requires_two_factor, examinees_call, ...rest } = row;
  return {
    ...rest,
    createdAt: created_at,
    remindsExaminees: reminds_examinees,
    requiresTwoFactor: requires_two_factor,
    examineesCall: examinees_call,
  };
}

export interface Member {
  id: string;
  name: string;
  email: string;
}

/** The active referrers of an organisation, by name. Merged ones are deactivated, so they are left out. */
export async function activeMembers(db: Queryable, organizationId: string): Promise<Member[]> {
  return await db('members as m')
    .join('users as u', 'u.id', 'm.user_id')
    .where({ 'm.organization_id': organizationId, 'u.role': 'referrer', 'u.banned': false })
    .orderBy(['u.name', 'u.id'])
    .select('u.id', 'u.name', 'u.email');
}

/** A referrer has one organisation, staff have none. */
export async function setOrganization(
  trx: Transaction,
  userId: string,
  organizationId: string | null,
): Promise<void> {
  await trx('members').where({ user_id: userId }).delete();
  if (!organizationId) return;
  await trx('members').insert({
    organization_id: organizationId,
    user_id: userId,
    role: 'member',
    created_at: trx.raw('clock_timestamp()'),
  });
}

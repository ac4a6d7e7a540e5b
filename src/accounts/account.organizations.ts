import { z } from 'zod';
import type { Queryable, Transaction } from '../db/knex.ts';
import { readWords, whereOwn } from '../db/search.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import { onPage, pagedOf, type Paged } from './account.pages.ts';
import { typedLine } from '../lib/typed-input.ts';
import { tidyLine } from '../lib/typed-text.ts';
import type { AccountDeps } from './account.deps.ts';
import { type InputError, inputErrors } from './account.input.ts';
import { type Actor, auditActor, mayAdminister } from './viewer.ts';

export interface OrganizationSummary {
  id: string;
  name: string;
  slug: string;
  createdAt: Date;
  /** Whether its examinees get reminders by e-mail. */
  remindsExaminees: boolean;
  /** Whether its referrers must use two-step sign-in. */
  requiresTwoFactor: boolean;
  /** The number that examinees call; '' when there is none. */
  examineesCall: string;
  /** Active members. */
  members: number;
}

export type OrganizationEdit = Pick<
  OrganizationSummary,
  'name' | 'remindsExaminees' | 'requiresTwoFactor' | 'examineesCall'
>;

export type OrganizationFailure =
  | { reason: 'not_allowed' }
  | { reason: 'not_found' }
  | { reason: 'invalid'; errors: InputError[] };

export interface Organizations {
  /** By name, without merged ones, 50 a page. @param find words of the name @param page from 1 */
  list(query?: { find?: string; page?: number }): Promise<Paged<OrganizationSummary>>;
  find(id: string): Promise<OrganizationSummary | null>;
  create(input: { name: string }, actor: Actor): Promise<Result<{ id: string }, OrganizationFailure>>;
  /** @param seen the values the form was shown with; `stale` when they have changed since */
  change(
    id: string,
    input: OrganizationEdit,
    actor: Actor,
    seen: OrganizationEdit,
  ): Promise<Result<null, OrganizationFailure | { reason: 'stale'; current: OrganizationEdit }>>;
}

export const organizationInput = z.object({
  name: typedLine('Enter the name of the organisation')
    .min(2, 'Enter the name of the organisation')
    .max(120, 'Enter a name of at most 120 characters')
    .refine((name) => !/[<>]/.test(name), 'Use only characters that belong in a name'),
});

const examineesCallInput = typedLine('Enter a phone number')
  .max(40, 'Enter a phone number of at most 40 characters')
  .refine((number) => /^(\+?[\d ().-]{6,})?$/.test(number), 'Enter one phone number, like 02 9000 0000');

const taken = [{ path: 'name', message: 'There is an organisation with this name already' }];

/** SQL. @param organizationId an expression */
export const countActiveMembers = (organizationId: string): string => `(select count(*)::int from members m
  where m.organization_id = ${organizationId} and m.user_id not in (select id from users where banned))`;

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

    create: (input, actor) =>
      writing(deps, organizationInput.safeParse(input), actor, async ({ name }, trx) => {
        const id = deps.ids.uuid();
        await trx('organizations').insert({
          id,
          name,
          slug: slugOf(name),
          created_at: trx.raw('clock_timestamp()'),
        });
        return { id, columns: ['name'] };
      }),

    async change(id, input, actor, seen) {
      if (!isUuid(id)) return failure({ reason: 'not_found' });
      let other: OrganizationEdit | null = null;
      // A name that stays is not checked: it may be older than the rules for names.
      const isKept = tidyLine(input.name) === tidyLine(seen.name);
      const parsed = isKept
        ? ({ success: true, data: { name: seen.name } } as const)
        : organizationInput.safeParse(input);
      const phone = examineesCallInput.safeParse(input.examineesCall);
      if (!phone.success) {
        return failure({ reason: 'invalid', errors: inputErrors(phone.error, 'examineesCall') });
      }
      const changed = await writing(deps, parsed, actor, async ({ name }, trx) => {
        const row = await trx('organizations')
          .where({ id })
          .forUpdate()
          .first('name', 'reminds_examinees', 'requires_two_factor', 'examinees_call');
        if (!row) return null;
        const current: OrganizationEdit = {
          name: row.name,
          remindsExaminees: row.reminds_examinees,
          requiresTwoFactor: row.requires_two_factor,
          examineesCall: row.examinees_call,
        };
        const wanted: OrganizationEdit = { ...input, name, examineesCall: phone.data };
        if (changedColumns(current, seen).length > 0) {
          other = current;
          return null;
        }
        await trx('organizations')
          .where({ id })
          .update({
            name,
            slug: slugOf(name),
            reminds_examinees: wanted.remindsExaminees,
            requires_two_factor: wanted.requiresTwoFactor,
            examinees_call: wanted.examineesCall,
          });
        return { id, columns: changedColumns(current, wanted) };
      });
      if (other !== null) return failure({ reason: 'stale', current: other });
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

function changedColumns(before: OrganizationEdit, after: OrganizationEdit): string[] {
  const names = Object.keys(columnOf) as (keyof OrganizationEdit)[];
  return names.filter((name) => before[name] !== after[name]).map((name) => columnOf[name]);
}

async function writing(
  deps: AccountDeps,
  parsed: { success: true; data: { name: string } } | { success: false; error: z.ZodError },
  actor: Actor,
  write: (input: { name: string }, trx: Transaction) => Promise<{ id: string; columns: string[] } | null>,
): Promise<Result<{ id: string }, OrganizationFailure>> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'not_allowed' });
  if (!parsed.success) return failure({ reason: 'invalid', errors: inputErrors(parsed.error) });
  try {
    return await deps.db.transaction(async (trx) => {
      const written = await write(parsed.data, trx);
      if (written === null) return failure({ reason: 'not_found' });
      const { id, columns } = written;
      if (columns.length === 0) return ok({ id });
      await deps.audit.record(trx, auditActor(actor), {
        action: 'record.changed',
        resourceType: 'organization',
        resourceId: id,
        metadata: { columns },
      });
      return ok({ id });
    });
  } catch (error) {
    if (violatedConstraint(error) === 'organizations_slug_key')
      return failure({ reason: 'invalid', errors: taken });
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

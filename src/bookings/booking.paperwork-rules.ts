// The rules of paperwork, which admins set.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { refreshPaperworkJob } from './booking.jobs.ts';
import { paperCategories, paperLostWith, type PaperCategory } from './booking.paperwork.ts';
import { readPaperworkReport, type PaperworkReport } from './booking.paperwork-report.ts';

/** Business days before the examination; `none`: not needed; `as_for_all`: the rule for all specialists. */
export type PaperRule = number | 'none' | 'as_for_all';
export type PaperRules = Record<PaperCategory, PaperRule>;

export const mostBusinessDays = 60;

export interface RulesOfOne {
  /** Null: the rules for all specialists. */
  specialist: { id: string; name: string } | null;
  rules: PaperRules;
}

export type RulesFailure =
  | { reason: 'forbidden' }
  | { reason: 'not_found' }
  | { reason: 'invalid' }
  | { reason: 'stale' };

export interface Paperwork {
  /** The rules for all first, then those of each active specialist. */
  rules(): Promise<RulesOfOne[]>;
  /** Admins only. @param seen the rules as the form showed them */
  saveRules(
    actor: Actor,
    specialistId: string | null,
    seen: PaperRules,
    rules: PaperRules,
  ): Promise<Result<null, RulesFailure>>;
  report(now: Date): Promise<PaperworkReport>;
  /** Updates the stored paperwork until every booking follows today's rules. */
  refresh(): Promise<void>;
  /** What an examination still to come would lack without this document; null when it would lack nothing by that. */
  lostWith(document: { id: string; bookingId: string }, now: Date): Promise<PaperCategory | null>;
}

export interface PaperworkDeps {
  db: Database;
  audit: AuditLog;
  jobs: JobQueue;
}

/** Bookings in one transaction: whoever changes one of them meanwhile waits no longer than that. */
const refreshedAtOnce = 500;

export function createPaperwork({ db, audit, jobs }: PaperworkDeps): Paperwork {
  return {
    async rules() {
      const specialists = (await db('specialists')
        .where({ is_active: true })
        .orderBy(['position', 'name'])
        .select('id', 'name')) as { id: string; name: string }[];
      const rows = await db('paperwork_rules').select('specialist_id', 'category', 'business_days');
      return [null, ...specialists].map((specialist) => ({
        specialist,
        rules: rulesOf(rows, specialist?.id ?? null),
      }));
    },

    async saveRules(actor, specialistId, seen, rules) {
      if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
      if (!isValid(rules, specialistId)) return failure({ reason: 'invalid' });
      return db.transaction(async (trx): Promise<Result<null, RulesFailure>> => {
        if (specialistId !== null && !(await isSpecialist(trx, specialistId)))
          return failure({ reason: 'not_found' });
        // Allows one change of rules at a time; they change rarely.
        await trx.raw('lock table paperwork_rules in share row exclusive mode');
        const before = rulesOf(
          await trx('paperwork_rules').select('specialist_id', 'category', 'business_days'),
          specialistId,
        );
        if (paperCategories.some((category) => before[category] !== seen[category]))
          return failure({ reason: 'stale' });
        for (const category of paperCategories)
          if (before[category] !== rules[category])
            await change(audit, trx, actor, { specialistId, category, rule: rules[category] });
        await jobs.add(refreshPaperworkJob, {}, { trx, key: refreshPaperworkJob.name });
        return ok(null);
      });
    },

    report: (now) => readPaperworkReport(db, now),

    async refresh() {
      while (await refreshNext(db));
    },

    lostWith: (document, now) => paperLostWith(db, document, now),
  };
}

/** In a transaction of its own. Returns whether more are left. */
async function refreshNext(db: Database): Promise<boolean> {
  const { rows } = await db.raw<{ rows: [{ is_more_left: boolean }] }>(
    `select continue_paperwork_refresh(${refreshedAtOnce}) as is_more_left`,
  );
  return rows[0].is_more_left;
}

type RuleRow = Pick<RowOf<'paperwork_rules'>, 'specialist_id' | 'category' | 'business_days'>;

function rulesOf(rows: RuleRow[], specialistId: string | null): PaperRules {
  const ruleOf = (wanted: PaperCategory): PaperRule => {
    const row = rows.find(
      ({ specialist_id, category }) => specialist_id === specialistId && category === wanted,
    );
    if (row) return row.business_days ?? 'none';
    return specialistId === null ? 'none' : 'as_for_all';
  };
  return { consent_form: ruleOf('consent_form'), brief: ruleOf('brief') };
}

function isValid(rules: PaperRules, specialistId: string | null): boolean {
  return Object.values(rules).every((rule) =>
    typeof rule === 'number'
      ? Number.isInteger(rule) && rule >= 0 && rule <= mostBusinessDays
      : rule === 'none' || specialistId !== null,
  );
}

async function isSpecialist(trx: Transaction, id: string): Promise<boolean> {
  return isUuid(id) && (await trx('specialists').where({ id }).first('id')) !== undefined;
}

/** A rule whose days change keeps its id, so that nobody is reminded a second time. */
async function change(
  audit: AuditLog,
  trx: Transaction,
  actor: Actor,
  { specialistId, category, rule }: { specialistId: string | null; category: PaperCategory; rule: PaperRule },
): Promise<void> {
  const own = { specialist_id: specialistId, category };
  const isDeleted = rule === 'as_for_all' || (rule === 'none' && specialistId === null);
  const [row] = isDeleted
    ? await trx('paperwork_rules').where(own).delete().returning('id')
    : await trx('paperwork_rules')
        .insert({ ...own, business_days: rule === 'none' ? null : rule })
        .onConflict(['specialist_id', 'category'])
        .merge(['business_days'])
        .returning('id');
  if (!row) throw new Error(`The rule of ${category} was read under the lock, and is gone`);
  await audit.record(trx, auditActor(actor), {
    action: 'record.changed',
    resourceType: 'paperwork_rule',
    resourceId: row.id,
    metadata: { specialistId, category, businessDays: rule },
  });
}

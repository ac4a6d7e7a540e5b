// The rules of paperwork: what admins set, and how well it is kept.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import {
  dueWithin,
  neededPapers,
  paperCategories,
  stillToCome,
  type PaperCategory,
} from './booking.paperwork.ts';

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

export interface LateBooking {
  id: string;
  reference: string;
  examinee: string;
  organization: string;
  referrer: string;
  specialist: string;
  startsAt: Date;
  timezone: string;
  missing: { category: PaperCategory; dueOn: string }[];
}

export interface PaperworkReport {
  /** Whose examination is still to come, the next one first. */
  late: LateBooking[];
  /** How many bookings are late, however many are listed. */
  lateCount: number;
  /** Examinations of the last `days` days that needed documents, and how many had every one in time. */
  share: { days: number; needed: number; inTime: number };
}

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
}

const shareDays = 30;
const mostLate = 50;

export function createPaperwork({ db, audit }: { db: Database; audit: AuditLog }): Paperwork {
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
        // Rules change rarely: one change at a time.
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
        return ok(null);
      });
    },

    async report(now) {
      const [share] = await shareInTime(db, now);
      return {
        late: await lateBookings(db, now),
        lateCount: await countLatePaperwork(db, now),
        share: { days: shareDays, needed: share?.needed ?? 0, inTime: share?.in_time ?? 0 },
      };
    },
  };
}

interface RuleRow {
  specialist_id: string | null;
  category: PaperCategory;
  business_days: number | null;
}

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

/** A rule that stays keeps its id: nobody is reminded again because its days changed. */
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

const ahead = [stillToCome('asked.now'), dueWithin(0, 'asked.now'), 'b.organization_id is not null'].join(
  ' and ',
);
/** A query for `booking_id, missing` of the bookings that are late, with a parameter for now. */
const late = `
  select p.booking_id, json_agg(json_build_object('category', p.category, 'dueOn', p.due_on) order by p.due_on, p.category desc) as missing
  from (select ?::timestamptz as now) asked cross join lateral (${neededPapers(ahead, 'b.timezone')}) p
  where not p.is_there and p.due_on < (asked.now at time zone p.timezone)::date
  group by p.booking_id`;

/** How many bookings lack a document whose last day is over. */
export async function countLatePaperwork(db: Queryable, now: Date): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ count: number }] }>(
    `select count(*)::int as count from (${late}) late`,
    [now],
  );
  return rows[0].count;
}

async function lateBookings(db: Queryable, now: Date): Promise<LateBooking[]> {
  const { rows } = await db.raw<{ rows: LateBooking[] }>(
    `with late as (${late})
     select b.id, b.reference, trim(b.examinee_first_name || ' ' || b.examinee_last_name) as examinee, o.name as organization,
       coalesce(u.name, '') as referrer, s.name as specialist, b.starts_at as "startsAt", b.timezone, late.missing
     from late join bookings b on b.id = late.booking_id
       join organizations o on o.id = b.organization_id join specialists s on s.id = b.specialist_id
       left join users u on u.id = b.created_by_id
     order by b.starts_at, b.id limit ${mostLate}`,
    [now],
  );
  return rows;
}

/** By the rules of today. A document was in time when it arrived on the last day at the latest. */
async function shareInTime(db: Queryable, now: Date): Promise<{ needed: number; in_time: number }[]> {
  const past = [
    `b.status <> 'cancelled'`,
    'b.starts_at <= asked.now',
    `b.starts_at > asked.now - interval '${shareDays} days'`,
    'b.organization_id is not null',
  ];
  const { rows } = await db.raw<{ rows: { needed: number; in_time: number }[] }>(
    `with asked as (select ?::timestamptz as now),
     each_booking as (
       select p.booking_id, bool_and(exists (
           select from documents d
           where d.booking_id = p.booking_id and d.category = p.category and d.deleted_at is null
             and (d.created_at at time zone p.timezone)::date <= p.due_on)) as in_time
       from asked cross join lateral (${neededPapers(past.join(' and '), 'b.timezone')}) p
       group by p.booking_id)
     select count(*)::int as needed, (count(*) filter (where in_time))::int as in_time from each_booking`,
    [now],
  );
  return rows;
}

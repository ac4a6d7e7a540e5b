// Which documents an examination needs and by when: rules of the table paperwork_rules, counted in business days of the
// examination's zone; none is due before the business day after that on which the time was chosen. The database function
// paper_due_on says when; holidays are not known.
import type { Queryable } from '../db/knex.ts';
import { businessDaysUntil, shiftDays, weekdayAndDay } from '../lib/dates.ts';
import { remembered } from '../lib/remembered.ts';

/** The categories of documents that rules can ask for. */
export const paperCategories = ['consent_form', 'brief'] as const;
export type PaperCategory = (typeof paperCategories)[number];

export const paperWords: Record<PaperCategory, string> = { consent_form: 'Consent form', brief: 'Brief' };

/** A condition on the booking `b`: its examination is still to come. */
export function stillToCome(now: string): string {
  return `b.status = 'active' and b.current_progress in ('scheduled', 'rescheduled') and b.starts_at > ${now}`;
}

/** A condition on the booking `b` that an index serves: one of its documents may be due within these days. */
export function dueWithin(days: number, now: string): string {
  return `b.starts_at < ${now} + make_interval(days => ${days} + (
    select 4 + coalesce(max(business_days), 0) * 7 / 5 from paperwork_rules))`;
}

/** A condition on a document: an examination that needs one of its category has it. */
function isUsable(document: string): string {
  return `${document}.deleted_at is null and ${document}.status <> 'infected' and ${document}.damaged_at is null`;
}

/**
 * A query for the documents that examinations need, one row each: `booking_id`, `rule_id`, `category`, `due_on` (the last
 * day, in the examination's zone) and `is_there`. The database function paperwork_facts has the rule for one booking; with
 * one function for both, this query took four times as long. A test holds the two together.
 * @param where a condition on the booking `b`
 * @param also further columns, of the booking `b`
 */
export function neededPapers(where: string, also?: string): string {
  return `
    with rules as materialized (
      select id, specialist_id, category, business_days from paperwork_rules),
    own as materialized (
      select specialist_id, category from paperwork_rules where specialist_id is not null)
    select b.id as booking_id, needed.rule_id, needed.category, needed.due_on, exists (
        select from documents d
        where d.booking_id = b.id and d.category = needed.category and ${isUsable('d')}) as is_there${also ? `, ${also}` : ''}
    from bookings b
      cross join lateral (
        select (b.starts_at at time zone b.timezone)::date as day,
          (b.time_chosen_at at time zone b.timezone)::date as chosen_on offset 0) local
      cross join lateral (
        select r.id as rule_id, r.category, paper_due_on(local.day, r.business_days, local.chosen_on) as due_on from rules r
        where r.business_days is not null and (r.specialist_id = b.specialist_id
          or r.specialist_id is null and (b.specialist_id, r.category) not in (select * from own))
        offset 0) needed
    where ${where}`;
}

/** A document that an examination needs. */
export interface Paper {
  category: PaperCategory;
  /** `YYYY-MM-DD` in the examination's zone. */
  dueOn: string;
  isThere: boolean;
}

/** The documents that the booking's examination needs by today's rules; those due first come first. */
export async function papersOf(db: Queryable, bookingId: string): Promise<Paper[]> {
  const { rows } = await db.raw<{ rows: [{ papers: Paper[] }] }>(`select ${papersSql('?')} as papers`, [
    bookingId,
  ]);
  return rows[0].papers;
}

/** SQL for a select list: the documents that the examination needs. @param bookingId an expression */
export function papersSql(bookingId: string): string {
  return `
    (select coalesce(json_agg(json_build_object(
        'category', p.category, 'dueOn', p.due_on, 'isThere', p.is_there) order by p.due_on, p.category desc), '[]')
      from (${neededPapers(`b.id = ${bookingId}`)}) p)`;
}

/** What an examination still to come would lack without this document; null when it would lack nothing by that. */
export async function paperLostWith(
  db: Queryable,
  document: { id: string; bookingId: string },
  now: Date,
): Promise<PaperCategory | null> {
  const { rows } = await db.raw<{ rows: { category: PaperCategory }[] }>(
    `select p.category
     from (${neededPapers(`b.id = :bookingId and ${stillToCome(':now')}`)}) p
     where (select array_agg(d.id) from documents d
       where d.booking_id = p.booking_id and d.category = p.category and ${isUsable('d')}) = array[:id::uuid]`,
    { id: document.id, bookingId: document.bookingId, now },
  );
  return rows[0]?.category ?? null;
}

/** The missing documents in words: `Consent form and brief`. */
export function papersInWords(categories: readonly PaperCategory[]): string {
  const names = categories.map((category, at) =>
    at === 0 ? paperWords[category] : paperWords[category].toLowerCase(),
  );
  return names.join(' and ');
}

export interface DueState {
  /** `due Thu 26 Nov`, `due tomorrow`, `due today` or `late`. */
  words: string;
  /** `3 business days left`, or for what is late `due Thu 26 Nov`; null when the words say it. */
  left: string | null;
  isLate: boolean;
  /** Due today or on the next business day. */
  isSoon: boolean;
}

/** How long until a document is due. @param today a day in the examination's zone, as `dueOn` is */
export const dueState = remembered((dueOn: string, today: string): Readonly<DueState> => {
  const day = weekdayAndDay(dueOn);
  if (dueOn < today) return { words: 'late', left: `due ${day}`, isLate: true, isSoon: false };
  const days = businessDaysUntil(today, dueOn);
  const isSoon = days <= 1;
  if (dueOn === today) return { words: 'due today', left: null, isLate: false, isSoon };
  if (dueOn === shiftDays(today, 1)) return { words: 'due tomorrow', left: null, isLate: false, isSoon };
  const left = days === 1 ? '1 business day left' : `${days} business days left`;
  return { words: `due ${day}`, left, isLate: false, isSoon };
});

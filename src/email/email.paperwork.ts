// Reminds referrers of documents that are missing, two business days before they are due: once for each rule, booking and
// time of the examination.
import { dueWithin, neededPapers, stillToCome, type Announce } from '../bookings/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { inBatches } from '../lib/batches.ts';
import type { Clock } from '../ports/clock.ts';
import { audienceOf } from './email.audience.ts';
import { isRemindedToday } from './email.reminders.ts';

const businessDaysAhead = 2;
/** Messages are written from this hour on, in the examination's zone. */
const fromHour = 7;
const batchSize = 200;

export interface PaperworkReminders {
  /** Writes every reminder that is due, and returns the number of bookings. Safe to run twice at once. */
  write(): Promise<number>;
}

interface PaperworkReminderDeps {
  db: Database;
  announce: Announce;
  clock: Clock;
}

export function createPaperworkReminders(deps: PaperworkReminderDeps): PaperworkReminders {
  return {
    write: () => inBatches(batchSize, () => deps.db.transaction((trx) => writeBatch(deps, trx))),
  };
}

async function writeBatch({ announce, clock }: PaperworkReminderDeps, trx: Transaction): Promise<number> {
  const now = clock.now();
  const claimed = await claimDue(trx, now, `${isItsHour} and not ${wasMadeToday}`);
  const named = await namedToday(trx, now, [...claimed.keys()]);
  for (const [bookingId, occasion] of claimed) {
    const announcement = { kind: 'paperwork_reminder', bookingId, occasion } as const;
    if (!named.has(bookingId)) await announce(trx, announcement);
    else await announce(trx, { ...announcement, recipientIds: await withoutReminder(trx, bookingId) });
  }
  return claimed.size;
}

/** Which of these bookings get the reminder of the examination today: that e-mail names the missing documents too. */
async function namedToday(trx: Transaction, now: Date, bookingIds: string[]): Promise<Set<string>> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `with asked as (select ?::timestamptz as now)
     select b.id from asked cross join bookings b where b.id = any(?::uuid[]) and ${isRemindedToday('asked.now')}`,
    [now, bookingIds],
  );
  return new Set(rows.map(({ id }) => id));
}

/** The people who are reminded of documents, without those who get the reminder of the examination. */
async function withoutReminder(trx: Transaction, bookingId: string): Promise<string[]> {
  const reminded = await audienceOf(trx, { kind: 'booking_reminder', bookingId });
  const all = await audienceOf(trx, { kind: 'paperwork_reminder', bookingId });
  return all.map(({ id }) => id).filter((id) => !reminded.some((one) => one.id === id));
}

/** Marks what is due by now as written without sending it. Returns the number of bookings. */
export function markDuePaperworkReminders(trx: Transaction, now: Date): Promise<number> {
  return inBatches(batchSize, async () => (await claimDue(trx, now, 'true')).size);
}

const today = '(asked.now at time zone b.timezone)::date';
const isItsHour = `extract(hour from asked.now at time zone b.timezone) >= ${fromHour}`;
/** Bookings whose confirmation, or message about a new time, has just named the documents. */
const wasMadeToday = `exists (
  select from booking_progress p
  where p.booking_id = b.id and p.progress in ('scheduled', 'rescheduled')
    and (p.created_at at time zone b.timezone)::date >= ${today})`;

/**
 * Claims the reminders that are due. Returns by booking the occasion of its message, which names every document whose
 * reminder is due. A second worker waits here for the first one's transaction, and then finds nothing to claim.
 * @param alsoWhere a condition on the booking `b` and on `asked.now`
 */
async function claimDue(trx: Transaction, now: Date, alsoWhere: string): Promise<Map<string, string>> {
  const ahead = [
    stillToCome('asked.now'),
    dueWithin(7, 'asked.now'),
    'b.created_by_id is not null',
    alsoWhere,
  ];
  const { rows } = await trx.raw<{ rows: { booking_id: string; rule_id: string; starts_at: Date }[] }>(
    `with asked as (select ?::timestamptz as now),
     due as (
       select b.booking_id, b.rule_id, b.starts_at
       from asked cross join lateral (${neededPapers(ahead.join(' and '), 'b.timezone, b.starts_at')}) b
       where not b.is_there and business_days_before(b.due_on, ${businessDaysAhead}) <= ${today}
         and not exists (
           select from paperwork_reminders w
           where w.booking_id = b.booking_id and w.rule_id = b.rule_id and w.starts_at = b.starts_at)),
     first_bookings as (select distinct booking_id from due order by booking_id limit ${batchSize})
     insert into paperwork_reminders (booking_id, rule_id, starts_at, created_at)
     select booking_id, rule_id, starts_at, asked.now
     from due join first_bookings using (booking_id) cross join asked
     order by booking_id, rule_id
     on conflict do nothing
     returning booking_id, rule_id, starts_at`,
    [now],
  );
  const occasions = new Map<string, string>();
  for (const { booking_id: id, rule_id: rule, starts_at: startsAt } of rows)
    occasions.set(id, `${occasions.get(id) ?? `${id}:${startsAt.toISOString()}`}:${rule}`);
  return occasions;
}

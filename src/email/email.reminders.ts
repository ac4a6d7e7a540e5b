// Reminders 7 days and 1 day before an examination: to the referrer and the solicitor, and to the examinee where the
// organisation wants it.
import type { Announce } from '../bookings/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { inBatches } from '../lib/batches.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { examineeRecipient } from './email.examinee.ts';
import { queueSending } from './email.jobs.ts';

/** A reminder is due `daysBefore` days before the examination, and is sent late until `latestHours` before it. */
const reminders = [
  { daysBefore: 7, latestHours: 48 },
  { daysBefore: 1, latestHours: 2 },
] as const;

const batchSize = 200;

/** The windows as rows of SQL `(days, hours)`. */
const windows = `(values ${reminders.map((one) => `(${one.daysBefore}, ${one.latestHours})`).join(', ')}) as r (days, hours)`;

/** A condition on the booking `b`: the reminder `r` is not written, because the booking got its time after it was due. */
const isSaidAlready = `exists (
  select from booking_progress p
  where p.booking_id = b.id and p.progress in ('scheduled', 'rescheduled')
    and p.created_at > b.starts_at - r.days * interval '1 day')`;

/**
 * A condition on the booking `b`: one of these reminders was written today, or falls due today.
 * @param now an expression of SQL
 */
export function isRemindedToday(now: string): string {
  const today = `(${now} at time zone b.timezone)::date`;
  return `exists (
    select from ${windows} left join booking_reminders w
      on w.booking_id = b.id and w.days_before = r.days and w.starts_at = b.starts_at
    where case when w.booking_id is not null then (w.created_at at time zone b.timezone)::date = ${today}
      else ((b.starts_at - r.days * interval '1 day') at time zone b.timezone)::date <= ${today}
        and b.starts_at > ${now} + r.hours * interval '1 hour' and not ${isSaidAlready} end)`;
}

export interface Reminders {
  /** Writes every reminder that is due, and returns the number of examinations. Safe to run twice at once. */
  write(): Promise<number>;
}

interface ReminderDeps {
  db: Database;
  announce: Announce;
  jobs: JobQueue;
  ids: Ids;
  clock: Clock;
}

export function createReminders(deps: ReminderDeps): Reminders {
  return {
    write: () => inBatches(batchSize, () => deps.db.transaction((trx) => writeBatch(deps, trx))),
  };
}

interface Due {
  booking_id: string;
  days_before: number;
  starts_at: Date;
}

async function writeBatch(deps: ReminderDeps, trx: Transaction): Promise<number> {
  const claimed = await claimDue(trx, deps.clock.now());
  for (const due of claimed) {
    const occasion = `${due.booking_id}:${due.days_before}:${due.starts_at.toISOString()}`;
    await deps.announce(trx, { kind: 'booking_reminder', bookingId: due.booking_id, occasion });
    await remindExaminee(deps, trx, due, occasion);
  }
  return claimed.length;
}

/** Marks what is due by now as written without sending it. Returns the number of examinations. */
export function markDueReminders(trx: Transaction, now: Date): Promise<number> {
  return inBatches(batchSize, async () => (await claimDue(trx, now)).length);
}

/**
 * A booking that was made, or moved, after a reminder was due gets none: its confirmation has just said the same. A
 * second worker waits here for the first one's transaction, and then finds nothing to claim.
 */
async function claimDue(trx: Transaction, now: Date): Promise<Due[]> {
  const { rows } = await trx.raw<{ rows: Due[] }>(
    `insert into booking_reminders (booking_id, days_before, starts_at, created_at)
     select b.id, r.days, b.starts_at, ?
     from bookings b
     join ${windows}
       on b.starts_at <= ?::timestamptz + r.days * interval '1 day'
      and b.starts_at > ?::timestamptz + r.hours * interval '1 hour'
     where b.status = 'active' and b.current_progress in ('scheduled', 'rescheduled')
       and b.created_by_id is not null
       and not exists (
         select from booking_reminders w
         where w.booking_id = b.id and w.days_before = r.days and w.starts_at = b.starts_at)
       and not ${isSaidAlready}
     order by b.starts_at, b.id, r.days
     limit ?
     on conflict do nothing
     returning booking_id, days_before, starts_at`,
    [now, now, now, batchSize],
  );
  return rows;
}

/** The examinee's address is read when the message is sent, and never stored in the outbox. */
async function remindExaminee(
  { ids, jobs }: ReminderDeps,
  trx: Transaction,
  due: Due,
  occasion: string,
): Promise<void> {
  const wanted = await trx('bookings as b')
    .join('organizations as o', 'o.id', 'b.organization_id')
    .where({ 'b.id': due.booking_id, 'o.reminds_examinees': true })
    .whereNotNull('b.examinee_email')
    .first<{ id: string } | undefined>('b.id');
  if (!wanted) return;
  const id = ids.uuid();
  await trx('emails').insert({
    id,
    kind: 'examinee_reminder',
    dedupe_key: `examinee_reminder:${occasion}`,
    recipient: examineeRecipient,
    booking_id: due.booking_id,
  });
  await queueSending(jobs, trx, id);
}

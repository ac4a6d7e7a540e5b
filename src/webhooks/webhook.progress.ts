// Claims stored events that are due, and stores their outcomes.
import type { Queryable, Transaction } from '../db/knex.ts';
import { sendTogether, type Query, type Statement, type Statements } from '../db/statements.ts';
import type { Outcome } from '../following/index.ts';
import { toEvent, type EventRow, type WebhookEvent } from './webhook.repository.ts';

export interface Processing {
  outcome: Outcome;
  bookingId: string | null;
  note: string | null;
  durationMs: number;
  at: Date;
}

/** An event as it was when it was read. */
export interface EventVersion {
  id: string;
  version: string;
}

/** Another event of the same appointment, or of something else with the same number: an order. */
export interface EventBehind extends EventVersion {
  action: string | null;
}

// Changes when the event is claimed, replayed, or counts an equal one.
const version = `concat_ws(':', state, attempts, coalesced, extract(epoch from replayed_at))`;

/** A limit, so that a transaction stays short. The next event of the appointment answers the further ones. */
const mostBehind = 200;

/**
 * The events of this one's number and channel that are due and wait behind it: a read of Acuity that begins from now on
 * answers those about the appointment too.
 */
export function findDueBehind(
  statements: Statements,
  event: Pick<WebhookEvent, 'id' | 'channel' | 'appointmentId'>,
  now: Date,
): Promise<EventBehind[]> {
  return statements.rows<EventBehind>(findBehindStatement, [
    event.id,
    event.channel,
    event.appointmentId,
    now,
    mostBehind,
  ]);
}

const findBehindStatement: Statement = {
  name: 'webhook events behind',
  text: `select id, action, ${version} as version from webhook_events
    where appointment_id = $3::bigint and state = 'waiting' and id <> $1::uuid and channel = $2::text
      and next_attempt_at <= $4::timestamptz
    order by seq limit $5::int`,
};

export interface StoredOutcome {
  id: string;
  action: string | null;
  outcome: Outcome;
}

/**
 * Stores the outcome of an event, and of those that were behind it before Acuity was read. Leaves out the event if its
 * outcome was stored before or its replay was requested since, and those behind it that have changed since: another
 * process delivers them, or they tell of a later change.
 */
export async function markProcessed(
  trx: Transaction,
  { id, replayedAt }: Pick<WebhookEvent, 'id' | 'replayedAt'>,
  behind: readonly EventVersion[],
  done: Processing,
): Promise<StoredOutcome[]> {
  const values = [
    id,
    behind.map((event) => event.id),
    behind.map((event) => event.version),
    done.outcome,
    done.bookingId,
    done.note,
    Math.round(done.durationMs),
    done.at,
    replayedAt,
  ];
  const query: Query<StoredOutcome> = { ...storeOutcomeStatement, values };
  const [stored] = await sendTogether(trx, query);
  return stored;
}

// Locks in the order of arrival: two processes may store outcomes for the same events.
const storeOutcomeStatement: Statement = {
  name: 'webhook outcome',
  text: `with locked as (
      select id from webhook_events
      where id = any($1::uuid || $2::uuid[])
        and (id = $1 and state <> 'processed' and replayed_at is not distinct from $9::timestamptz
          or ${version} = ($3::text[])[array_position($2, id)])
      order by seq for update)
    update webhook_events e
    set state = 'processed', lease_until = null, next_attempt_at = null, last_error = null,
      outcome = case when e.id = $1 or $4::text = 'ignored' then $4::text else 'skipped' end,
      booking_id = $5::uuid, note = $6::text, duration_ms = $7::int, processed_at = $8::timestamptz
    from locked where e.id = locked.id
    returning e.id, e.action, e.outcome`,
};

/**
 * The target accepted the event; our own /webhooks/acuity has stored its outcome already. Leaves a replay unchanged.
 */
export async function markDelivered(
  db: Queryable,
  id: string,
  { status, durationMs, at }: { status: number; durationMs: number; at: Date },
): Promise<void> {
  await db('webhook_events')
    .where({ id })
    .whereIn('state', ['delivering', 'processed'])
    .update({
      state: 'processed',
      lease_until: null,
      next_attempt_at: null,
      last_error: null,
      last_status: status,
      duration_ms: db.raw('coalesce(duration_ms, ?::int)', [Math.round(durationMs)]),
      processed_at: db.raw('coalesce(processed_at, ?::timestamptz)', [at.toISOString()]),
    });
}

/** Sets it to waiting again, or to dead when no further attempt is due. */
export async function markFailed(
  db: Queryable,
  id: string,
  why: { error: string; status: number | null; nextAttemptAt: Date | null },
): Promise<void> {
  await db('webhook_events')
    .where({ id, state: 'delivering' })
    .update({
      state: why.nextAttemptAt ? 'waiting' : 'dead',
      next_attempt_at: why.nextAttemptAt,
      lease_until: null,
      last_error: why.error,
      last_status: why.status,
    });
}

/** Schedules another delivery now, in any state. False when the event was refused: its body was not stored. */
export async function markForReplay(trx: Transaction, id: string, now: Date): Promise<boolean> {
  const changed = await trx('webhook_events').where({ id }).whereNotNull('body').update({
    state: 'waiting',
    next_attempt_at: now,
    lease_until: null,
    attempts: 0,
    replayed_at: now,
    outcome: null,
    note: null,
    processed_at: null,
    last_error: null,
    last_status: null,
  });
  return changed > 0;
}

/**
 * Claims due events, one at a time and in order for each appointment: an event is held back while an earlier one of its
 * appointment is unfinished, or a later one is being delivered (an earlier row may become visible late). Events of a
 * process that died are claimed again when their lease expires.
 */
export async function claimDue(
  db: Queryable,
  now: Date,
  leaseMs: number,
  limit: number,
): Promise<WebhookEvent[]> {
  const { rows } = await db.raw<{ rows: EventRow[] }>(
    `update webhook_events set state = 'delivering', attempts = attempts + 1, lease_until = ?::timestamptz
     where id in (
       select e.id from webhook_events e
       where (e.state = 'waiting' and e.next_attempt_at <= ?::timestamptz
              or e.state = 'delivering' and e.lease_until <= ?::timestamptz)
         and not exists (
           select from webhook_events o
           where o.appointment_id = e.appointment_id and o.state in ('waiting', 'delivering')
             and (o.seq < e.seq or o.seq > e.seq and o.state = 'delivering' and o.lease_until > ?::timestamptz))
       order by e.next_attempt_at, e.seq limit ?
       for update skip locked)
     returning *`,
    [new Date(now.getTime() + leaseMs).toISOString(), ...Array<string>(3).fill(now.toISOString()), limit],
  );
  return rows.map(toEvent).toSorted((a, b) => a.seq - b.seq);
}

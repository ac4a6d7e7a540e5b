// Stores events as they arrive, and reads them. How they are worked off is in webhook.progress.ts.
import { createHash } from 'node:crypto';
import { auditInsertion, auditValues, type AuditActor } from '../audit/index.ts';
import type { Queryable } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { type Statement, type Statements } from '../db/statements.ts';
import type { Outcome } from '../following/index.ts';
import { isUuid } from '../lib/uuid.ts';
import {
  keptHeaders,
  type Channel,
  type IncomingEvent,
  type Refusal,
  type webhookStates,
} from './webhook.event.ts';

export interface WebhookEvent {
  id: string;
  seq: number;
  channel: Channel;
  state: (typeof webhookStates)[number];
  receivedAt: Date;
  action: string | null;
  appointmentId: number | null;
  body: Buffer | null;
  headers: Record<string, string>;
  refusal: Refusal | null;
  coalesced: number;
  nextAttemptAt: Date | null;
  attempts: number;
  lastStatus: number | null;
  lastError: string | null;
  outcome: Outcome | null;
  note: string | null;
  bookingId: string | null;
  durationMs: number | null;
  processedAt: Date | null;
  replayedAt: Date | null;
}

export type EventRow = RowOf<'webhook_events', { headers: Record<string, string> }>;

export function toEvent(row: EventRow): WebhookEvent {
  return {
    id: row.id,
    seq: row.seq,
    channel: row.channel,
    state: row.state,
    receivedAt: row.received_at,
    action: row.action,
    appointmentId: row.appointment_id,
    body: row.body,
    headers: row.headers,
    refusal: row.refusal,
    coalesced: row.coalesced,
    nextAttemptAt: row.next_attempt_at,
    attempts: row.attempts,
    lastStatus: row.last_status,
    lastError: row.last_error,
    outcome: row.outcome,
    note: row.note,
    bookingId: row.booking_id,
    durationMs: row.duration_ms,
    processedAt: row.processed_at,
    replayedAt: row.replayed_at,
  };
}

export interface NewEvent extends IncomingEvent {
  id: string;
  channel: Channel;
  receivedAt: Date;
  action: string | null;
  appointmentId: number | null;
  /** When to deliver it; with `isUnderWay`: when another process takes over if this one dies. */
  nextAttemptAt: Date;
  isUnderWay: boolean;
}

export function digestOf(body: Buffer): Buffer {
  return createHash('sha256').update(body).digest();
}

/**
 * Stores an event with its audit row: one statement, one commit. With `isCoalesced` it only counts on an equal event that
 * is still waiting, when there is one. An event whose delivery has begun does not count: Acuity may have been read before
 * this event's change.
 * @returns the id of the event that was stored, or of the one that was waiting
 */
export async function storeEvent(
  statements: Statements,
  actor: AuditActor,
  event: NewEvent,
  { isCoalesced }: { isCoalesced: boolean },
): Promise<string> {
  const headers = keptHeaders.flatMap((name) => (event.headers[name] ? [[name, event.headers[name]]] : []));
  const row: Record<keyof typeof storedColumns, unknown> = {
    id: event.id,
    channel: event.channel,
    state: event.isUnderWay ? 'delivering' : 'waiting',
    received_at: event.receivedAt,
    action: event.action,
    appointment_id: event.appointmentId,
    body: event.body,
    headers: JSON.stringify(Object.fromEntries(headers)),
    body_digest: digestOf(event.body),
    next_attempt_at: event.nextAttemptAt,
    lease_until: event.isUnderWay ? event.nextAttemptAt : null,
    attempts: event.isUnderWay ? 1 : 0,
  };
  const recorded = auditValues(actor, {
    action: 'webhook.received',
    resourceType: 'webhook_event',
    resourceId: event.id,
    metadata: { channel: event.channel, event: event.action, appointmentId: event.appointmentId },
  });
  const values = [...columnNames.map((name) => row[name]), isCoalesced, ...recorded];
  const [stored] = await statements.rows<{ id: string }>(storeStatement, values);
  if (!stored) throw new Error('The event was neither stored nor counted');
  return stored.id;
}

const storedColumns = {
  id: 'uuid',
  channel: 'text',
  state: 'text',
  received_at: 'timestamptz',
  action: 'text',
  appointment_id: 'bigint',
  body: 'bytea',
  headers: 'jsonb',
  body_digest: 'bytea',
  next_attempt_at: 'timestamptz',
  lease_until: 'timestamptz',
  attempts: 'int',
} as const;
const columnNames = Object.keys(storedColumns) as (keyof typeof storedColumns)[];
const parameterOf = (name: keyof typeof storedColumns): string =>
  `$${columnNames.indexOf(name) + 1}::${storedColumns[name]}`;

// An event with attempts = 0 and a next attempt waits, and its delivery has never begun: see webhook_events_equal_idx.
const storeStatement: Statement = {
  name: 'webhook event',
  text: `with equal as (
      update webhook_events set coalesced = coalesced + 1
      where $${columnNames.length + 1}::boolean and body_digest = ${parameterOf('body_digest')}
        and attempts = 0 and next_attempt_at is not null and channel = 'relay'
      returning id),
    added as (
      insert into webhook_events (${columnNames.join(', ')}) select ${columnNames.map(parameterOf).join(', ')}
      where not exists (select from equal)
      returning id),
    recorded as (${auditInsertion(columnNames.length + 2, 'exists (select from added)')})
    select id from added union all select id from equal`,
};

/** Stores neither body nor headers: anybody can send such an event. */
export async function insertRefusal(
  trx: Queryable,
  event: { id: string; channel: Channel; receivedAt: Date; body: Buffer; refusal: Refusal },
): Promise<void> {
  await trx('webhook_events').insert({
    id: event.id,
    channel: event.channel,
    state: 'refused',
    refusal: event.refusal,
    received_at: event.receivedAt,
    body_digest: digestOf(event.body),
  });
}

export async function findEvent(
  db: Queryable,
  id: string,
  { isLocked = false } = {},
): Promise<WebhookEvent | null> {
  if (!isUuid(id)) return null;
  const found = db('webhook_events').where({ id });
  const row = await (isLocked ? found.forUpdate() : found).first<EventRow | undefined>();
  return row ? toEvent(row) : null;
}

/** The event that was processed last under the same webhook-id (Standard Webhooks) and with the same body. */
export async function findSent(db: Queryable, event: IncomingEvent): Promise<WebhookEvent | null> {
  const sentAs = event.headers['webhook-id'];
  if (sentAs === undefined) return null;
  const row = (await db('webhook_events')
    .where({ state: 'processed', body_digest: digestOf(event.body) })
    .whereRaw(`headers->>'webhook-id' = ?`, [sentAs])
    .orderBy('processed_at', 'desc')
    .first()) as EventRow | undefined;
  return row ? toEvent(row) : null;
}

/** Newest first; a hundred unless `limit` is given. */
export async function listEvents(
  db: Queryable,
  filter: { state?: WebhookEvent['state']; limit?: number } = {},
): Promise<WebhookEvent[]> {
  const rows = await db('webhook_events')
    .select<EventRow[]>('*')
    .where(filter.state ? { state: filter.state } : {})
    .orderBy([
      { column: 'received_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(filter.limit ?? 100);
  return rows.map(toEvent);
}

/**
 * The booking whose creation the event tells of, when that cannot be anything else: we made the appointment and stored
 * Acuity's answer, the event came within ten seconds, and it is the first and only one about the appointment. A change
 * made since has an event of its own: whichever of the two is processed later finds the other here, and reads Acuity.
 */
export async function bookingOfEcho(db: Queryable, eventId: string): Promise<string | null> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select b.id from webhook_events e join bookings b on b.acuity_appointment_id = e.appointment_id
     where e.id = ? and lower(e.action) in ('scheduled', 'changed') and e.coalesced = 0 and e.replayed_at is null
       and e.attempts <= 1 and b.source = 'portal' and b.version = 1
       and e.received_at between b.created_at - interval '10 seconds' and b.created_at + interval '10 seconds'
       and not exists (
         select from webhook_events o where o.appointment_id = e.appointment_id and o.id <> e.id)`,
    [eventId],
  );
  return rows[0]?.id ?? null;
}

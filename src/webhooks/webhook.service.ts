// Verifies an event, stores it, and processes it by reading Acuity. An event that was answered with 2xx is never lost:
// it is either processed, or waits in the table for the relay.
import type { Logger } from 'pino';
import { auditActor, type Actor } from '../accounts/index.ts';
import { admitRefusal, systemActor, type AuditLog, type RequestFacts } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { sendTogether, type Query, type Statements } from '../db/statements.ts';
import type { Converged, Convergence, Outcome } from '../following/index.ts';
import type { SecretRing } from '../lib/secret-ring.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import {
  concernsAppointment,
  factsOf,
  isForm,
  isJson,
  type Channel,
  type EventFacts,
  type IncomingEvent,
  type Refusal,
} from './webhook.event.ts';
import {
  findDueBehind,
  markFailed,
  markForReplay,
  markProcessed,
  type EventVersion,
  type Processing,
  type StoredOutcome,
} from './webhook.progress.ts';
import {
  bookingOfEcho,
  digestOf,
  findEvent,
  findSent,
  insertRefusal,
  listEvents,
  storeEvent,
  type WebhookEvent,
} from './webhook.repository.ts';
import { isSignedByAcuity, verifyStandardWebhook } from './webhook.signature.ts';

export type Answer =
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'done'; outcome: Outcome; bookingId: string | null }
  | { kind: 'retry'; reason: string; retryAfterMs: number };

export type Processable = Pick<WebhookEvent, 'id' | 'channel' | 'action' | 'appointmentId' | 'replayedAt'>;

export type Processed = Exclude<Answer, { kind: 'refused' }>;

export type Replayed = 'replayed' | 'not_found' | 'refused_event' | 'done_meanwhile';

export interface WebhookService {
  /** For the relay: stores the event for later delivery. */
  take(
    event: IncomingEvent,
    request: RequestFacts,
  ): Promise<{ ok: true; eventId: string } | { ok: false; refusal: Refusal }>;
  /** For /webhooks/acuity: processes the event now. `relayed`: the id under which the relay stored it. */
  receive(event: IncomingEvent, request: RequestFacts, relayed?: string): Promise<Answer>;
  /** Processes a stored event, and with it those of its appointment that wait behind it. */
  process(event: Processable): Promise<Processed>;
  find(id: string): Promise<WebhookEvent | null>;
  list(filter?: { state?: WebhookEvent['state']; limit?: number }): Promise<WebhookEvent[]>;
  /** Delivers it again, in any state; with `only`, not if its state is another by now (`done_meanwhile`). */
  replay(actor: Actor, id: string, only?: string): Promise<Replayed>;
}

export interface WebhookDeps {
  db: Database;
  statements: Statements;
  audit: AuditLog;
  clock: Clock;
  ids: Ids;
  log: Logger;
  convergence: Convergence;
  apiKeys: SecretRing;
  /** Secrets of another automation layer; empty: JSON is refused. */
  automationSecrets: readonly string[];
  /** How long an event waits in the relay before its delivery. */
  delayMs: number;
  /** For tests that kill the process here. */
  onStep?: (step: string) => Promise<void> | void;
}

/** When a process dies while it processes an event, the relay takes the event over after this time. */
const leaseMs = 60_000;

/** How long an equal event gets the first answer: as long as a signature of Standard Webhooks is accepted. */
const repeatMs = 5 * 60_000;

export function createWebhookService(deps: WebhookDeps): WebhookService {
  const { db, clock } = deps;

  async function refuse(event: IncomingEvent, channel: Channel, refusal: Refusal, request: RequestFacts) {
    // Anybody can send such events, so a flood of them must not fill the tables.
    await db.transaction(async (trx) => {
      const rejected = { action: 'webhook.rejected', resourceType: 'webhook_event' } as const;
      if (await admitRefusal(trx, { ...systemActor, request }, rejected))
        await writeRefusal(deps, trx, event, channel, refusal, request);
    });
    return refusal;
  }

  /** @returns the outcome, and the events behind this one that the same read of Acuity answers */
  async function follow(event: Processable): Promise<{ done: Converged; behind: EventVersion[] }> {
    if (!concernsAppointment(event))
      return { done: { ok: true, outcome: 'ignored', bookingId: null, note: null }, behind: [] };
    const { convergence } = deps;
    // The echo of a booking that we made a moment ago tells nothing new: Acuity is not read for it.
    const bookingId = await bookingOfEcho(db, event.id);
    if (bookingId)
      return { done: await convergence.confirmCreated(event.appointmentId, bookingId), behind: [] };
    const { appointmentId } = event;
    const waiting = await findDueBehind(deps.statements, event, clock.now());
    const behind = waiting.filter(({ action }) => concernsAppointment({ action, appointmentId }));
    return { done: await convergence.converge(appointmentId, { source: 'acuity' }), behind };
  }

  async function process(event: Processable): Promise<Processed> {
    const startedAt = performance.now();
    const { done, behind } = await follow(event);
    if (!done.ok) return { kind: 'retry', reason: done.reason, retryAfterMs: done.retryAfterMs };
    const { outcome, bookingId, note } = done;
    await deps.onStep?.('converged');
    await db.transaction(async (trx) => {
      const durationMs = performance.now() - startedAt;
      const processing = { outcome, bookingId, note, durationMs, at: clock.now() };
      const stored = await markProcessed(trx, event, behind, processing);
      await sendTogether(trx, ...stored.map((one) => recordProcessedQuery(one, event, processing)));
    });
    return { kind: 'done', outcome, bookingId };
  }

  function recordProcessedQuery(
    stored: StoredOutcome,
    read: Processable,
    { bookingId, note }: Processing,
  ): Query {
    return deps.audit.recordQuery(systemActor, {
      action: 'webhook.processed',
      resourceType: 'webhook_event',
      resourceId: stored.id,
      metadata: {
        event: stored.action,
        appointmentId: read.appointmentId,
        outcome: stored.outcome,
        bookingId,
        note,
        ...(stored.id !== read.id && { readFor: read.id }),
      },
    });
  }

  /** The sender did not receive our answer, or somebody replays a captured request: Acuity is not read again. */
  function recentAnswer(event: WebhookEvent | null): Processed | null {
    if (event?.state !== 'processed' || !event.outcome || !event.processedAt) return null;
    const isLate = clock.now().getTime() - event.processedAt.getTime() > repeatMs;
    return isLate ? null : { kind: 'done', outcome: event.outcome, bookingId: event.bookingId };
  }

  return {
    process,

    async take(event, request) {
      // The relay delivers the body unchanged, so it accepts only Acuity's own signature.
      const refusal = !isForm(event.headers) ? 'unsupported_type' : verifyAcuity(deps, event);
      if (refusal) return { ok: false, refusal: await refuse(event, 'relay', refusal, request) };
      const facts = factsOf(event) ?? { action: null, appointmentId: null };
      const eventId = await storeReceived(deps, { ...event, ...facts, channel: 'relay' }, request, null);
      await deps.onStep?.('kept');
      return { ok: true, eventId };
    },

    async receive(event, request, relayed) {
      const channel = isJson(event.headers) ? 'automation' : 'direct';
      const refusal = verify(deps, event);
      if (refusal) return { kind: 'refused', refusal: await refuse(event, channel, refusal, request) };
      const known = relayed ? await findEvent(db, relayed) : null;
      const relayedHere = known?.body?.equals(event.body) ? known : null;
      const repeated = recentAnswer(relayedHere) ?? recentAnswer(await findSent(db, event));
      if (repeated) return repeated;
      if (relayedHere) return process(relayedHere);
      const facts = factsOf(event) ?? { action: null, appointmentId: null };
      const id = await storeReceived(deps, { ...event, ...facts, channel }, request, leaseMs);
      const answer = await process({ id, channel, replayedAt: null, ...facts });
      if (answer.kind === 'retry') {
        const nextAttemptAt = new Date(clock.now().getTime() + answer.retryAfterMs);
        await markFailed(db, id, { error: answer.reason, status: null, nextAttemptAt });
      }
      return answer;
    },

    find: (id) => findEvent(db, id),
    list: (filter) => listEvents(db, filter),

    replay(actor, id, only) {
      return db.transaction(async (trx) => {
        const event = await findEvent(trx, id, { isLocked: true });
        if (!event) return 'not_found';
        if (only && event.state !== only) return 'done_meanwhile';
        if (!(await markForReplay(trx, id, clock.now()))) return 'refused_event';
        await deps.audit.record(trx, auditActor(actor), {
          action: 'webhook.replayed',
          resourceType: 'webhook_event',
          resourceId: id,
          metadata: { stateBefore: event.state },
        });
        return 'replayed';
      });
    },
  };
}

function verify(deps: WebhookDeps, event: IncomingEvent): Refusal | null {
  if (isForm(event.headers)) return verifyAcuity(deps, event);
  if (!isJson(event.headers) || deps.automationSecrets.length === 0) return 'unsupported_type';
  const verdict = verifyStandardWebhook(event.body, event.headers, deps.automationSecrets);
  if (verdict !== 'ok') return verdict;
  return factsOf(event) ? null : 'malformed';
}

function verifyAcuity({ apiKeys }: WebhookDeps, { body, headers }: IncomingEvent): Refusal | null {
  return isSignedByAcuity(body, headers['x-acuity-signature'], apiKeys) ? null : 'bad_signature';
}

/** @param lease how long this process may take before the relay takes over; null: the relay delivers it */
function storeReceived(
  deps: WebhookDeps,
  event: IncomingEvent & { channel: Channel } & EventFacts,
  request: RequestFacts,
  lease: number | null,
): Promise<string> {
  const receivedAt = deps.clock.now();
  const nextAttemptAt = new Date(receivedAt.getTime() + (lease ?? deps.delayMs));
  return storeEvent(
    deps.statements,
    { ...systemActor, request },
    { ...event, id: deps.ids.uuid(), receivedAt, nextAttemptAt, isUnderWay: lease !== null },
    { isCoalesced: lease === null },
  );
}

async function writeRefusal(
  deps: WebhookDeps,
  trx: Transaction,
  event: IncomingEvent,
  channel: Channel,
  refusal: Refusal,
  request: RequestFacts,
): Promise<void> {
  const id = deps.ids.uuid();
  await insertRefusal(trx, { id, channel, receivedAt: deps.clock.now(), body: event.body, refusal });
  await deps.audit.record(
    trx,
    { ...systemActor, request },
    {
      action: 'webhook.rejected',
      resourceType: 'webhook_event',
      resourceId: id,
      outcome: 'denied',
      metadata: { refusal, bytes: event.body.length, sha256: digestOf(event.body).toString('hex') },
    },
  );
}

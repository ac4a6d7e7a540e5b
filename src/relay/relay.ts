// The delivering half of the relay: delivers stored events in order and retries until the receiver accepts them.
import type { Logger } from 'pino';
import type { Database } from '../db/knex.ts';
import { databaseTrouble } from '../db/trouble.ts';
import { errorFacts } from '../lib/error-facts.ts';
import type { Clock } from '../ports/clock.ts';
import {
  claimDue,
  markDelivered,
  markFailed,
  type WebhookEvent,
  type WebhookService,
} from '../webhooks/index.ts';

/** Sent with every delivery, so that our own /webhooks/acuity records the outcome on the event. */
export const eventHeader = 'x-examdesk-event';

export interface Relay {
  start(): void;
  /** Waits until the deliveries in flight have ended. */
  stop(): Promise<void>;
}

export interface RelayDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  webhooks: Pick<WebhookService, 'process'>;
  targetUrl: string;
  /** Concurrent deliveries; events of one appointment are always delivered one after the other. Default 8. */
  concurrency?: number;
  /** The pause between two polls when nothing is in flight. Default 250 ms. */
  pollMs?: number;
  timeoutMs?: number;
  /** Called at each step, so that a test can kill the process there. */
  onStep?: (step: string) => Promise<void> | void;
}

const giveUpAfterMs = 24 * 3_600_000;
const longestPauseMs = 3_600_000;

export function createRelay(deps: RelayDeps): Relay {
  const { db, clock, log, pollMs = 250, concurrency = 8, timeoutMs = 30_000 } = deps;
  const inFlight = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | null = null;
  let polling: Promise<void> | null = null;
  let isStopped = true;
  let isFailing = false;

  /** One claim for several events costs hardly more than one for each. Few free places are filled by the timer. */
  function areManyFree(): boolean {
    return inFlight.size <= concurrency / 2;
  }

  function poll(): void {
    if (isStopped || polling) return;
    if (timer) clearTimeout(timer);
    polling = pollOnce().finally(() => {
      polling = null;
    });
  }

  async function pollOnce(): Promise<void> {
    let taken = 0;
    try {
      taken = await startDeliveries();
      if (isFailing) log.info('The relay reads events again');
      isFailing = false;
    } catch (error) {
      // Usually the database is unavailable, and the events wait there. Logged once, not at every poll.
      const reason = databaseTrouble(error);
      const cause = reason ? { reason } : { err: errorFacts(error) };
      if (!isFailing) log.error(cause, 'The relay cannot read events');
      isFailing = true;
    }
    // While few places are free, the end of a delivery triggers the next poll.
    if (!isStopped) timer = setTimeout(poll, taken > 0 && areManyFree() ? 0 : pollMs);
  }

  async function startDeliveries(): Promise<number> {
    const free = concurrency - inFlight.size;
    if (free <= 0) return 0;
    const leaseMs = timeoutMs + 30_000;
    const events = await claimDue(db, clock.now(), leaseMs, free);
    for (const event of events) {
      const delivery = deliver(deps, event, timeoutMs).finally(() => {
        inFlight.delete(delivery);
        if (areManyFree()) poll();
      });
      inFlight.add(delivery);
    }
    return events.length;
  }

  return {
    start() {
      isStopped = false;
      poll();
    },
    async stop() {
      isStopped = true;
      if (timer) clearTimeout(timer);
      await polling;
      await Promise.all(inFlight);
    },
  };
}

async function deliver(deps: RelayDeps, event: WebhookEvent, timeoutMs: number): Promise<void> {
  try {
    await deps.onStep?.('claimed');
    const failed =
      event.channel === 'relay' ? await post(deps, event, timeoutMs) : await processAgain(deps, event);
    await deps.onStep?.('delivered');
    if (failed) await scheduleRetry(deps, event, failed);
  } catch (error) {
    // The lease of the event expires, and it is delivered again.
    deps.log.warn(
      { eventId: event.id, err: errorFacts(error) },
      'The outcome of a delivery could not be stored',
    );
  }
}

interface Failed {
  error: string;
  status: number | null;
  retryAfterMs: number | null;
}

/** Sends the body and signature exactly as they were received. */
async function post(deps: RelayDeps, event: WebhookEvent, timeoutMs: number): Promise<Failed | null> {
  let response: Response;
  const startedAt = performance.now();
  try {
    response = await fetch(deps.targetUrl, {
      method: 'POST',
      headers: { ...event.headers, [eventHeader]: event.id },
      body: new Uint8Array(event.body ?? Buffer.alloc(0)),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      const seconds = Number(response.headers.get('retry-after'));
      const retryAfterMs = seconds > 0 ? seconds * 1_000 : null;
      return { error: `HTTP ${response.status}`, status: response.status, retryAfterMs };
    }
    await response.body?.cancel();
    await deps.onStep?.('posted');
  } catch (error) {
    // fetch wraps network errors in a TypeError.
    const { code, name } = errorFacts(error instanceof TypeError && error.cause ? error.cause : error);
    return { error: code ?? name, status: null, retryAfterMs: null };
  }
  await markDelivered(deps.db, event.id, {
    status: response.status,
    durationMs: performance.now() - startedAt,
    at: deps.clock.now(),
  });
  return null;
}

/** An event that Acuity sent straight to the API and whose processing failed: processes it here, without HTTP. */
async function processAgain({ webhooks }: RelayDeps, event: WebhookEvent): Promise<Failed | null> {
  const done = await webhooks.process(event);
  return done.kind === 'done' ? null : { error: done.reason, status: null, retryAfterMs: done.retryAfterMs };
}

async function scheduleRetry(
  { db, clock, log }: RelayDeps,
  event: WebhookEvent,
  failed: Failed,
): Promise<void> {
  const now = clock.now().getTime();
  const pauseMs = Math.min(longestPauseMs, Math.max(failed.retryAfterMs ?? 0, backoffMs(event.attempts)));
  const startedTrying = (event.replayedAt ?? event.receivedAt).getTime();
  const isGivenUp = now + pauseMs > startedTrying + giveUpAfterMs;
  const { error, status } = failed;
  await markFailed(db, event.id, {
    error,
    status,
    nextAttemptAt: isGivenUp ? null : new Date(now + pauseMs),
  });
  if (isGivenUp)
    log.error({ eventId: event.id, error }, 'An event could not be delivered for a day, and is given up');
}

/** 1, 2, 4 … seconds, each ±25 % so that many events are not retried at the same moment. */
function backoffMs(attempts: number): number {
  const ms = Math.min(longestPauseMs, 1_000 * 2 ** Math.min(attempts - 1, 12));
  return ms * (0.75 + Math.random() / 2);
}

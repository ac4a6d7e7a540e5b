// The second half of the relay: what was taken is delivered, in its turn, until somebody takes it.
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

/** On every delivery: lets our own /webhooks/acuity write the outcome down on the event that brought it. */
export const eventHeader = 'x-examdesk-event';

export interface Relay {
  start(): void;
  /** Lets deliveries that are under way come to their end. */
  stop(): Promise<void>;
}

export interface RelayDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  webhooks: Pick<WebhookService, 'process'>;
  targetUrl: string;
  /** Deliveries at once; those of one appointment are always one after the other. Default 8. */
  concurrency?: number;
  /** Between two looks when nothing is under way. Default 250 ms. */
  pollMs?: number;
  timeoutMs?: number;
  /** For tests that end the process here. */
  onStep?: (step: string) => Promise<void> | void;
}

const giveUpAfterMs = 24 * 3_600_000;
const longestPauseMs = 3_600_000;

export function createRelay(deps: RelayDeps): Relay {
  const { db, clock, log, pollMs = 250, concurrency = 8, timeoutMs = 30_000 } = deps;
  const underWay = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let isStopped = true;
  let isFailing = false;

  function look(): void {
    if (isStopped || looking) return;
    if (timer) clearTimeout(timer);
    looking = lookOnce().finally(() => {
      looking = null;
    });
  }

  async function lookOnce(): Promise<void> {
    let taken = 0;
    try {
      taken = await takeUp();
      if (isFailing) log.info('The relay finds events again');
      isFailing = false;
    } catch (error) {
      // Usually the database is away: what waits, waits there. Said once, not with every look.
      const reason = databaseTrouble(error);
      const cause = reason ? { reason } : { err: errorFacts(error) };
      if (!isFailing) log.error(cause, 'The relay cannot look for events');
      isFailing = true;
    }
    // As long as there is more than we can carry, the end of a delivery asks for the next.
    if (!isStopped) timer = setTimeout(look, taken > 0 ? 0 : pollMs);
  }

  async function takeUp(): Promise<number> {
    const free = concurrency - underWay.size;
    if (free <= 0) return 0;
    const leaseMs = timeoutMs + 30_000;
    const events = await claimDue(db, clock.now(), leaseMs, free);
    for (const event of events) {
      const delivery = deliver(deps, event, timeoutMs).finally(() => {
        underWay.delete(delivery);
        look();
      });
      underWay.add(delivery);
    }
    return events.length;
  }

  return {
    start() {
      isStopped = false;
      look();
    },
    async stop() {
      isStopped = true;
      if (timer) clearTimeout(timer);
      await looking;
      await Promise.all(underWay);
    },
  };
}

async function deliver(deps: RelayDeps, event: WebhookEvent, timeoutMs: number): Promise<void> {
  try {
    await deps.onStep?.('claimed');
    const failed = event.channel === 'relay' ? await post(deps, event, timeoutMs) : await finish(deps, event);
    await deps.onStep?.('delivered');
    if (failed) await putBack(deps, event, failed);
  } catch (error) {
    // Its lease runs out, and it is delivered again.
    deps.log.warn(
      { eventId: event.id, err: errorFacts(error) },
      'What became of a delivery could not be kept',
    );
  }
}

interface Failed {
  error: string;
  status: number | null;
  retryAfterMs: number | null;
}

/** The same bytes and signature that we were given. */
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
    // fetch wraps what happened on the line.
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

/** One that came straight to the API, whose processing failed or died: its bytes need not go round once more. */
async function finish({ webhooks }: RelayDeps, event: WebhookEvent): Promise<Failed | null> {
  const done = await webhooks.process(event);
  return done.kind === 'done' ? null : { error: done.reason, status: null, retryAfterMs: done.retryAfterMs };
}

async function putBack({ db, clock, log }: RelayDeps, event: WebhookEvent, failed: Failed): Promise<void> {
  const now = clock.now().getTime();
  const pauseMs = Math.min(longestPauseMs, Math.max(failed.retryAfterMs ?? 0, backoffMs(event.attempts)));
  const begunAt = (event.replayedAt ?? event.receivedAt).getTime();
  const isOver = now + pauseMs > begunAt + giveUpAfterMs;
  const { error, status } = failed;
  await markFailed(db, event.id, { error, status, nextAttemptAt: isOver ? null : new Date(now + pauseMs) });
  if (isOver) log.error({ eventId: event.id, error }, 'An event could not be delivered for a day');
}

/** 1, 2, 4 … seconds, a quarter more or less so that a crowd does not come back at once. */
function backoffMs(attempts: number): number {
  const ms = Math.min(longestPauseMs, 1_000 * 2 ** Math.min(attempts - 1, 12));
  return ms * (0.75 + Math.random() / 2);
}

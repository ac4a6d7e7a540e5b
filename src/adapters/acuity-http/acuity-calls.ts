// One call to Acuity: rate limits, circuit breaker, time-out, and a typed outcome.
import { setTimeout as sleep } from 'node:timers/promises';
import CircuitBreaker from 'opossum';
import type { Logger } from 'pino';
import { failure, ok } from '../../lib/result.ts';
import type { SecretRing } from '../../lib/secret-ring.ts';
import { refusesUs, type AcuityFailure, type AcuityResult } from '../../ports/acuity.ts';
import type { Cache } from '../../ports/cache.ts';
import { exchange, type Reply } from './exchange.ts';
import { createLimiter, type Lane } from './limiter.ts';
import { errorReply } from './wire.ts';

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** For the log: `/appointments/{id}`. */
  route: string;
  /** The route with its ids; unset: the route has none. */
  path?: string;
  query?: URLSearchParams;
  body?: object;
  /** For the log: ids only. */
  ids?: Record<string, number>;
  /** Overrides the client's time-out. */
  timeoutMs?: number;
  /** A read that is not retried. */
  once?: boolean;
  /** A read that bookings wait for: its turn comes with theirs. */
  isForBooking?: boolean;
}

export interface AcuityClientOptions {
  /** The origin, without `/api/v1`. */
  baseUrl: string;
  userId: string;
  /** Calls use the first that Acuity accepts. */
  apiKeys: SecretRing;
  /**
   * The limit of a read, retries included. A write gets this long, plus up to 5 s of waiting for the limiter and, when
   * the reply is incomplete, 3 s of reading the appointment back.
   */
  timeoutMs: number;
  /** The limit for all processes together. */
  callsPerSecond: number;
  /** Holds the rate limits that all processes share. */
  cache: Cache;
  log: Logger;
  /** The breaker opens for `restMs` after at least `failures` calls in 30 s of which half failed. */
  breaker?: { failures?: number; restMs?: number };
  watch?: CallsWatch;
  /** Acuity does not let us in, and it was asked for somebody: not by work in the background. */
  onRefused?: () => void;
}

/** Observes every attempt of every call, for the metrics. */
export interface CallsWatch {
  /** `outcome`: ok, breaker_open, or the failure's reason. */
  answered(labels: { method: string; route: string; outcome: string }, seconds: number): void;
  waited(lane: Lane, isGranted: boolean, seconds: number): void;
  breaker(isOpen: boolean): void;
}

export type Calls = (call: Call, lane: Lane) => Promise<AcuityResult<unknown>>;

class ServerFailed extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`Acuity answered ${status}`);
    this.status = status;
  }
}

const readAttempts = 3;
const firstPauseMs = 200;
const maxWriteWaitMs = 5_000;

/**
 * The parsed JSON of a 2xx, or the reason for the failure. Reads are retried until `timeoutMs`; writes never, because
 * Acuity has no idempotency key.
 */
export function createCalls(options: AcuityClientOptions): Calls {
  const { timeoutMs, cache, log, watch } = options;
  const restMs = options.breaker?.restMs ?? 5_000;
  const limiter = createLimiter({
    cache,
    perSecond: options.callsPerSecond,
    log,
    leaseMs: timeoutMs + 10_000,
    waited: (lane, isGranted, seconds) => watch?.waited(lane, isGranted, seconds),
  });
  const authorizations = options.apiKeys.map(
    (key) => `Basic ${Buffer.from(`${options.userId}:${key}`).toString('base64')}`,
  );
  /** The key that Acuity accepted last. */
  let accepted = 0;

  /** While the key is being changed Acuity may accept the next one only. A call that it refuses so was not carried out. */
  async function send(call: Call, timeLeft: number): Promise<Reply> {
    const deadline = performance.now() + timeLeft;
    let reply = await sendWith(authorizations[accepted] ?? '', call, timeLeft);
    for (let others = 1; others < authorizations.length && reply.status === 401; others += 1) {
      accepted = (accepted + 1) % authorizations.length;
      log.warn({ place: accepted + 1 }, 'Acuity refuses the API key: the next of the ring is used');
      reply = await sendWith(authorizations[accepted] ?? '', call, deadline - performance.now());
    }
    return reply;
  }

  async function sendWith(authorization: string, call: Call, timeLeft: number): Promise<Reply> {
    const url = new URL(`/api/v1${call.path ?? call.route}`, options.baseUrl);
    if (call.query) url.search = call.query.toString();
    const reply = await exchange(url, {
      method: call.method,
      headers: {
        authorization,
        accept: 'application/json',
        ...(call.body && { 'content-type': 'application/json' }),
      },
      body: call.body && JSON.stringify(call.body),
      timeoutMs: timeLeft,
    });
    if (reply.status >= 500) throw new ServerFailed(reply.status);
    return reply;
  }

  // Counts only no answer and 5xx as failures. A refusal shows that Acuity works.
  const breaker = new CircuitBreaker(send, {
    timeout: false,
    volumeThreshold: options.breaker?.failures ?? 6,
    errorThresholdPercentage: 50,
    rollingCountTimeout: 30_000,
    rollingCountBuckets: 10,
    resetTimeout: restMs,
  });
  breaker.on('open', () => {
    log.warn({ restMs }, 'Acuity fails: calls are paused');
    watch?.breaker(true);
  });
  breaker.on('close', () => {
    log.info('Acuity answers again');
    watch?.breaker(false);
  });

  async function attempt(
    call: Call,
    wait: { lane: Lane; maxWaitMs: number },
    timeLeft: () => number,
  ): Promise<AcuityResult<unknown>> {
    const startedAt = performance.now();
    let status: number | string = 'queue_full';
    let result: AcuityResult<unknown>;
    try {
      // With the breaker open no request is sent, so it must not take a token of the limiter.
      const reply = breaker.opened
        ? ok(await breaker.fire(call, 0))
        : await limiter.run(() => breaker.fire(call, timeLeft()), wait);
      if (reply.ok) status = reply.value.status;
      result = reply.ok ? readReply(reply.value) : reply;
    } catch (error) {
      status = error instanceof ServerFailed ? error.status : codeOf(error);
      result = failure({
        reason: 'unavailable',
        notSent: neverSent.has(String(status)),
        retryAfterMs: restMs,
      });
    }
    report(call, status, performance.now() - startedAt, result);
    if (!result.ok && wait.lane !== 'background' && refusesUs(result)) options.onRefused?.();
    return result;
  }

  function report(call: Call, status: number | string, ms: number, result: AcuityResult<unknown>): void {
    const { method, route } = call;
    watch?.answered({ method, route, outcome: outcomeOf(status, result) }, ms / 1_000);
    const facts = { method, route, status, ms: Math.round(ms), ...call.ids };
    if (result.ok) log.debug(facts, 'acuity answered');
    else {
      const code = result.reason === 'refused' ? { code: result.code } : {};
      log.warn({ ...facts, reason: result.reason, ...code }, 'A call to Acuity failed');
    }
  }

  async function read(call: Call, lane: Lane): Promise<AcuityResult<unknown>> {
    const deadline = performance.now() + (call.timeoutMs ?? timeoutMs);
    const left = () => deadline - performance.now();
    let sent: AcuityResult<unknown> | null = null;
    for (let attempts = 1; ; attempts += 1) {
      const result = await attempt(call, { lane, maxWaitMs: left() }, left);
      // Our queue is not what kept the caller from an answer: the call before it failed.
      if (sent && !result.ok && result.reason === 'queue_full') return sent;
      sent = result;
      if (result.ok || call.once || attempts === readAttempts || !isTransient(result) || breaker.opened)
        return result;
      const pause = pauseBefore(attempts, result);
      if (pause >= left()) return result;
      await sleep(pause);
    }
  }

  return (call, lane) =>
    call.method === 'GET'
      ? read(call, lane)
      : attempt(call, { lane, maxWaitMs: maxWriteWaitMs }, () => call.timeoutMs ?? timeoutMs);
}

function outcomeOf(status: number | string, result: AcuityResult<unknown>): string {
  if (status === 'EOPENBREAKER') return 'breaker_open';
  return result.ok ? 'ok' : result.reason;
}

function readReply({ status, text, retryAfter }: Reply): AcuityResult<unknown> {
  if (status === 204) return ok(null);
  const json = parseJson(text);
  if (status >= 200 && status < 300) {
    return json === undefined ? failure({ reason: 'unreadable' }) : ok(json);
  }
  if (status === 429) return failure({ reason: 'rate_limited', retryAfterMs: retryAfterMs(retryAfter) });
  if (status === 401) return failure({ reason: 'unauthorized' });
  if (status === 404 && json !== undefined) return failure({ reason: 'not_found' });
  const envelope = errorReply.safeParse(json);
  if (envelope.success && status >= 400) {
    const { error: code, message } = envelope.data;
    return failure({ reason: 'refused', code, message, status });
  }
  // An error page of Acuity's edge, or a redirect: whether the call was carried out is unknown.
  return failure({ reason: 'unavailable', notSent: false, retryAfterMs: 5_000 });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function retryAfterMs(header: string | null): number {
  const seconds = Number(header);
  return header && Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 1_000;
}

/** The connection was never made, so the request was never sent. */
const neverSent = new Set([
  'EOPENBREAKER',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Returns a code, never a message: messages can contain the URL with its query. */
function codeOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: unknown };
  return typeof code === 'string' ? code : (name ?? 'Error');
}

function isTransient(result: AcuityFailure): boolean {
  return ['rate_limited', 'unreadable', 'unavailable'].includes(result.reason);
}

/** Full jitter, so that callers that failed together do not retry together. */
function pauseBefore(attempts: number, result: AcuityFailure): number {
  const jitter = Math.random() * firstPauseMs * 2 ** attempts;
  return result.reason === 'rate_limited' ? result.retryAfterMs + jitter : jitter;
}

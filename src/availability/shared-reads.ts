// Reads of Acuity shared by all requests of all processes: one call, cached for five minutes, and for an hour in case
// Acuity does not answer.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import { failure, ok, type Result } from '../lib/result.ts';
import { refusesUs, type AcuityFailure, type AcuityResult } from '../ports/acuity.ts';
import type { Cache, Lock } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { CacheState } from './availability.ts';
import { createTolerantCache, type TolerantCache } from './tolerant-cache.ts';
import { createGenerations, type TakenTime } from './generations.ts';

/** One read: free times of a day, or days of a month, in the specialist's zone. */
export interface SharedRead<T> {
  calendarId: number;
  /** The rest of the cache key: `{typeId}:{YYYY-MM-DD or YYYY-MM}`. No reader's time zone: instants are cached. */
  name: string;
  stored: z.ZodType<Stored<T>>;
  ask(): Promise<AcuityResult<T>>;
}

/** A cached value, parsed. */
export interface Stored<T> {
  value: T;
  asOf: Date;
}

/** Create it once per shape: creating a schema costs more than a thousand uses of it. */
export function storedSchema<T>(value: z.ZodType<T>): z.ZodType<Stored<T>> {
  return z.object({ value, asOf: z.number().transform((at) => new Date(at)) });
}

export interface Answer<T> {
  value: T;
  /** When Acuity was asked. */
  asOf: Date;
  cache: CacheState;
  /** For stale answers only: what was taken after `asOf`. */
  takenSince: TakenTime[];
}

export type ReadResult<T> = Result<Answer<T>, AcuityFailure>;

const freshMs = 5 * 60_000;
const staleMs = 60 * 60_000;
// Our clock decides the age; the cache's own expiry only cleans up.
const staleKeyMs = staleMs + 60_000;
const failureMs = 2_000;
// The holder of a lock renews it. After this time without a renewal the holder is dead, and another one takes over.
const lockMs = 3_000;
const renewEveryMs = 1_000;
const maxWaitMs = 30_000;
// Clocks of two machines may differ by this much, so a time that was taken just before an answer may be missing in it.
const clockDifferenceMs = 5_000;

type Failed = { ok: false } & AcuityFailure;

const failedReply: z.ZodType<AcuityFailure> = z.union([
  z.object({ reason: z.literal('unavailable'), notSent: z.boolean(), retryAfterMs: z.number() }),
  z.object({ reason: z.enum(['rate_limited', 'queue_full']), retryAfterMs: z.number() }),
  z.object({ reason: z.enum(['unauthorized', 'not_found', 'unreadable']) }),
  z.object({ reason: z.literal('refused'), code: z.string(), message: z.string(), status: z.number() }),
]);

/** Reads that a person waits for, and reads in the background. */
export interface Reads {
  /** `maxAgeMs`: an older answer is read again. */
  get<T>(read: SharedRead<T>, maxAgeMs?: number): Promise<ReadResult<T>>;
  /** What is cached, if it is not too old; Acuity is not asked. */
  cached<T>(read: SharedRead<T>): Promise<Answer<T> | null>;
}

export interface SharedReads extends Reads {
  /**
   * For work that nobody waits for: takes no lock, so that a person who needs the same answer never waits for its lane,
   * and remembers no failure.
   */
  aside: Reads;
  invalidate(calendarId: number, taken?: { startsAt: Date; durationMinutes: number }): Promise<void>;
}

interface Options {
  cache: Cache;
  clock: Clock;
  log: Logger;
}

export function createSharedReads({ cache: plainCache, clock, log }: Options): SharedReads {
  const cache = createTolerantCache(plainCache, log);
  const generations = createGenerations(cache, clock);
  const failures = createFailureMemory(cache, clock);
  const flights = new Map<string, Promise<ReadResult<unknown>>>();

  const prefix = (calendarId: number) => `availability:${calendarId}:`;
  const keyOf = (read: SharedRead<unknown>, generation: string) =>
    `${prefix(read.calendarId)}${generation}:${read.name}`;
  const staleKeyOf = (read: SharedRead<unknown>) => `${prefix(read.calendarId)}stale:${read.name}`;
  const ageOf = (answer: { asOf: Date }) => clock.now().getTime() - answer.asOf.getTime();

  async function fresh<T>(key: string, read: SharedRead<T>, maxAgeMs = freshMs): Promise<Stored<T> | null> {
    const found = await cache.read(key, read.stored);
    return found && ageOf(found) < maxAgeMs ? found : null;
  }

  /** One round trip, unless another process changed the calendar since the last one. */
  async function find<T>(read: SharedRead<T>): Promise<{ key: string; found: Stored<T> | null }> {
    const guess = generations.lastKnown(read.calendarId);
    const [generation, guessed] = await Promise.all([
      generations.current(read.calendarId),
      fresh(keyOf(read, guess), read),
    ]);
    const key = keyOf(read, generation);
    return { key, found: generation === guess ? guessed : await fresh(key, read) };
  }

  function joinFlight<T>(key: string, read: SharedRead<T>, maxAgeMs: number): Promise<ReadResult<T>> {
    const inFlight = flights.get(key);
    // The key determines what is read, and so the type.
    if (inFlight) return inFlight as Promise<ReadResult<T>>;
    const flight = askOnce(key, read, maxAgeMs).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    flights.set(key, flight);
    return flight;
  }

  /** One of all processes calls Acuity. The others wait for its result, and one of them takes over when it dies. */
  async function askOnce<T>(key: string, read: SharedRead<T>, maxAgeMs: number): Promise<ReadResult<T>> {
    const known = async (): Promise<ReadResult<T> | null> => {
      const found = await fresh(key, read, maxAgeMs);
      return found ? ok({ ...found, cache: 'MISS', takenSince: [] }) : failures.recent(key);
    };
    const deadline = performance.now() + maxWaitMs;
    while (performance.now() < deadline) {
      const lock = await cache.lock(`${key}:asking`, lockMs);
      if (lock === 'away') return (await failures.recent(key)) ?? ask(key, read);
      if (lock !== 'held') return withRenewedLock(lock, async () => (await known()) ?? ask(key, read));
      const answer = await known();
      if (answer) return answer;
      await sleep(20 + Math.random() * 30);
    }
    return failure({ reason: 'unavailable', notSent: true, retryAfterMs: failureMs });
  }

  async function ask<T>(key: string, read: SharedRead<T>): Promise<ReadResult<T>> {
    const answer = await askAndStore(key, read);
    if (!answer.ok) await failures.remember(key, answer);
    return answer;
  }

  async function askAndStore<T>(key: string, read: SharedRead<T>): Promise<ReadResult<T>> {
    // The age of the answer counts from the request.
    const asOf = clock.now();
    const answer = await read.ask();
    if (!answer.ok) return answer;
    const raw = JSON.stringify({ asOf: asOf.getTime(), value: answer.value });
    await Promise.all([cache.set(key, raw, freshMs), cache.set(staleKeyOf(read), raw, staleKeyMs)]);
    return ok({ value: answer.value, asOf, cache: 'MISS', takenSince: [] });
  }

  async function staleCopy<T>(read: SharedRead<T>): Promise<ReadResult<T> | null> {
    const found = await cache.read(staleKeyOf(read), read.stored);
    if (!found || ageOf(found) > staleMs) return null;
    const notSeenFrom = found.asOf.getTime() - clockDifferenceMs;
    const taken = await generations.takenTimes(read.calendarId);
    return ok({ ...found, cache: 'STALE', takenSince: taken.filter(({ at }) => at >= notSeenFrom) });
  }

  async function cached<T>(read: SharedRead<T>): Promise<Answer<T> | null> {
    const { found } = await find(read);
    return found && { ...found, cache: 'HIT', takenSince: [] };
  }

  return {
    async get(read, maxAgeMs = freshMs) {
      const { key, found } = await find(read);
      if (found && ageOf(found) < maxAgeMs) return ok({ ...found, cache: 'HIT', takenSince: [] });
      const result = await joinFlight(key, read, maxAgeMs);
      if (result.ok || !isOutage(result)) return result;
      return (await staleCopy(read)) ?? result;
    },
    cached,
    aside: {
      async get(read, maxAgeMs = freshMs) {
        const { key, found } = await find(read);
        if (found && ageOf(found) < maxAgeMs) return ok({ ...found, cache: 'HIT', takenSince: [] });
        return askAndStore(key, read);
      },
      cached,
    },
    async invalidate(calendarId, taken) {
      await generations.next(calendarId, taken);
      // With the cache unavailable the keys may not change, so later callers must not join a read in flight.
      for (const key of flights.keys()) if (key.startsWith(prefix(calendarId))) flights.delete(key);
    },
  };
}

/** Whether the failure may pass by itself, instead of being caused by our request. */
function isOutage(why: AcuityFailure): boolean {
  return refusesUs(why) || (why.reason !== 'refused' && why.reason !== 'not_found');
}

async function withRenewedLock<T>(lock: Lock, work: () => Promise<T>): Promise<T> {
  const renewal = setInterval(() => void lock.extend(lockMs).catch(() => false), renewEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await lock.release();
  }
}

/** Remembers a failure for two seconds in this process and in the cache, so that an outage does not multiply calls. */
function createFailureMemory(cache: TolerantCache, clock: Clock) {
  const local = new Map<string, { why: Failed; until: number }>();
  const now = () => clock.now().getTime();

  return {
    async recent(key: string): Promise<Failed | null> {
      const own = local.get(key);
      if (own && own.until > now()) return own.why;
      local.delete(key);
      const shared = await cache.read(`${key}:failed`, failedReply);
      return shared && failure(shared);
    },
    async remember(key: string, why: Failed): Promise<void> {
      for (const [old, { until }] of local) if (until <= now()) local.delete(old);
      local.set(key, { why, until: now() + failureMs });
      await cache.set(`${key}:failed`, JSON.stringify(why), failureMs);
    },
  };
}

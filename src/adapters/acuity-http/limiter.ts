// Acuity refuses more than 10 requests a second and 20 at once from one address, so all processes share the limits.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Cache, Lock } from '../../ports/cache.ts';
import { createMemoryCache } from '../memory-cache.ts';

// How Acuity counts is not documented. A burst of two and eight a second stay within ten in any second, for a token
// bucket, a sliding window and a fixed window.
const rate = { perSecond: 8, burst: 2 };
const places = 20;
const pauseBetweenTries = 50;

export interface Limiter {
  /** Runs `call` once the limits allow it. Returns null, without running it, when the wait would exceed `maxWaitMs`. */
  run<T>(call: () => Promise<T>, maxWaitMs: number): Promise<T | null>;
}

export interface LimiterOptions {
  cache: Cache;
  /** Must be longer than any call takes. */
  leaseMs: number;
  log: Logger;
  /** Reports how long a call waited; `isGranted` is false when it gave up. */
  waited?: (isGranted: boolean, seconds: number) => void;
}

export function createLimiter({ cache, leaseMs, log, waited }: LimiterOptions): Limiter {
  // While the shared cache is unavailable, each process applies the limits on its own.
  const own = createMemoryCache();
  let isShared = true;

  async function shared<T>(take: (from: Cache) => Promise<T>): Promise<T> {
    try {
      const taken = await take(cache);
      isShared = true;
      return taken;
    } catch {
      if (isShared) log.warn('the cache is away: the limits of Acuity are kept by each process alone');
      isShared = false;
      return take(own);
    }
  }

  async function place(until: number): Promise<Lock | null> {
    for (;;) {
      const lock = await shared((from) => from.takePlace('acuity', places, leaseMs));
      if (lock || performance.now() + pauseBetweenTries > until) return lock;
      await sleep(pauseBetweenTries);
    }
  }

  return {
    async run(call, maxWaitMs) {
      const startedAt = performance.now();
      const until = startedAt + maxWaitMs;
      const tell = (isGranted: boolean) => waited?.(isGranted, (performance.now() - startedAt) / 1_000);
      const taken = await place(until);
      if (!taken) {
        tell(false);
        return null;
      }
      try {
        const left = Math.max(0, until - performance.now());
        const wait = await shared((from) => from.takeToken('acuity', rate, left));
        if (wait === null) {
          tell(false);
          return null;
        }
        if (wait > 0) await sleep(wait);
        tell(true);
        return await call();
      } finally {
        await taken.release();
      }
    },
  };
}

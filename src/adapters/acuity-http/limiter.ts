// Acuity refuses more than 10 requests a second and 20 at once from one address, so all processes share the limits.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Cache, Lock } from '../../ports/cache.ts';
import { createMemoryCache } from '../memory-cache.ts';

// How Acuity counts is not documented. A burst of two and eight a second stay within ten in any second, for a token
// bucket, a sliding window and a fixed window.
const rate = { perSecond: 8, burst: 2 };
const maxAtOnce = 20;
const retryMs = 50;

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
  const local = createMemoryCache();
  let isShared = true;

  async function fromShared<T>(take: (from: Cache) => Promise<T>): Promise<T> {
    try {
      const taken = await take(cache);
      isShared = true;
      return taken;
    } catch {
      if (isShared) log.warn('the cache is away: each process applies the limits of Acuity on its own');
      isShared = false;
      return take(local);
    }
  }

  async function acquirePlace(until: number): Promise<Lock | null> {
    for (;;) {
      const lock = await fromShared((from) => from.takePlace('acuity', maxAtOnce, leaseMs));
      if (lock || performance.now() + retryMs > until) return lock;
      await sleep(retryMs);
    }
  }

  return {
    async run(call, maxWaitMs) {
      const startedAt = performance.now();
      const until = startedAt + maxWaitMs;
      const report = (isGranted: boolean) => waited?.(isGranted, (performance.now() - startedAt) / 1_000);
      const place = await acquirePlace(until);
      if (!place) {
        report(false);
        return null;
      }
      try {
        const left = Math.max(0, until - performance.now());
        const wait = await fromShared((from) => from.takeToken('acuity', rate, left));
        if (wait === null) {
          report(false);
          return null;
        }
        if (wait > 0) await sleep(wait);
        report(true);
        return await call();
      } finally {
        await place.release();
      }
    },
  };
}

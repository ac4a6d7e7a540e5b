import { randomUUID } from 'node:crypto';
import type { Cache } from '../ports/cache.ts';
import { codeOf, ok, warning, wrong, type Check, type Line } from './check.ts';

export interface CacheCheckDeps {
  cache: Cache;
  /** REDIS_URL is set. */
  isShared: boolean;
}

/** The quickest counts: the other checks keep this process busy meanwhile. */
const pings = 10;
/** A page asks several times. */
const slowMs = 25;

export function cacheCheck({ cache, isShared }: CacheCheckDeps): Check {
  return {
    id: 'redis',
    title: 'Redis',
    run: async () =>
      isShared
        ? checkRedis(cache)
        : [
            ok(
              'REDIS_URL is unset: the cache is in the process',
              'Enough for one process. With several, each keeps its own limits of sign-ins and of calls to Acuity.',
            ),
          ],
  };
}

async function checkRedis(cache: Cache): Promise<Line[]> {
  const key = `doctor:${randomUUID()}`;
  const tooks: number[] = [];
  try {
    for (let ping = 0; ping < pings; ping += 1) {
      const startedAt = performance.now();
      await cache.ping();
      tooks.push(performance.now() - startedAt);
    }
    await cache.set(key, 'here', 10_000);
    const got = await cache.get(key);
    await cache.delete(key);
    if (got !== 'here')
      return [
        wrong(
          'Redis does not give back what was set',
          'Limits of sign-ins and of calls to Acuity do not hold, and every free time is read from Acuity again.',
          'Check that REDIS_URL names one server that may keep keys (maxmemory, a replica that lags)',
        ),
      ];
  } catch (error) {
    return [
      wrong(
        `Redis failed: ${codeOf(error)}`,
        'Each process then keeps limits of its own, free times are read from Acuity each time, and pages wait for Redis first.',
        'Check REDIS_URL and REDIS_PASSWORD, and whether Redis runs and lets this machine in',
      ),
    ];
  }
  const ms = Math.min(...tooks);
  if (ms > slowMs)
    return [
      warning(
        `Redis answers in ${Math.round(ms)} ms`,
        'A page asks it several times, and waits each time.',
        'Run Redis near the app, in the same network',
      ),
    ];
  return [ok(`Redis keeps and gives back keys, and answers in ${ms.toFixed(1)} ms`)];
}

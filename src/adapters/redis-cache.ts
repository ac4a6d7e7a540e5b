import { randomUUID } from 'node:crypto';
import { Redis, type Result } from 'ioredis';
import type { Cache, Lock } from '../ports/cache.ts';
import { scripts } from './redis-cache.scripts.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countUp(key: string, ttlMs: number): Result<[number, number], Context>;
    freeLock(key: string, token: string): Result<number, Context>;
    extendLock(key: string, token: string, ttlMs: number): Result<number, Context>;
    takeToken(
      key: string,
      perSecond: number,
      burst: number,
      maxWaitMs: number,
    ): Result<number | null, Context>;
    takePlace(key: string, token: string, capacity: number, leaseMs: number): Result<number, Context>;
    extendPlace(key: string, token: string, leaseMs: number): Result<number, Context>;
  }
}

// A cache that answers later than this is no help to a person who waits for a page.
const commandTimeout = 1_000;

/** Calls fail within a second when Redis is away, and at once while it is known to be: requests never hang. */
export function createRedisCache(url: string): Cache {
  const redis = new Redis(url, {
    keyPrefix: 'examdesk:',
    commandTimeout,
    connectTimeout: 2_000,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(100 * times, 2_000),
    scripts,
  });
  // Without a listener the first lost connection would end the process; every call reports its own failure.
  redis.on('error', () => undefined);

  // Only the very first calls wait for a connection that is being made; later ones see a lost one at once.
  const connecting = redis.connect().catch(() => undefined);
  const firstTry = Promise.race([connecting, new Promise((go) => setTimeout(go, commandTimeout).unref())]);

  async function connected(): Promise<Redis> {
    if (redis.status !== 'ready') await firstTry;
    return redis;
  }

  return {
    async get(key) {
      return (await connected()).get(key);
    },
    async set(key, value, ttlMs) {
      await (await connected()).set(key, value, 'PX', Math.max(1, Math.round(ttlMs)));
    },
    async delete(...keys) {
      if (keys.length > 0) await (await connected()).del(...keys);
    },
    async increment(key, ttlMs) {
      const [count, expiresInMs] = await (await connected()).countUp(key, Math.round(ttlMs));
      return { count, expiresInMs };
    },

    async lock(key, ttlMs) {
      const name = `lock:${key}`;
      const token = randomUUID();
      const taken = await (await connected()).set(name, token, 'PX', Math.round(ttlMs), 'NX');
      if (taken === null) return null;
      return asLock(
        (ms) => redis.extendLock(name, token, ms),
        () => redis.freeLock(name, token),
      );
    },
    async takeToken(bucket, limit, maxWaitMs) {
      return (await connected()).takeToken(
        `bucket:${bucket}`,
        limit.perSecond,
        limit.burst,
        Math.round(maxWaitMs),
      );
    },
    async takePlace(pool, capacity, leaseMs) {
      const name = `places:${pool}`;
      const token = randomUUID();
      const taken = await (await connected()).takePlace(name, token, capacity, Math.round(leaseMs));
      if (taken === 0) return null;
      return asLock(
        (ms) => redis.extendPlace(name, token, ms),
        () => redis.zrem(name, token),
      );
    },

    async ping() {
      await (await connected()).ping();
    },
    async close() {
      if (redis.status === 'ready') await redis.quit().catch(() => undefined);
      redis.disconnect();
    },
  };
}

function asLock(extend: (ttlMs: number) => Promise<number>, free: () => Promise<number>): Lock {
  return {
    async extend(ttlMs) {
      return (await extend(Math.round(ttlMs))) === 1;
    },
    async release() {
      await free().catch(() => undefined);
    },
  };
}

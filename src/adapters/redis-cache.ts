import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type Result } from 'ioredis';
import type { Cache, Lock } from '../ports/cache.ts';
import { scripts } from './redis-cache.scripts.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countUp(key: string, ttlMs: number): Result<[number, number], Context>;
    freeLock(key: string, token: string): Result<number, Context>;
    extendLock(key: string, token: string, ttlMs: number): Result<number, Context>;
    takeTurn(
      key: string,
      perSecond: number,
      burst: number,
      lastLaneEvery: number,
      process: string,
      ...counts: number[]
    ): Result<[number, number], Context>;
    takePlace(key: string, token: string, capacity: number, leaseMs: number): Result<number, Context>;
    extendPlace(key: string, token: string, leaseMs: number): Result<number, Context>;
  }
}

// A page cannot wait longer than this for the cache.
const timeoutMs = 200;
/** After a time-out no command is sent for so long; then a ping in the background tells whether Redis answers again. */
const pauseMs = 2_000;
/** The first calls of a process wait so long for the connection. */
const firstConnectMs = 1_000;

/**
 * A call fails after 200 ms when Redis hangs, and at once while Redis is known to hang or to be down. Requests never
 * wait for Redis; one that hangs costs the calls in flight a single time-out.
 */
export function createRedisCache(url: string): Cache {
  const redis = new Redis(url, {
    keyPrefix: 'examdesk:',
    connectTimeout: 2_000,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(100 * times, 2_000),
    scripts,
  });
  // Without a listener the first lost connection would end the process. Calls fail without the cause: it is kept for
  // them.
  let lost: Error | null = null;
  redis.on('error', (error) => (lost = error));
  redis.on('ready', () => (lost = null));

  // Only the first calls wait for the connection; later ones fail at once while there is none.
  const connecting = redis.connect().catch(() => undefined);
  const firstConnection = Promise.race([
    connecting,
    new Promise((go) => setTimeout(go, firstConnectMs).unref()),
  ]);
  let isPaused = false;
  let isClosed = false;

  async function run<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    if (redis.status !== 'ready') await firstConnection;
    if (isPaused) throw new CacheTimeout();
    try {
      return await withTimeout(command(redis));
    } catch (error) {
      if (error instanceof CacheTimeout) pause();
      throw isReply(error) || lost === null
        ? withCode(error)
        : new CacheUnavailable('Redis cannot be reached', { cause: withCode(lost) });
    }
  }

  function pause(): void {
    if (isPaused) return;
    isPaused = true;
    void resumeWhenAnswering();
  }

  /** A connection whose other end is gone never closes by itself, so one that still hangs is replaced. */
  async function resumeWhenAnswering(): Promise<void> {
    await sleep(pauseMs, undefined, { ref: false });
    const answers = await withTimeout(redis.ping()).then(
      () => true,
      () => false,
    );
    if (!answers && !isClosed) redis.disconnect(true);
    isPaused = false;
  }

  return {
    async get(key) {
      return run((client) => client.get(key));
    },
    async set(key, value, ttlMs) {
      await run((client) => client.set(key, value, 'PX', Math.max(1, Math.round(ttlMs))));
    },
    async delete(...keys) {
      if (keys.length > 0) await run((client) => client.del(...keys));
    },
    async increment(key, ttlMs) {
      const [count, expiresInMs] = await run((client) => client.countUp(key, Math.round(ttlMs)));
      return { count, expiresInMs };
    },

    async lock(key, ttlMs) {
      const name = `lock:${key}`;
      const token = randomUUID();
      const taken = await run((client) => client.set(name, token, 'PX', Math.round(ttlMs), 'NX'));
      if (taken === null) return null;
      return asLock(
        (ms) => run((client) => client.extendLock(name, token, ms)),
        () => run((client) => client.freeLock(name, token)),
      );
    },
    async takeTurn(bucket, { perSecond, burst, lastLaneEvery }, { process, counts }) {
      const [lane, waitMs] = await run((client) =>
        client.takeTurn(`turns:${bucket}`, perSecond, burst, lastLaneEvery, process, ...counts),
      );
      return lane > 0 ? { lane: lane - 1 } : { lane: null, waitMs };
    },
    async takePlace(pool, capacity, leaseMs) {
      const name = `places:${pool}`;
      const token = randomUUID();
      const taken = await run((client) => client.takePlace(name, token, capacity, Math.round(leaseMs)));
      if (taken === 0) return null;
      return asLock(
        (ms) => run((client) => client.extendPlace(name, token, ms)),
        () => run((client) => client.zrem(name, token)),
      );
    },

    async ping() {
      await run((client) => client.ping());
    },
    async close() {
      isClosed = true;
      if (redis.status === 'ready') await withTimeout(redis.quit()).catch(() => undefined);
      redis.disconnect();
    },
  };
}

class CacheTimeout extends Error {
  override name = 'CacheTimeout';
}

/** There is no connection; `cause` is why. */
class CacheUnavailable extends Error {
  override name = 'CacheUnavailable';
}

const isReply = (error: unknown): error is Error => error instanceof Error && error.name === 'ReplyError';

/** What Redis answers begins with a code, like WRONGPASS or NOAUTH; the rest may quote what was sent. */
function withCode(error: unknown): unknown {
  if (!isReply(error)) return error;
  const [code = ''] = error.message.split(' ');
  return /^[A-Z]+$/.test(code) ? Object.assign(error, { code }) : error;
}

/** @throws CacheTimeout after `timeoutMs` */
async function withTimeout<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_, reject) => {
    // One more turn of the event loop: if our own process was busy, the reply may have arrived but not been read.
    timer = setTimeout(() => setImmediate(() => reject(new CacheTimeout())), timeoutMs);
  });
  return Promise.race([answer, timedOut]).finally(() => clearTimeout(timer));
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

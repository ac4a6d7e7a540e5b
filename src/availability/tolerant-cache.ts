// Wraps a cache so that it never fails: while it is unavailable, reads find nothing and writes are skipped.
import type { Logger } from 'pino';
import type { z } from 'zod';
import { errorFacts } from '../lib/error-facts.ts';
import type { Cache, Lock } from '../ports/cache.ts';

export interface TolerantCache {
  /** Null also for a value of another shape, which another version of this program may have written. */
  read<T>(key: string, schema: z.ZodType<T>): Promise<T | null>;
  get(key: string): Promise<string | null>;
  /** Whether the value was stored. */
  set(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** `away` when the cache is unavailable, so that nobody knows who holds the lock. */
  lock(key: string, ttlMs: number): Promise<Lock | 'held' | 'away'>;
}

const mostParsed = 500;

export function createTolerantCache(cache: Cache, log: Logger): TolerantCache {
  let isAway = false;

  async function attempt<T>(work: () => Promise<T>, fallback: T): Promise<T> {
    try {
      const answer = await work();
      if (isAway) log.info('The cache is back');
      isAway = false;
      return answer;
    } catch (error) {
      if (!isAway)
        log.warn({ err: errorFacts(error) }, 'The cache is away: availability is read from Acuity');
      isAway = true;
      return fallback;
    }
  }

  const get = (key: string) => attempt(() => cache.get(key), null);
  /** Values are read far more often than they change: each is parsed once, and nobody changes what was parsed. */
  const parsed = new Map<string, { raw: string; value: unknown }>();

  return {
    get,
    async read(key, schema) {
      const raw = await get(key);
      if (raw === null) return null;
      const last = parsed.get(key);
      // A key is always read with the same schema.
      if (last?.raw === raw) return last.value as z.output<typeof schema> | null;
      const { data: value = null } = schema.safeParse(parseJson(raw));
      if (parsed.size >= mostParsed) parsed.clear();
      parsed.set(key, { raw, value });
      return value;
    },
    set: (key, value, ttlMs) => attempt(() => cache.set(key, value, ttlMs).then(() => true), false),
    lock: (key, ttlMs) =>
      attempt<Lock | 'held' | 'away'>(async () => (await cache.lock(key, ttlMs)) ?? 'held', 'away'),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

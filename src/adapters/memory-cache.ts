// A cache within one process: for development, for tests, and for the limiter when Redis is unavailable.
import type { Cache, Lock } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';

interface Entry {
  value: string;
  expiresAt: number;
}

/** `endsAt` is on the scale of `performance.now()`. */
interface Lease {
  endsAt: number;
}

// A read removes an expired entry; the others are swept after so many writes.
const writesBetweenSweeps = 1_000;

/**
 * `clock` decides when values and counts expire, so that a test can let an hour pass. Locks, places and tokens always
 * use real time, because they protect against processes that really run.
 */
export function createMemoryCache({ clock }: { clock?: Clock } = {}): Cache {
  const entries = new Map<string, Entry>();
  const locks = new Map<string, Lease>();
  const pools = new Map<string, Set<Lease>>();
  const buckets = new Map<string, number>();
  let writes = 0;

  const now = () => (clock ? clock.now().getTime() : Date.now());

  function alive(key: string): Entry | null {
    const entry = entries.get(key);
    if (!entry) return null;
    if (entry.expiresAt > now()) return entry;
    entries.delete(key);
    return null;
  }

  function write(key: string, entry: Entry): void {
    writes += 1;
    if (writes % writesBetweenSweeps === 0) {
      const at = now();
      for (const [old, { expiresAt }] of entries) if (expiresAt <= at) entries.delete(old);
      for (const [old, lease] of locks) if (lease.endsAt <= performance.now()) locks.delete(old);
    }
    entries.set(key, entry);
  }

  return {
    async get(key) {
      return alive(key)?.value ?? null;
    },
    async set(key, value, ttlMs) {
      write(key, { value, expiresAt: now() + ttlMs });
    },
    async delete(...keys) {
      for (const key of keys) entries.delete(key);
    },
    async increment(key, ttlMs) {
      const before = alive(key);
      const count = Number(before?.value ?? 0) + 1;
      const expiresAt = before?.expiresAt ?? now() + ttlMs;
      write(key, { value: String(count), expiresAt });
      return { count, expiresInMs: expiresAt - now() };
    },

    async lock(key, ttlMs) {
      const holder = locks.get(key);
      if (holder && holder.endsAt > performance.now()) return null;
      const lease = { endsAt: performance.now() + ttlMs };
      locks.set(key, lease);
      return asLock(
        lease,
        () => locks.get(key) === lease,
        () => locks.delete(key),
      );
    },
    async takeToken(bucket, limit, maxWaitMs) {
      const between = 1_000 / limit.perSecond;
      const at = performance.now();
      const due = Math.max(buckets.get(bucket) ?? 0, at);
      const wait = Math.max(0, due - (limit.burst - 1) * between - at);
      if (wait > maxWaitMs) return null;
      buckets.set(bucket, due + between);
      return Math.ceil(wait);
    },
    async takePlace(pool, capacity, leaseMs) {
      const places = pools.get(pool) ?? new Set<Lease>();
      pools.set(pool, places);
      for (const place of places) if (place.endsAt <= performance.now()) places.delete(place);
      if (places.size >= capacity) return null;
      const lease = { endsAt: performance.now() + leaseMs };
      places.add(lease);
      return asLock(
        lease,
        () => places.has(lease),
        () => places.delete(lease),
      );
    },

    async ping() {},
    async close() {
      for (const map of [entries, locks, pools, buckets]) map.clear();
    },
  };
}

function asLock(lease: Lease, isHeld: () => boolean, free: () => void): Lock {
  return {
    async extend(ttlMs) {
      if (!isHeld() || lease.endsAt <= performance.now()) return false;
      lease.endsAt = performance.now() + ttlMs;
      return true;
    },
    async release() {
      if (isHeld()) free();
    },
  };
}

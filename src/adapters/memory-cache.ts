// A cache within one process: for development, for tests, and for the limiter when Redis is unavailable.
import type { Cache, Lock, Turn, TurnLimit, WaitingCalls } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';

interface Entry {
  value: string;
  expiresAt: number;
}

/** `endsAt` is on the scale of `elapsedMs`. */
interface Lease {
  endsAt: number;
}

interface Turns {
  /** The moment at which the bucket will be full again. */
  due: number;
  /** How many turns passed the last lane over. */
  passed: number;
  /** Where calls wait, and until when that holds. */
  waits: Map<string, { lane: number; until: number }>;
}

const waitsMs = 500;

// A read removes an expired entry; the others are swept after so many writes.
const writesBetweenSweeps = 1_000;

/**
 * `clock` decides when values and counts expire, so that a test can let an hour pass. Locks, places and tokens use
 * `elapsedMs`, real time unless a test decides about that too, because they protect against processes that really run.
 */
export function createMemoryCache({
  clock,
  elapsedMs = () => performance.now(),
}: {
  clock?: Clock;
  elapsedMs?: () => number;
} = {}): Cache {
  const entries = new Map<string, Entry>();
  const locks = new Map<string, Lease>();
  const pools = new Map<string, Set<Lease>>();
  const buckets = new Map<string, Turns>();
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
      for (const [old, lease] of locks) if (lease.endsAt <= elapsedMs()) locks.delete(old);
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
      if (holder && holder.endsAt > elapsedMs()) return null;
      const lease = { endsAt: elapsedMs() + ttlMs };
      locks.set(key, lease);
      return asLock(
        lease,
        elapsedMs,
        () => locks.get(key) === lease,
        () => locks.delete(key),
      );
    },
    async takeTurn(bucket, limit, waiting) {
      const turns = buckets.get(bucket) ?? { due: 0, passed: 0, waits: new Map() };
      buckets.set(bucket, turns);
      return takeTurn(turns, limit, waiting, elapsedMs());
    },
    async takePlace(pool, capacity, leaseMs) {
      const places = pools.get(pool) ?? new Set<Lease>();
      pools.set(pool, places);
      for (const place of places) if (place.endsAt <= elapsedMs()) places.delete(place);
      if (places.size >= capacity) return null;
      const lease = { endsAt: elapsedMs() + leaseMs };
      places.add(lease);
      return asLock(
        lease,
        elapsedMs,
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

function takeTurn(turns: Turns, limit: TurnLimit, { process, counts }: WaitingCalls, now: number): Turn {
  const between = 1_000 / limit.perSecond;
  counts.forEach((count, lane) => {
    if (count > 0) turns.waits.set(`${lane}:${process}`, { lane, until: now + waitsMs });
    else turns.waits.delete(`${lane}:${process}`);
  });
  for (const [key, { until }] of turns.waits) if (until <= now) turns.waits.delete(key);
  const lanes = new Set([...turns.waits.values()].map(({ lane }) => lane));
  const last = counts.length - 1;
  const isPassedOver = (turnsPassed: number) => lanes.has(last) && turns.passed >= turnsPassed;
  const isLongPassedOver = isPassedOver(2 * limit.lastLaneEvery);
  const isLast = isLongPassedOver || (!lanes.has(0) && isPassedOver(limit.lastLaneEvery));
  const lane = isLast ? last : Math.min(...lanes);
  if (lanes.size === 0) return { lane: null, waitMs: 0 };
  const kept = isLongPassedOver || lane === 0 ? 0 : 1;
  const due = Math.max(turns.due, now);
  const wait = Math.max(0, due - (limit.burst - 1 - kept) * between - now);
  const count = counts[lane] ?? 0;
  if (count === 0) return { lane: null, waitMs: Math.ceil(wait + between) };
  if (wait > 0) return { lane: null, waitMs: Math.ceil(wait) };
  if (count === 1) turns.waits.delete(`${lane}:${process}`);
  if (lane === last) turns.passed = 0;
  else if (lanes.has(last)) turns.passed += 1;
  turns.due = due + between;
  return { lane };
}

function asLock(lease: Lease, elapsedMs: () => number, isHeld: () => boolean, free: () => void): Lock {
  return {
    async extend(ttlMs) {
      if (!isHeld() || lease.endsAt <= elapsedMs()) return false;
      lease.endsAt = elapsedMs() + ttlMs;
      return true;
    },
    async release() {
      if (isHeld()) free();
    },
  };
}

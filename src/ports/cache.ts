/**
 * What processes share and may lose: cached reads, locks, rate limits. Nothing that must survive lives here.
 * Values are JSON strings. Two adapters, redis-cache and memory-cache, pass one contract test. Every method throws
 * when the cache cannot be reached, after 200 ms at most and mostly at once: callers decide how to live without it.
 */
export interface Cache {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(...keys: string[]): Promise<void>;

  /** Adds 1 and returns the new count. The key expires `ttlMs` after it was FIRST incremented. */
  increment(key: string, ttlMs: number): Promise<{ count: number; expiresInMs: number }>;

  /** Takes the lock if nobody holds it; null when somebody does. It frees itself after `ttlMs`. */
  lock(key: string, ttlMs: number): Promise<Lock | null>;

  /**
   * A token bucket shared by all processes. Takes one token and says how long to wait before using it: 0 when
   * one was there. The wait is already reserved, so callers sleep and go on. Null when the wait would be longer
   * than `maxWaitMs`: nothing was taken.
   */
  takeToken(
    bucket: string,
    limit: { perSecond: number; burst: number },
    maxWaitMs: number,
  ): Promise<number | null>;

  /**
   * One of `capacity` places shared by all processes, or null when none is free. A place that is not released
   * (its process died) frees itself after `leaseMs`.
   */
  takePlace(pool: string, capacity: number, leaseMs: number): Promise<Lock | null>;

  /** Throws when the cache cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Lock {
  /** Makes it last `ttlMs` from now; false when it was lost in between. For holders that outlive a short lease. */
  extend(ttlMs: number): Promise<boolean>;
  /** Never throws: what cannot be given back frees itself when its time is up. */
  release(): Promise<void>;
}

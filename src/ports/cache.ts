/**
 * What processes share and can afford to lose: cached reads, locks, rate limits. Nothing that must survive is kept
 * here. Values are JSON strings. Two adapters, redis-cache and memory-cache, pass one contract test. Every method
 * throws within 200 ms when the cache cannot be reached; callers decide how to go on without it.
 */
export interface Cache {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(...keys: string[]): Promise<void>;

  /** Adds 1 and returns the new count. The key expires `ttlMs` after the FIRST increment. */
  increment(key: string, ttlMs: number): Promise<{ count: number; expiresInMs: number }>;

  /** Takes the lock; null when somebody else holds it. The lock expires after `ttlMs`. */
  lock(key: string, ttlMs: number): Promise<Lock | null>;

  /**
   * A token bucket shared by all processes. Takes one token and returns how long to wait before using it, 0 when one
   * was available. The wait is already reserved, so callers sleep and continue. Null, and no token is taken, when the
   * wait would exceed `maxWaitMs`.
   */
  takeToken(
    bucket: string,
    limit: { perSecond: number; burst: number },
    maxWaitMs: number,
  ): Promise<number | null>;

  /**
   * Takes one of `capacity` places shared by all processes; null when none is free. A place whose process died is freed
   * after `leaseMs`.
   */
  takePlace(pool: string, capacity: number, leaseMs: number): Promise<Lock | null>;

  /** Throws when the cache cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Lock {
  /**
   * Extends the lock to `ttlMs` from now, for holders that outlive a short lease. False when it was lost in between.
   */
  extend(ttlMs: number): Promise<boolean>;
  /** Never throws: a lock that cannot be released expires. */
  release(): Promise<void>;
}

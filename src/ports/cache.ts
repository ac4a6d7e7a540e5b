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
   * A token bucket shared by all processes, whose tokens go to the first lane in which somebody waits, in any process.
   * One token of the burst is kept for the first lane, so that its next call need not wait. After `lastLaneEvery` turns
   * that passed the last lane over, it comes before every lane but the first; after twice as many, before that as well.
   * `waiting` is this process's part, and holds for half a second.
   */
  takeTurn(bucket: string, limit: TurnLimit, waiting: WaitingCalls): Promise<Turn>;

  /**
   * Takes one of `capacity` places shared by all processes; null when none is free. A place whose process died is freed
   * after `leaseMs`.
   */
  takePlace(pool: string, capacity: number, leaseMs: number): Promise<Lock | null>;

  /** Throws when the cache cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface TurnLimit {
  perSecond: number;
  /** At least 2. */
  burst: number;
  lastLaneEvery: number;
}

export interface WaitingCalls {
  process: string;
  /** How many wait in each lane, the first lane first. */
  counts: readonly number[];
}

/** The index of the lane that got a token, or how long to wait before asking again. */
export type Turn = { lane: number } | { lane: null; waitMs: number };

export interface Lock {
  /**
   * Extends the lock to `ttlMs` from now, for holders that outlive a short lease. False when it was lost in between.
   */
  extend(ttlMs: number): Promise<boolean>;
  /** Never throws: a lock that cannot be released expires. */
  release(): Promise<void>;
}

// Acuity refuses more than 10 requests a second and 20 at once from one address, so all processes share the limits. Calls
// wait in lanes, so that reads and work in the background never delay a booking.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { failure, ok, type Result } from '../../lib/result.ts';
import type { Cache, Lock } from '../../ports/cache.ts';
import { createMemoryCache } from '../memory-cache.ts';

/** The first comes first: what a person books or changes, what a person looks at, and what nobody waits for. */
export const lanes = ['booking', 'page', 'background'] as const;
export type Lane = (typeof lanes)[number];

const burst = 2;
const lastLaneEvery = 7;
/**
 * Of the twenty calls at once each lane has its own, so that calls that hang in one lane never block another. A booking
 * also uses those of pages.
 */
const places: Record<Lane, { pool: Lane; capacity: number }[]> = {
  booking: [
    { pool: 'booking', capacity: 4 },
    { pool: 'page', capacity: 10 },
  ],
  page: [{ pool: 'page', capacity: 10 }],
  background: [{ pool: 'background', capacity: 6 }],
};
const retryMs = 50;

export interface QueueFull {
  reason: 'queue_full';
  retryAfterMs: number;
}

export interface Limiter {
  /**
   * Runs `call` once the limits allow it. Fails, without running it, when the wait exceeds `maxWaitMs`, and at once when
   * so many calls wait already that it would.
   */
  run<T>(call: () => Promise<T>, wait: { lane: Lane; maxWaitMs: number }): Promise<Result<T, QueueFull>>;
}

export interface LimiterOptions {
  cache: Cache;
  /** How many calls all processes together may begin, in a steady stream after a burst of two. */
  perSecond: number;
  /** Must be longer than any call takes. */
  leaseMs: number;
  log: Logger;
  /** Reports how long a call waited; `isGranted` is false when it gave up. */
  waited?: (lane: Lane, isGranted: boolean, seconds: number) => void;
}

interface Waiter {
  /** Its turn has come: it holds the place until its call ends. */
  start(place: Lock): void;
}

export function createLimiter({ cache, perSecond, leaseMs, log, waited }: LimiterOptions): Limiter {
  const rate = { perSecond, burst, lastLaneEvery };
  // While the shared cache is unavailable, each process applies the limits on its own.
  const local = createMemoryCache();
  let isShared = true;
  const process = randomUUID();
  const queues: Record<Lane, Waiter[]> = { booking: [], page: [], background: [] };
  /** The place for the next call of a lane, taken before its turn so that no turn is lost. */
  const held = new Map<Lane, Lock>();
  let isServing = false;
  let wake = () => undefined as void;

  async function fromShared<T>(take: (from: Cache) => Promise<T>): Promise<T> {
    try {
      const taken = await take(cache);
      isShared = true;
      return taken;
    } catch {
      if (isShared) log.warn('The cache is away: each process applies the limits of Acuity on its own');
      isShared = false;
      return take(local);
    }
  }

  /** Gives turns while somebody waits. */
  async function serve(): Promise<void> {
    if (isServing) return;
    isServing = true;
    while (lanes.some((lane) => queues[lane].length > 0)) {
      const isComplete = await takePlaces();
      const counts = lanes.map((lane) => (held.has(lane) ? queues[lane].length : 0));
      const turn = await fromShared((from) => from.takeTurn('acuity', rate, { process, counts }));
      if (turn.lane === null) await pause(isComplete ? turn.waitMs : Math.min(turn.waitMs, retryMs));
      else startFirst(lanes[turn.lane]);
    }
    isServing = false;
    const unused = [...held.values()];
    held.clear();
    await Promise.all(unused.map((place) => place.release()));
  }

  /** False when a lane in which somebody waits has no place left. */
  async function takePlaces(): Promise<boolean> {
    const lacking = lanes.filter((lane) => queues[lane].length > 0 && !held.has(lane));
    for (const lane of lacking) {
      const place = await takePlace(lane);
      if (place) held.set(lane, place);
    }
    return lacking.every((lane) => held.has(lane));
  }

  async function takePlace(lane: Lane): Promise<Lock | null> {
    for (const { pool, capacity } of places[lane]) {
      const place = await fromShared((from) => from.takePlace(`acuity:${pool}`, capacity, leaseMs));
      if (place) return place;
    }
    return null;
  }

  function startFirst(lane: Lane | undefined): void {
    const place = lane && held.get(lane);
    // Everybody in the lane may have given up meanwhile.
    const waiter = lane && queues[lane].shift();
    if (!place || !waiter) return;
    held.delete(lane);
    waiter.start(place);
  }

  /** Ends early when somebody comes to a lane where nobody waited. */
  async function pause(ms: number): Promise<void> {
    await new Promise<void>((go) => {
      const timer = setTimeout(go, Math.max(1, ms));
      wake = () => {
        clearTimeout(timer);
        go();
      };
    });
  }

  function waitForPlace(lane: Lane, maxWaitMs: number): Promise<Lock | null> {
    return new Promise((go) => {
      const waiter: Waiter = {
        start(place) {
          clearTimeout(timer);
          go(place);
        },
      };
      const timer = setTimeout(() => {
        queues[lane] = queues[lane].filter((other) => other !== waiter);
        go(null);
      }, maxWaitMs);
      queues[lane].push(waiter);
      if (queues[lane].length === 1) wake();
      void serve();
    });
  }

  /** How long a call that comes now waits for those before it in this process. */
  function expectedWaitMs(lane: Lane): number {
    const before = lanes.slice(0, lanes.indexOf(lane) + 1);
    const all = before.reduce((sum, each) => sum + queues[each].length, 0);
    const isLast = before.length === lanes.length;
    const turns = isLast ? Math.min(all, (queues[lane].length + 1) * lastLaneEvery) : all;
    return (turns * 1_000) / perSecond;
  }

  return {
    async run(call, { lane, maxWaitMs }) {
      const startedAt = performance.now();
      const isTooLong = expectedWaitMs(lane) > maxWaitMs;
      const place = isTooLong ? null : await waitForPlace(lane, maxWaitMs);
      waited?.(lane, place !== null, (performance.now() - startedAt) / 1_000);
      if (!place)
        return failure({ reason: 'queue_full', retryAfterMs: Math.max(1_000, expectedWaitMs(lane)) });
      try {
        return ok(await call());
      } finally {
        await place.release();
      }
    },
  };
}

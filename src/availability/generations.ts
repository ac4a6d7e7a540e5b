// Reads made before a calendar changed must not be shown afterwards. Each change starts a new generation of cache keys,
// so that an answer still in flight is stored under a key that is no longer read.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { TolerantCache } from './tolerant-cache.ts';

export interface TakenTime {
  startsAt: number;
  endsAt: number;
  /** When the time was taken. Answers of Acuity from later include it already. */
  at: number;
}

export interface Generations {
  current(calendarId: number): Promise<string>;
  /** The generation that this process saw last; nearly always the current one. */
  lastKnown(calendarId: number): string;
  next(calendarId: number, taken?: { startsAt: Date; durationMinutes: number }): Promise<void>;
  takenTimes(calendarId: number): Promise<TakenTime[]>;
}

const first = '0';
// Longer than any value of a generation is kept. Generations have random names, so an expired one cannot recur.
const generationMs = 24 * 3_600_000;
// Longer than a stale copy is shown.
const takenMs = 2 * 3_600_000;

const takenList = z.array(z.object({ startsAt: z.number(), endsAt: z.number(), at: z.number() }));

const generationKey = (calendarId: number) => `availability:${calendarId}:generation`;
const takenKey = (calendarId: number) => `availability:${calendarId}:taken`;

export function createGenerations(cache: TolerantCache, clock: Clock): Generations {
  const known = new Map<number, string>();
  // Changes that could not be written to the cache; written before anything is read from it again.
  const unwritten = new Map<number, string>();

  async function takenTimes(calendarId: number): Promise<TakenTime[]> {
    return (await cache.read(takenKey(calendarId), takenList)) ?? [];
  }

  async function storeTaken(calendarId: number, startsAt: Date, minutes: number): Promise<void> {
    const at = clock.now().getTime();
    const time = { startsAt: startsAt.getTime(), endsAt: startsAt.getTime() + minutes * 60_000, at };
    const lock = await lockBriefly(`${takenKey(calendarId)}:change`);
    try {
      const recent = (await takenTimes(calendarId)).filter((other) => at - other.at < takenMs);
      await cache.set(takenKey(calendarId), JSON.stringify([...recent, time]), takenMs);
    } finally {
      await lock?.release();
    }
  }

  /** Waits for the lock briefly, then goes on without it: losing an entry is better than delaying a booking. */
  async function lockBriefly(key: string) {
    for (let tries = 0; tries < 20; tries += 1) {
      const lock = await cache.lock(key, 2_000);
      if (lock === 'away') return null;
      if (lock !== 'held') return lock;
      await sleep(10 + Math.random() * 20);
    }
    return null;
  }

  return {
    lastKnown: (calendarId) => known.get(calendarId) ?? first,
    async current(calendarId) {
      const mine = unwritten.get(calendarId);
      if (mine) {
        if (!(await cache.set(generationKey(calendarId), mine, generationMs))) return mine;
        unwritten.delete(calendarId);
      }
      const generation = (await cache.get(generationKey(calendarId))) ?? first;
      known.set(calendarId, generation);
      return generation;
    },
    async next(calendarId, taken) {
      const generation = randomUUID();
      known.set(calendarId, generation);
      // Writes the list first: a stale copy in between would show the taken time.
      if (taken) await storeTaken(calendarId, taken.startsAt, taken.durationMinutes);
      const isWritten = await cache.set(generationKey(calendarId), generation, generationMs);
      if (isWritten) unwritten.delete(calendarId);
      else unwritten.set(calendarId, generation);
    },
    takenTimes,
  };
}

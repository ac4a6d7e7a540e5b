import type { Clock } from '../../../src/ports/clock.ts';

export interface FakeClock extends Clock {
  /** Moves the clock forward. */
  pass(time: { ms?: number; seconds?: number; minutes?: number; hours?: number }): void;
  set(instant: string): void;
}

export function createFakeClock(start = '2026-11-23T00:00:00Z'): FakeClock {
  let now = Date.parse(start);
  return {
    now: () => new Date(now),
    pass({ ms = 0, seconds = 0, minutes = 0, hours = 0 }) {
      now += ms + 1_000 * (seconds + 60 * (minutes + 60 * hours));
    },
    set(instant) {
      now = Date.parse(instant);
    },
  };
}

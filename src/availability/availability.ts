import type { Result } from '../lib/result.ts';
import type { ExaminationType, Specialist } from '../specialists/index.ts';

/** When to try again after Acuity refused our credentials: an admin has to act first. */
export const refusedRetryMs = 60_000;

export interface Slot {
  startsAt: Date;
  durationMinutes: number;
}

export type CacheState = 'HIT' | 'MISS' | 'STALE';

export interface DayAvailability {
  /** `YYYY-MM-DD` in `timezone`. */
  date: string;
  timezone: string;
  slots: Slot[];
  cache: CacheState;
  /** When Acuity was asked. */
  asOf: Date;
}

export interface MonthAvailability {
  month: string;
  timezone: string;
  /** Days with at least one free time. */
  dates: string[];
  cache: CacheState;
  asOf: Date;
}

export type AvailabilityFailure =
  | { reason: 'type_not_offered' }
  /** Acuity does not answer, and nothing in the cache is less than an hour old. */
  | { reason: 'acuity_unavailable'; retryAfterMs: number }
  /** As above, because too many of our own calls wait for Acuity's rate limit. */
  | { reason: 'acuity_queue_full'; retryAfterMs: number }
  /** As above, because Acuity refuses our credentials (ports/acuity.ts). */
  | { reason: 'acuity_refuses_us'; retryAfterMs: number }
  | { reason: 'acuity_error' };

/** `personId`: the person who asks. Times that are held for somebody else are not free. */
export interface AvailabilityService {
  /** `timezone` defaults to the specialist's own. */
  day(
    specialist: Specialist,
    query: { type: ExaminationType; date: string; timezone?: string; personId?: string },
  ): Promise<Result<DayAvailability, AvailabilityFailure>>;
  month(
    specialist: Specialist,
    query: { type: ExaminationType; month: string; timezone?: string },
  ): Promise<Result<MonthAvailability, AvailabilityFailure>>;
  /**
   * Up to three other free times nearest to `around`, within a week before and after, sorted by time. Never throws.
   */
  nearest(specialist: Specialist, type: ExaminationType, around: Date, personId?: string): Promise<Slot[]>;
  /**
   * Whether Acuity offers exactly this time. A cached "not free" older than a few seconds is checked again, so that a
   * slot freed a minute ago can be booked. `unknown` when Acuity cannot be asked, or with `fromCache` need be asked.
   */
  isFree(
    specialist: Specialist,
    type: ExaminationType,
    startsAt: Date,
    options?: { fromCache?: boolean; personId?: string },
  ): Promise<'free' | 'taken' | 'unknown'>;
  /** Discards what is cached for this calendar; `taken` times disappear from stale copies as well. Never throws. */
  invalidate(acuityCalendarId: number, taken?: { startsAt: Date; durationMinutes: number }): Promise<void>;
}

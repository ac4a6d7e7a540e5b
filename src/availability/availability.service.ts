import type { Logger } from 'pino';
import { dayIn, shiftDays, startOfDay } from '../lib/dates.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { failure, ok } from '../lib/result.ts';
import type { Acuity } from '../ports/acuity.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { ExaminationType, Specialist, SpecialistService } from '../specialists/index.ts';
import type { AvailabilityService, Slot } from './availability.ts';
import {
  combinedState,
  createCalendarReads,
  daysOver,
  asAvailabilityFailure,
  offeredSlots,
} from './calendar-reads.ts';
import { isHeld, noHolds, withoutHeld, type Holds } from './holds.ts';
import { nearestSlots } from './nearest.ts';
import { createSharedReads } from './shared-reads.ts';

export interface AvailabilityDeps {
  acuity: Acuity;
  cache: Cache;
  clock: Clock;
  log: Logger;
  /** Default: nobody holds anything. */
  holds?: Holds;
  /** Called after the free times of a calendar changed. */
  changed?: (calendarId: number, taken?: { startsAt: Date; durationMinutes: number }) => Promise<void>;
  /** Called when Acuity does not offer a time that somebody chose. */
  notOffered?: (time: { specialistId: string; type: ExaminationType; startsAt: Date }) => Promise<void>;
}

const dayMs = 24 * 3_600_000;
/** Nobody books further ahead, so later days are empty, and Acuity is not called for them. */
const horizonMs = 2 * 366 * dayMs;
/** A cached "not free" older than this is checked again before a referrer is told that the time is taken. */
const recheckTakenMs = 5_000;

export function createAvailabilityService({
  acuity,
  cache,
  clock,
  log,
  holds = noHolds,
  changed,
  notOffered,
}: AvailabilityDeps): AvailabilityService {
  const shared = createSharedReads({ cache, clock, log });
  const reads = createCalendarReads({ acuity, shared });

  const isBookable = (from: Date, to: Date) =>
    to > clock.now() && from.getTime() < clock.now().getTime() + horizonMs;
  const emptyState = () => ({ cache: 'HIT' as const, asOf: clock.now() });

  return {
    async day(specialist, { type, date, timezone = specialist.timezone, personId }) {
      const service = serviceOf(specialist, type);
      if (!service) return failure({ reason: 'type_not_offered' });
      const [from, to] = [startOfDay(date, timezone), startOfDay(shiftDays(date, 1), timezone)];
      if (!isBookable(from, to)) return ok({ date, timezone, slots: [], ...emptyState() });

      const days = timezone === specialist.timezone ? [date] : daysOver(from, to, specialist.timezone);
      const answers = await Promise.all(days.map((day) => reads.day(specialist, service, day)));
      const failed = answers.find((answer) => !answer.ok);
      if (failed) return asAvailabilityFailure(failed);
      const known = answers.filter((answer) => answer.ok).map((answer) => answer.value);
      const offered = offeredSlots(known, service, clock.now()).filter(
        (slot) => slot.startsAt >= from && slot.startsAt < to,
      );
      const slots = withoutHeld(offered, await holds.forOthers(specialist.id, personId ?? null));
      return ok({ date, timezone, slots, ...combinedState(known) });
    },

    async month(specialist, { type, month, timezone = specialist.timezone }) {
      const service = serviceOf(specialist, type);
      if (!service) return failure({ reason: 'type_not_offered' });
      const [from, to] = reads.monthBounds(month, timezone);
      if (!isBookable(from, to)) return ok({ month, timezone, dates: [], ...emptyState() });

      const answer = await reads.datesOfMonth(specialist, service, month, timezone, clock.now());
      if (!answer.ok) return asAvailabilityFailure(answer);
      const today = dayIn(clock.now(), timezone);
      const dates = answer.value.dates.filter((date) => date >= today);
      return ok({ month, timezone, ...answer.value, dates });
    },

    async nearest(specialist, type, around, personId) {
      const service = serviceOf(specialist, type);
      if (!service) return [];
      try {
        const held = await holds.forOthers(specialist.id, personId ?? null);
        return await nearestSlots({ reads, specialist, service, around, held, now: clock.now() });
      } catch (error) {
        // Suggestions are optional; the answer that they accompany must not fail because of them.
        log.warn({ specialistId: specialist.id, err: errorFacts(error) }, 'No nearest times were found');
        return [];
      }
    },

    async isFree(specialist, type, startsAt, { fromCache = false, personId } = {}) {
      const service = serviceOf(specialist, type);
      if (!service || startsAt <= clock.now()) return 'taken';
      const held = await holds.forOthers(specialist.id, personId ?? null);
      if (isHeld({ startsAt, durationMinutes: service.durationMinutes }, held)) return 'taken';
      const day = dayIn(startsAt, specialist.timezone);
      const offers = (slots: Slot[]) => slots.some((slot) => slot.startsAt.getTime() === startsAt.getTime());

      if (fromCache) {
        const known = await reads.cachedDay(specialist, service, day);
        if (!known) return 'unknown';
        if (offers(offeredSlots([known], service, clock.now()))) return 'free';
        return clock.now().getTime() - known.asOf.getTime() < recheckTakenMs ? 'taken' : 'unknown';
      }
      for (const maxAgeMs of [undefined, recheckTakenMs]) {
        const answer = await reads.day(specialist, service, day, maxAgeMs);
        if (!answer.ok || answer.value.cache === 'STALE') return 'unknown';
        if (offers(offeredSlots([answer.value], service, clock.now()))) return 'free';
      }
      try {
        await notOffered?.({ specialistId: specialist.id, type: service.type, startsAt });
      } catch (error) {
        // The next read of the calendar removes it.
        log.warn(
          { specialistId: specialist.id, err: errorFacts(error) },
          'A time that is gone is still shown',
        );
      }
      return 'taken';
    },

    async invalidate(calendarId, taken) {
      try {
        await Promise.all([shared.invalidate(calendarId, taken), changed?.(calendarId, taken)]);
      } catch (error) {
        // The cached values expire on their own.
        log.warn({ calendarId, err: errorFacts(error) }, 'The cached free times could not be invalidated');
      }
    },
  };
}

function serviceOf(specialist: Specialist, type: string): SpecialistService | null {
  return specialist.services.find((service) => service.type === type) ?? null;
}

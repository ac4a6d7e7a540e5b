// Reads a specialist's calendar by days of the specialist's zone. Readers in other zones see parts of two or three such
// days, so that all readers share the same cached reads.
import { z } from 'zod';
import { dayIn, daysInMonth, offsetMinutes, shiftDays, shiftMonths, startOfDay } from '../lib/dates.ts';
import { type Failure, failure, ok } from '../lib/result.ts';
import { refusesUs, type Acuity, type AcuityFailure } from '../ports/acuity.ts';
import type { Specialist, SpecialistService } from '../specialists/index.ts';
import { refusedRetryMs, type AvailabilityFailure, type CacheState, type Slot } from './availability.ts';
import { type Answer, type ReadResult, type Reads, type SharedRead, storedSchema } from './shared-reads.ts';

/** Free times in milliseconds since 1970, sorted. */
export type DayAnswer = Answer<number[]>;

export interface CalendarReads {
  /** `day` is in the specialist's zone. */
  day(
    specialist: Specialist,
    service: SpecialistService,
    day: string,
    maxAgeMs?: number,
  ): Promise<ReadResult<number[]>>;
  /** What `day` would return, if it is cached. Does not call Acuity. */
  cachedDay(specialist: Specialist, service: SpecialistService, day: string): Promise<DayAnswer | null>;
  /** Days in the specialist's zone that have a free time. */
  month(
    specialist: Specialist,
    service: SpecialistService,
    month: string,
    maxAgeMs?: number,
  ): Promise<ReadResult<string[]>>;
  /** Days in `timezone` that have a free time, sorted. */
  datesOfMonth(
    specialist: Specialist,
    service: SpecialistService,
    month: string,
    timezone: string,
    now: Date,
  ): Promise<
    { ok: true; value: { dates: string[]; cache: CacheState; asOf: Date } } | ({ ok: false } & AcuityFailure)
  >;
  monthBounds(month: string, timezone: string): [Date, Date];
}

const storedTimes = storedSchema(z.array(z.number()));
const storedDates = storedSchema(z.array(z.string()));

// Each read may be a call to Acuity, and bookings share its rate limit.
const daysAtOnce = 4;

export function createCalendarReads({ acuity, shared }: { acuity: Acuity; shared: Reads }): CalendarReads {
  function dayRead(
    { acuityCalendarId: calendarId, timezone }: Specialist,
    { acuityAppointmentTypeId: appointmentTypeId }: SpecialistService,
    day: string,
  ): SharedRead<number[]> {
    return {
      calendarId,
      name: `${appointmentTypeId}:${day}`,
      stored: storedTimes,
      async ask() {
        const answer = await acuity.availableTimes({ date: day, appointmentTypeId, calendarId, timezone });
        if (!answer.ok) return answer;
        const times = new Set(answer.value.map((time) => time.getTime()));
        return ok([...times].toSorted((a, b) => a - b));
      },
    };
  }

  const reads: CalendarReads = {
    day: (specialist, service, day, maxAgeMs) => shared.get(dayRead(specialist, service, day), maxAgeMs),
    cachedDay: (specialist, service, day) => shared.cached(dayRead(specialist, service, day)),

    month(specialist, service, month, maxAgeMs) {
      const { acuityCalendarId: calendarId, timezone } = specialist;
      const { acuityAppointmentTypeId: appointmentTypeId } = service;
      const read: SharedRead<string[]> = {
        calendarId,
        name: `${appointmentTypeId}:${month}`,
        stored: storedDates,
        async ask() {
          const answer = await acuity.availableDates({ month, appointmentTypeId, calendarId, timezone });
          return answer.ok ? ok([...new Set(answer.value)].toSorted()) : answer;
        },
      };
      return shared.get(read, maxAgeMs);
    },

    monthBounds(month, timezone) {
      return [startOfDay(`${month}-01`, timezone), startOfDay(`${shiftMonths(month, 1)}-01`, timezone)];
    },

    async datesOfMonth(specialist, service, month, timezone, now) {
      if (sameDaysAllMonth(month, timezone, specialist.timezone)) {
        const answer = await reads.month(specialist, service, month);
        return answer.ok ? ok({ dates: answer.value.value, ...combinedState([answer.value]) }) : answer;
      }
      return datesElsewhere(specialist, service, month, timezone, now);
    },
  };

  /**
   * Which days of another zone have a free time depends on the times: 8:00 in Sydney is the day before in London. So
   * every day that has a free time is read, from the cache where possible.
   */
  async function datesElsewhere(
    specialist: Specialist,
    service: SpecialistService,
    month: string,
    timezone: string,
    now: Date,
  ): ReturnType<CalendarReads['datesOfMonth']> {
    const [from, to] = reads.monthBounds(month, timezone);
    const days = daysOver(from, to, specialist.timezone);
    const months = await Promise.all(
      [...new Set(days.map((day) => day.slice(0, 7)))].map((each) => reads.month(specialist, service, each)),
    );
    const failed = months.find((answer) => !answer.ok);
    if (failed) return failed;
    const known = months.filter((answer) => answer.ok).map((answer) => answer.value);

    const today = dayIn(now, specialist.timezone);
    const free = new Set(known.flatMap((answer) => answer.value));
    const toRead = days.filter((day) => day >= today && free.has(day));
    const answers: DayAnswer[] = [];
    for (let i = 0; i < toRead.length; i += daysAtOnce) {
      const some = toRead.slice(i, i + daysAtOnce).map((day) => reads.day(specialist, service, day));
      for (const answer of await Promise.all(some)) {
        if (!answer.ok) return answer;
        answers.push(answer.value);
      }
    }
    const slots = offeredSlots(answers, service, now).filter(
      (slot) => slot.startsAt >= from && slot.startsAt < to,
    );
    const dates = [...new Set(slots.map((slot) => dayIn(slot.startsAt, timezone)))];
    return ok({ dates, ...combinedState([...known, ...answers]) });
  }

  return reads;
}

/** The days of `zone` that overlap the span between two instants. */
export function daysOver(from: Date, to: Date, zone: string): string[] {
  const last = dayIn(new Date(to.getTime() - 1), zone);
  const days: string[] = [];
  for (let day = dayIn(from, zone); day <= last; day = shiftDays(day, 1)) days.push(day);
  return days;
}

function sameDaysAllMonth(month: string, zone: string, other: string): boolean {
  if (zone === other) return true;
  const first = startOfDay(`${month}-01`, zone).getTime();
  return Array.from({ length: daysInMonth(month) + 2 }, (_, i) => new Date(first + i * 24 * 3_600_000)).every(
    (instant) => offsetMinutes(instant, zone) === offsetMinutes(instant, other),
  );
}

/** The times that can be offered now, sorted: future ones, without those that were taken after a stale copy was read. */
export function offeredSlots(answers: DayAnswer[], service: SpecialistService, now: Date): Slot[] {
  const { durationMinutes } = service;
  const length = durationMinutes * 60_000;
  const times = answers.flatMap(({ value, takenSince }) =>
    value.filter(
      (time) =>
        time > now.getTime() &&
        !takenSince.some((taken) => time < taken.endsAt && taken.startsAt < time + length),
    ),
  );
  return times.toSorted((a, b) => a - b).map((time) => ({ startsAt: new Date(time), durationMinutes }));
}

/** The combined state of several answers: as old as the oldest of them. */
export function combinedState(answers: { cache: CacheState; asOf: Date }[]): {
  cache: CacheState;
  asOf: Date;
} {
  const states = new Set(answers.map((answer) => answer.cache));
  const cache = states.has('STALE') ? 'STALE' : states.has('MISS') ? 'MISS' : 'HIT';
  return { cache, asOf: new Date(Math.min(...answers.map((answer) => answer.asOf.getTime()))) };
}

export function asAvailabilityFailure(why: AcuityFailure): Failure<AvailabilityFailure> {
  if (refusesUs(why)) return failure({ reason: 'acuity_refuses_us', retryAfterMs: refusedRetryMs });
  if (why.reason === 'queue_full')
    return failure({ reason: 'acuity_queue_full', retryAfterMs: why.retryAfterMs });
  if (why.reason === 'unavailable' || why.reason === 'rate_limited') {
    return failure({ reason: 'acuity_unavailable', retryAfterMs: why.retryAfterMs });
  }
  return failure({ reason: 'acuity_error' });
}

/** Whether Acuity answered but could not read this calendar; others may still be read. */
export function isRefusal(why: AcuityFailure): boolean {
  return !refusesUs(why) && (why.reason === 'refused' || why.reason === 'not_found');
}

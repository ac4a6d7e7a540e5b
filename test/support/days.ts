// Days and times by the machine's clock, for tests that run the app or Acuity on it: a date that is written out would be in
// the past one day. A test that sets the clock writes its dates out.
import { Temporal } from 'temporal-polyfill';
import { dayIn, shiftDays, shiftMonths } from '../../src/lib/dates.ts';

const zone = 'Australia/Sydney';

/** `YYYY-MM-DD` in UTC, this many days from today. */
export function dayFromToday(days: number): string {
  return shiftDays(dayIn(new Date(), 'UTC'), days);
}

// Once for each process: at midnight it would become another day.
const firstOfMonth = Temporal.PlainDate.from(`${shiftMonths(dayIn(new Date(), zone).slice(0, 7), 2)}-01`);
const untilTuesday = (9 - firstOfMonth.dayOfWeek) % 7;
const secondTuesday = firstOfMonth.add({ days: untilTuesday + 7 });

/**
 * `YYYY-MM-DD`, six to eleven weeks ahead: the second Tuesday of the month after next in Sydney, or `days` after it. Up to
 * 13 days after, it is the same month, and Sydney's clocks do not change: they do on a month's first Sunday.
 */
export function dayAhead(days = 0): string {
  return secondTuesday.add({ days }).toString();
}

/** This full hour on `dayAhead(days)`, in Sydney. */
export function timeAhead(hour: number, days = 0): string {
  return sydneyTime(dayAhead(days), hour);
}

/** `2027-01-12T10:00:00+11:00` */
export function sydneyTime(day: string, hour: number): string {
  const time = Temporal.PlainDate.from(day).toZonedDateTime({
    timeZone: zone,
    plainTime: Temporal.PlainTime.from({ hour }),
  });
  return time.toString({ timeZoneName: 'never' });
}

// A month as the weeks of a table, Monday first.
import { Temporal } from 'temporal-polyfill';

export interface MonthDay {
  /** `YYYY-MM-DD` */
  date: string;
  number: number;
}

export const weekdays: [string, string][] = [
  ['Mon', 'Monday'],
  ['Tue', 'Tuesday'],
  ['Wed', 'Wednesday'],
  ['Thu', 'Thursday'],
  ['Fri', 'Friday'],
  ['Sat', 'Saturday'],
  ['Sun', 'Sunday'],
];

/** Seven cells a week; null for days of other months. */
export function weeksOf(month: string): (MonthDay | null)[][] {
  const first = Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 });
  const before = Array.from({ length: first.dayOfWeek - 1 }, () => null);
  const days = Array.from({ length: first.daysInMonth }, (_, index) => ({
    date: first.add({ days: index }).toString(),
    number: index + 1,
  }));
  const cells = [...before, ...days];
  const weeks = Math.ceil(cells.length / 7);
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (__, day) => cells[week * 7 + day] ?? null),
  );
}

/** The seven days around `day`, Monday first. */
export function weekOf(day: string): MonthDay[] {
  const date = Temporal.PlainDate.from(day);
  const monday = date.subtract({ days: date.dayOfWeek - 1 });
  return Array.from({ length: 7 }, (_, index) => {
    const other = monday.add({ days: index });
    return { date: other.toString(), number: other.day };
  });
}

export function lastDayOf(month: string): string {
  const yearMonth = Temporal.PlainYearMonth.from(month);
  return yearMonth.toPlainDate({ day: yearMonth.daysInMonth }).toString();
}

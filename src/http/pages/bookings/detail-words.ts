// Details of an examination on pages.
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import type { Detail } from '../../../bookings/index.ts';
import { dayInWords } from '../../../lib/dates.ts';

/** '' without a value: the page has its own text for that. */
export function detailWords(detail: Detail, value: string | null | undefined): string {
  if (!value) return detail.absentWords ?? '';
  const { input } = detail;
  // Text that cannot be read as a number is shown as typed. Of two numbers the formatter would show only one.
  if (isUnreadable(detail, value)) return value;
  if (input.as === 'day') return dayInWords(value);
  if (input.as === 'text' && input.type === 'tel')
    return parsePhoneNumberFromString(value)?.formatInternational() ?? value;
  return value;
}

export function isUnreadable(detail: Detail, value: string | null | undefined): boolean {
  return Boolean(value) && detail.isReadable?.(value as string) === false;
}

// Details of an examination on pages.
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import type { Detail } from '../../../bookings/index.ts';
import { dayWords } from '../when.ts';

/** '' without a value: the page has its own text for that. */
export function detailWords(detail: Detail, value: string | null | undefined): string {
  if (!value) return detail.absentWords ?? '';
  const { input } = detail;
  if (input.as === 'day') return bornOn(value);
  if (input.as === 'text' && input.type === 'tel')
    return parsePhoneNumberFromString(value)?.formatInternational() ?? value;
  return value;
}

/** `27 March 1984`, without the weekday. */
function bornOn(day: string): string {
  return dayWords(day).replace(/^\S+ /, '');
}

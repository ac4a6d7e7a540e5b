// Reads a calendar day as people and clinics type it: the day before the month, as everywhere but in America.
import { parseDay } from './dates.ts';
import { tidyLine } from './typed-text.ts';

export type TypedDay =
  | { kind: 'day'; day: string }
  /** The year has two digits: the days it can mean, the latest first. */
  | { kind: 'short_year'; days: string[] }
  | { kind: 'unreadable' };

const unreadable: TypedDay = { kind: 'unreadable' };

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const fullMonths =
  /^(january|february|march|april|may|june|july|august|september|sept|october|november|december)$/;

const separator = String.raw`(?:\s*[\/.,\-]\s*|\s+|(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d))`;
const dayPart = String.raw`(?<day>\d{1,2})(?:st|nd|rd|th)?(?: of)?`;
const monthPart = String.raw`(?<month>\d{1,2}|[a-z]{3,9})\.?,?`;
const named = String.raw`(?<month>[a-z]{3,9})\.?`;
const shortOrLongYear = String.raw`(?<year>\d{4}|'?\d{2})`;
const shapes = [
  String.raw`(?<year>\d{4})${separator}${monthPart}${separator}${dayPart}`,
  `${dayPart}${separator}${monthPart}${separator}${shortOrLongYear}`,
  `${named}${separator}${dayPart},?${separator}${shortOrLongYear}`,
  String.raw`(?<year>(?:19|20)\d{2})(?<month>\d{2})(?<day>\d{2})`,
  String.raw`(?<day>\d{2})(?<month>\d{2})(?<year>(?:19|20)\d{2})`,
].map((shape) => new RegExp(`^${shape}$`));

/** `1984-03-27`, `27/3/1984`, `27-03-1984`, `27.3.84`, `27 March 1984`, `27th of Mar. 1984`, `March 27, 1984` … */
export function readTypedDay(typed: string): TypedDay {
  if (typed.length > 80) return unreadable;
  const text = tidyLine(typed.normalize('NFKC'))
    .toLowerCase()
    .replace(/^(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?\.?,? /, '')
    .replace(/\.$/, '');
  for (const shape of shapes) {
    const parts = shape.exec(text)?.groups;
    const month = parts && readMonth(parts.month ?? '');
    if (!month) continue;
    const read = dayOf(parts.day ?? '', month, (parts.year ?? '').replace("'", ''));
    if (read.kind !== 'unreadable') return read;
  }
  return unreadable;
}

/** The month in two digits: `3`, `03`, `Mar`, `march`. */
function readMonth(text: string): string | null {
  if (/^\d{1,2}$/.test(text)) return text.padStart(2, '0');
  const index = text.length === 3 || fullMonths.test(text) ? months.indexOf(text.slice(0, 3)) : -1;
  return index < 0 ? null : String(index + 1).padStart(2, '0');
}

function dayOf(day: string, month: string, year: string): TypedDay {
  const inYear = (full: string) => parseDay(`${full}-${month}-${day.padStart(2, '0')}`);
  if (year.length === 2) {
    const days = [`20${year}`, `19${year}`].flatMap((full) => inYear(full) ?? []);
    return days.length > 0 ? { kind: 'short_year', days } : unreadable;
  }
  const read = inYear(year);
  return read === null ? unreadable : { kind: 'day', day: read };
}

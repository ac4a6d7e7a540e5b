// Reads all appointments of some days. Acuity lists at most 100 and does not say whether there are more (acuity.md
// 6.1), so the days of a full page are read again in smaller parts.
import { daysBetween, shiftDays } from '../lib/dates.ts';
import { failure, ok } from '../lib/result.ts';
import type { Acuity, AcuityResult, Appointment } from '../ports/acuity.ts';
import type { Span } from './differences.ts';

const pageSize = 100;
/** Page size for one day of one calendar, which cannot be halved. Acuity accepts it in practice. */
const dayLimit = 2_000;
const dayMs = 86_400_000;

/** Active and cancelled, each once. */
export function readWindow(
  acuity: Pick<Acuity, 'findAppointments'>,
  span: Span,
  calendarIds: readonly number[],
): Promise<AcuityResult<Appointment[]>> {
  return readParts(acuity, [span], calendarIds);
}

/** Reads one window after the other. */
export type WindowReader = (
  span: Span,
  calendarIds: readonly number[],
) => Promise<AcuityResult<Appointment[]>>;

/** Begins each window with parts that should fit into a page, by the window read last: a full page is read in vain. */
export function createWindowReader(acuity: Pick<Acuity, 'findAppointments'>): WindowReader {
  let daysAPage = Number.MAX_SAFE_INTEGER;
  return async (span, calendarIds) => {
    const found = await readParts(acuity, partsOfDays(span, daysAPage), calendarIds);
    if (found.ok && found.value.length > 0) {
      const days = daysBetween(span.from, span.to) + 1;
      // A fifth of the page for days that are busier than the average.
      daysAPage = Math.max(1, Math.floor((days * pageSize * 0.8) / found.value.length));
    }
    return found;
  };
}

async function readParts(
  acuity: Pick<Acuity, 'findAppointments'>,
  parts: readonly Span[],
  calendarIds: readonly number[],
): Promise<AcuityResult<Appointment[]>> {
  const all = await each(parts, (part) => read(acuity, part, calendarIds));
  if (!all.ok) return all;
  return ok([...new Map(all.value.map((appointment) => [appointment.id, appointment])).values()]);
}

async function read(
  acuity: Pick<Acuity, 'findAppointments'>,
  { from, to }: Span,
  calendarIds: readonly number[],
  calendarId?: number,
): Promise<AcuityResult<Appointment[]>> {
  const isWhole = from === to && calendarId !== undefined;
  const found = await acuity.findAppointments({
    minDate: from,
    maxDate: to,
    which: 'all',
    max: isWhole ? dayLimit : pageSize,
    ...(calendarId !== undefined && { calendarId }),
  });
  if (!found.ok || found.value.length < (isWhole ? dayLimit : pageSize)) return found;
  // Fail rather than return some of them: missing appointments would look deleted.
  if (isWhole) return failure({ reason: 'unreadable' });
  if (from === to) return each(calendarIds, (id) => read(acuity, { from, to }, calendarIds, id));
  const parts = partsOf({ from, to }, found.value);
  return each(parts, (part) => read(acuity, part, calendarIds, calendarId));
}

/** Parts, two at least, of as many days as the full page covers: each of them should fit into a page. */
function partsOf({ from, to }: Span, page: Appointment[]): Span[] {
  const starts = page.map(({ startsAt }) => startsAt.getTime());
  const covered = Math.floor((Math.max(...starts) - Math.min(...starts)) / dayMs);
  const half = Math.ceil((daysBetween(from, to) + 1) / 2);
  return partsOfDays({ from, to }, Math.max(1, Math.min(covered, half)));
}

/** Parts of `days` days, the last one shorter; none when the span ends before it begins. */
export function partsOfDays({ from, to }: Span, days: number): Span[] {
  const step = Math.min(days, daysBetween(from, to) + 1);
  const parts: Span[] = [];
  for (let day = from; day <= to; day = shiftDays(day, step)) {
    const last = shiftDays(day, step - 1);
    parts.push({ from: day, to: last < to ? last : to });
  }
  return parts;
}

async function each<T>(
  parts: readonly T[],
  readPart: (part: T) => Promise<AcuityResult<Appointment[]>>,
): Promise<AcuityResult<Appointment[]>> {
  // At once: the limiter lets through as many as Acuity allows.
  const all: Appointment[] = [];
  for (const found of await Promise.all(parts.map(readPart))) {
    if (!found.ok) return found;
    all.push(...found.value);
  }
  return ok(all);
}

// Reads all appointments of some days. Acuity lists at most 100 and does not say whether there are more (acuity.md
// 6.1), so a full page is read again in two halves.
import { Temporal } from 'temporal-polyfill';
import { failure, ok } from '../lib/result.ts';
import type { Acuity, AcuityResult, Appointment } from '../ports/acuity.ts';
import type { Span } from './differences.ts';

const pageSize = 100;
/** Page size for one day of one calendar, which cannot be halved. Acuity accepts it in practice. */
const dayLimit = 2_000;

export function addDays(day: string, days: number): string {
  return Temporal.PlainDate.from(day).add({ days }).toString();
}

export function daysBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to), { largestUnit: 'days' }).days;
}

/** Active and cancelled, each once. */
export async function readWindow(
  acuity: Pick<Acuity, 'findAppointments'>,
  span: Span,
  calendarIds: readonly number[],
): Promise<AcuityResult<Appointment[]>> {
  const all = await read(acuity, span, calendarIds);
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
  const middle = addDays(from, Math.floor(daysBetween(from, to) / 2));
  return each(
    [
      { from, to: middle },
      { from: addDays(middle, 1), to },
    ],
    (half) => read(acuity, half, calendarIds, calendarId),
  );
}

async function each<T>(
  parts: readonly T[],
  readPart: (part: T) => Promise<AcuityResult<Appointment[]>>,
): Promise<AcuityResult<Appointment[]>> {
  const all: Appointment[] = [];
  for (const part of parts) {
    const found = await readPart(part);
    if (!found.ok) return found;
    all.push(...found.value);
  }
  return ok(all);
}

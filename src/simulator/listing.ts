// GET /appointments: filters by whole days, returns up to 100 rows, newest first by default (section 6.1).
import { account, findCalendar } from './fixture.ts';
import type { StoredAppointment } from './state.ts';
import { dayOf, parseTime } from './times.ts';
import { text } from './values.ts';
import type { World } from './world.ts';

const dayMs = 86_400_000;

export function listAppointments({ store }: World, query: Record<string, unknown>): StoredAppointment[] {
  const day = (name: string): string | null => {
    const at = parseTime(text(query[name]), account.timezone);
    return at && dayOf(at, account.timezone);
  };
  const [min, max] = [day('minDate'), day('maxDate')];
  // In every zone of the world. Finding the day in a calendar's zone costs a hundred times more than this comparison.
  const earliest = min ? Date.parse(min) - dayMs : -Infinity;
  const latest = max ? Date.parse(max) + 2 * dayMs : Infinity;
  const limit = Number(query.max ?? 100);
  const onlyCanceled = isTrue(query.canceled);
  const matches = (one: StoredAppointment): boolean => {
    if (!isTrue(query.showall) && one.canceled !== onlyCanceled) return false;
    const at = Date.parse(one.datetime);
    if (at < earliest || at > latest) return false;
    const zone = findCalendar(one.calendarID)?.timezone ?? account.timezone;
    const onDay = min || max ? dayOf(new Date(at), zone) : '';
    if ((min && onDay < min) || (max && onDay > max)) return false;
    return hasNumbers(one, query) && hasClient(one, query) && hasAnswers(one, query);
  };
  const sign = text(query.direction).toUpperCase() === 'ASC' ? 1 : -1;
  return store.state.appointments
    .filter(matches)
    .toSorted((a, b) => sign * (Date.parse(a.datetime) - Date.parse(b.datetime) || a.id - b.id))
    .slice(0, Number.isFinite(limit) && limit > 0 ? limit : 100);
}

function hasNumbers(one: StoredAppointment, query: Record<string, unknown>): boolean {
  return (['calendarID', 'appointmentTypeID'] as const).every(
    (name) => query[name] === undefined || one[name] === Number(query[name]),
  );
}

function hasClient(one: StoredAppointment, query: Record<string, unknown>): boolean {
  return (['firstName', 'lastName', 'email', 'phone'] as const).every(
    (name) => query[name] === undefined || one[name].toLowerCase() === text(query[name]).toLowerCase(),
  );
}

function hasAnswers(one: StoredAppointment, query: Record<string, unknown>): boolean {
  return Object.entries(query)
    .filter(([name]) => name.startsWith('field:'))
    .every(([name, wanted]) => {
      const fieldID = Number(name.slice('field:'.length));
      return one.answers.some((answer) => answer.fieldID === fieldID && answer.value === text(wanted));
    });
}

export function isTrue(given: unknown): boolean {
  return given === true || given === 'true' || given === '1';
}

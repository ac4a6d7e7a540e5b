import { findCalendar, findType } from './fixture.ts';
import type { StoredAppointment } from './state.ts';
import type { World } from './world.ts';

/** What stands in `location`: what staff typed, else the meeting link, else the calendar's address (section 8). */
export function locationOf({ switches, now }: World, one: StoredAppointment): string {
  if (one.location) return one.location;
  if (!findType(one.appointmentTypeID)?.isVideo) return findCalendar(one.calendarID)?.location ?? '';
  const age = now().getTime() - Date.parse(one.createdAt);
  const isThere =
    switches.link.mode === 'at_once' || (switches.link.mode === 'late' && age >= switches.link.afterMs);
  return isThere ? `https://example.zoom.us/j/9${String(one.id).padStart(10, '0')}` : '';
}

// The location that an appointment shows.
import { findCalendar, findType } from './fixture.ts';
import { fieldsOfType } from './intake-forms.ts';
import type { StoredAppointment } from './state.ts';
import type { World } from './world.ts';

/**
 * The location that staff typed, else the meeting link, else the address that the client gave in an intake form, else
 * the calendar's address (section 8: official help page on locations).
 */
export function locationOf(world: World, one: StoredAppointment): string {
  if (one.location) return one.location;
  const isVideo = findType(one.appointmentTypeID)?.isVideo ?? false;
  const usual = isVideo ? '' : (findCalendar(one.calendarID)?.location ?? '');
  return (isVideo && meetingLink(world, one)) || addressGiven(world, one) || usual;
}

function addressGiven(world: World, one: StoredAppointment): string {
  const fields = fieldsOfType(world, one.appointmentTypeID).filter(({ type }) => type === 'address');
  const answer = one.answers.find(({ fieldID, value }) => value && fields.some(({ id }) => id === fieldID));
  return answer?.value ?? '';
}

function meetingLink({ switches, now }: World, one: StoredAppointment): string {
  const age = now().getTime() - Date.parse(one.createdAt);
  const isThere =
    switches.link.mode === 'at_once' || (switches.link.mode === 'late' && age >= switches.link.afterMs);
  return isThere ? `https://example.zoom.us/j/9${String(one.id).padStart(10, '0')}` : '';
}

// What the API and the clinic's staff can do with appointments.
import { changedAnswers, newAnswers } from './answers.ts';
import { refuse } from './errors.ts';
import { refuseAddons, refuseCertificate, refuseLabels } from './extras.ts';
import {
  account,
  calendars,
  findCalendar,
  findType,
  type AppointmentType,
  type Calendar,
} from './fixture.ts';
import { advanceProblem, isOffered } from './slots.ts';
import type { StoredAppointment } from './state.ts';
import { isZone, parseTime } from './times.ts';
import { isBlank, text, type Body } from './values.ts';
import type { World } from './world.ts';

export interface Mode {
  /** `admin=true`: skips the checks, and accepts the attributes that only staff may set. */
  admin: boolean;
}

export const advanceMessages = {
  not_available_min_hours_in_advance: 'is not far enough in advance.',
  not_available_max_days_in_advance: 'is too far in advance.',
} as const;

export function createAppointment(
  world: World,
  body: Body,
  mode: Mode,
  scheduledBy: string | null = null,
): StoredAppointment {
  const type = requireType(body);
  const calendar = requestedCalendar(body.calendarID);
  if (mode.admin && !calendar)
    throw refuse('invalid_calendar', `The calendar "${text(body.calendarID)}" does not exist.`);
  const timezone = requireZone(body.timezone) ?? account.timezone;
  const { start, given } = requireTime(body, calendar?.timezone ?? account.timezone);
  requireClient(world, body, mode);
  const answers = newAnswers(world, type, body.fields, mode);
  refuseCertificate(body.certificate);
  refuseAddons(body.addonIDs);
  refuseLabels(body.labels);
  const chosen = mode.admin && calendar ? calendar : chooseCalendar(world, type, calendar, start, given);
  const { store, now } = world;
  const made: StoredAppointment = {
    id: store.newId(),
    firstName: text(body.firstName),
    lastName: text(body.lastName),
    phone: text(body.phone),
    email: text(body.email),
    appointmentTypeID: type.id,
    calendarID: chosen.id,
    datetime: start.toISOString(),
    createdAt: now().toISOString(),
    duration: type.duration,
    timezone,
    location: '',
    notes: mode.admin ? text(body.notes) : '',
    canceled: false,
    noShow: false,
    scheduledBy,
    answers,
  };
  store.state.appointments.push(made);
  store.save();
  world.announce(made.id, 'scheduled');
  return made;
}

export function rescheduleAppointment(
  world: World,
  one: StoredAppointment,
  body: Body,
  mode: Mode,
): StoredAppointment {
  if (one.canceled) throw refuse('reschedule_canceled', 'Canceled appointments may not be rescheduled.');
  const moved =
    body.calendarID === undefined ? findCalendar(one.calendarID) : requestedCalendar(body.calendarID);
  if (!mode.admin && !world.switches.clientsMay.reschedule)
    throw refuse('reschedule_not_allowed', 'Clients are not allowed to reschedule.');
  const timezone = requireZone(body.timezone);
  const { start, given } = requireTime(body, moved?.timezone ?? account.timezone);
  if (!mode.admin && isTooClose(world, one)) {
    throw refuse(
      'reschedule_too_close',
      'Clients are not allowed to reschedule this close to the time of the appointment.',
    );
  }
  const type = findType(one.appointmentTypeID);
  if (!type)
    throw refuse(
      'invalid_appointment_type',
      `The appointment type "${one.appointmentTypeID}" does not exist.`,
    );
  const calendar = mode.admin && moved ? moved : chooseCalendar(world, type, moved, start, given, [one.id]);
  Object.assign(one, {
    datetime: start.toISOString(),
    calendarID: calendar.id,
    ...(timezone && { timezone }),
  });
  world.store.save();
  world.announce(one.id, 'rescheduled');
  return one;
}

/**
 * Cancelling twice answers 200 with the same appointment and sends no second event; staff may still change `noShow`.
 */
export function cancelAppointment(
  world: World,
  one: StoredAppointment,
  body: Body,
  mode: Mode,
): StoredAppointment {
  const noShow = mode.admin && body.noShow === true;
  if (one.canceled) {
    if (mode.admin && typeof body.noShow === 'boolean' && one.noShow !== noShow) {
      one.noShow = noShow;
      world.store.save();
      world.announce(one.id, null);
    }
    return one;
  }
  if (!mode.admin && !world.switches.clientsMay.cancel)
    throw refuse('cancel_not_allowed', 'Clients are not allowed to cancel.');
  if (!mode.admin && isTooClose(world, one)) {
    throw refuse(
      'cancel_too_close',
      'Clients are not allowed to cancel this close to the time of the appointment.',
    );
  }
  const { slotLagMs } = world.switches;
  Object.assign(one, {
    canceled: true,
    noShow,
    ...(slotLagMs > 0 && { slotFreeAt: new Date(world.now().getTime() + slotLagMs).toISOString() }),
  });
  world.store.save();
  world.announce(one.id, 'canceled');
  return one;
}

/** Ignores attributes that may not be edited, and still answers 200 (section 6.4). */
export function editAppointment(
  world: World,
  one: StoredAppointment,
  body: Body,
  mode: Mode,
): StoredAppointment {
  for (const name of ['firstName', 'lastName'] as const) {
    if (body[name] !== undefined && text(body[name]).trim() === '') {
      throw refuse('invalid_name', `Can not clear the field "${name}".`);
    }
  }
  if (body.email !== undefined && text(body.email) !== '' && !isEmail(text(body.email))) {
    throw refuse('invalid_email', 'Invalid "email" attribute value.');
  }
  if (mode.admin) refuseCertificate(body.certificate);
  refuseLabels(body.labels);
  const type = findType(one.appointmentTypeID);
  if (type && body.fields !== undefined)
    one.answers = changedAnswers(world, type, { before: one.answers, given: body.fields }, mode);
  for (const name of ['firstName', 'lastName', 'phone', 'email'] as const) {
    if (body[name] !== undefined) one[name] = text(body[name]);
  }
  if (mode.admin && body.notes !== undefined) one.notes = text(body.notes);
  world.store.save();
  world.announce(one.id, null);
  return one;
}

function chooseCalendar(
  world: World,
  type: AppointmentType,
  calendar: Calendar | undefined,
  start: Date,
  given: string,
  ignoredIds: number[] = [],
): Calendar {
  const problem = advanceProblem(world, start);
  if (problem) throw refuse(problem, `The time "${given}" ${advanceMessages[problem]}`);
  const isFree = (one: Calendar): boolean =>
    type.calendarIDs.includes(one.id) && isOffered(world, one, type, start, ignoredIds);
  if (calendar) {
    if (isFree(calendar)) return calendar;
    throw refuse('not_available', `The time "${given}" is not an available time slot.`);
  }
  const free = calendars.find(isFree);
  if (!free) throw refuse('no_available_calendar', 'We could not find an available calendar.');
  return free;
}

export function requireType(from: Body): AppointmentType {
  if (isBlank(from.appointmentTypeID)) {
    throw refuse('required_appointment_type_id', 'The parameter "appointmentTypeID" is required.');
  }
  const type = findType(Number(from.appointmentTypeID));
  if (!type)
    throw refuse(
      'invalid_appointment_type',
      `The appointment type "${text(from.appointmentTypeID)}" does not exist.`,
    );
  return type;
}

export function requestedCalendar(given: unknown): Calendar | undefined {
  if (isBlank(given)) return undefined;
  const calendar = findCalendar(Number(given));
  if (!calendar) throw refuse('invalid_calendar', `The calendar "${text(given)}" does not exist.`);
  return calendar;
}

export function requireZone(given: unknown): string | null {
  if (isBlank(given)) return null;
  if (!isZone(text(given))) throw refuse('invalid_timezone', `Invalid timezone "${text(given)}".`);
  return text(given);
}

export function requireTime(from: Body, zone: string): { start: Date; given: string } {
  if (isBlank(from.datetime)) throw refuse('required_datetime', 'The parameter "datetime" is required.');
  const given = text(from.datetime);
  const start = parseTime(given, zone);
  if (!start) throw refuse('invalid_datetime', `The datetime "${given}" is invalid.`);
  return { start, given };
}

function requireClient({ switches }: World, body: Body, { admin }: Mode): void {
  if (isBlank(body.firstName)) throw refuse('required_first_name', 'Attribute "firstName" is required.');
  if (isBlank(body.lastName)) throw refuse('required_last_name', 'Attribute "lastName" is required.');
  if (isBlank(body.email)) {
    if (!admin) throw refuse('required_email', 'Attribute "email" is required.');
  } else if (!isEmail(text(body.email))) throw refuse('invalid_email', 'Invalid "email" attribute value.');
  // The code is our choice: no official list has one, though the account's settings can require a phone (section 3.3).
  if (!admin && switches.phoneRequired && isBlank(body.phone))
    throw refuse('required_phone', 'Attribute "phone" is required.');
}

export function isTooClose({ now }: Pick<World, 'now'>, one: StoredAppointment): boolean {
  return Date.parse(one.datetime) - now().getTime() < account.changeCutoffHours * 3_600_000;
}

function isEmail(given: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(given);
}

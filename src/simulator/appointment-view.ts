// An appointment in the format of Acuity's API, its oddities included: field order, strings for numbers (section 5).
import { createHash } from 'node:crypto';
import { isTooClose } from './appointments.ts';
import { account, findCalendar, findType } from './fixture.ts';
import { fieldsOfType, formsOfType } from './intake-forms.ts';
import type { StoredAppointment } from './state.ts';
import { humanDate, humanTime, machineTime } from './times.ts';
import type { World } from './world.ts';

export interface ShownForm {
  id: number;
  name: string;
  values: { id: number; fieldID: number; fieldWidget: number | null; value: string; name: string }[];
}

export function showAppointment(
  world: World,
  one: StoredAppointment,
  options: { excludeForms?: boolean } = {},
): Record<string, unknown> {
  const calendar = findCalendar(one.calendarID);
  const type = findType(one.appointmentTypeID);
  const zone = calendar?.timezone ?? account.timezone;
  const start = new Date(one.datetime);
  const end = new Date(start.getTime() + one.duration * 60_000);
  const created = new Date(one.createdAt);
  const location = locationOf(world, one);
  const shownForms = formsOf(world, one);
  const isChangeable = !one.canceled && !isTooClose(world, one);
  const confirmation = `https://app.acuityscheduling.com/schedule.php?owner=${account.id}&action=appt&id%5B%5D=${createHash('md5').update(String(one.id)).digest('hex')}`;
  return {
    id: one.id,
    firstName: one.firstName,
    lastName: one.lastName,
    phone: one.phone,
    email: one.email,
    date: humanDate(start, zone),
    time: humanTime(start, zone),
    endTime: humanTime(end, zone),
    dateCreated: humanDate(created, zone),
    datetimeCreated: machineTime(created, account.timezone),
    datetime: machineTime(start, zone),
    price: type?.price ?? '0.00',
    priceSold: type?.price ?? '0.00',
    paid: 'no',
    amountPaid: '0.00',
    type: type?.name ?? '',
    appointmentTypeID: one.appointmentTypeID,
    classID: null,
    addonIDs: [],
    category: type?.category ?? '',
    duration: String(one.duration),
    calendar: calendar?.name ?? '',
    calendarID: one.calendarID,
    certificate: null,
    confirmationPage: confirmation,
    confirmationPagePaymentLink: `${confirmation}&paymentLink=true#payment`,
    location,
    notes: one.notes,
    timezone: one.timezone,
    calendarTimezone: zone,
    canceled: one.canceled,
    canClientCancel: isChangeable && world.switches.clientsMay.cancel,
    canClientReschedule: isChangeable && world.switches.clientsMay.reschedule,
    labels: null,
    ...(options.excludeForms ? {} : { forms: shownForms, formsText: formsText(one, location, shownForms) }),
    isVerified: false,
    scheduledBy: one.scheduledBy,
    ...(one.canceled ? { noShow: one.noShow } : {}),
  };
}

/** Every field of the type's forms, unanswered ones included (section 5.2). */
function formsOf(world: World, one: StoredAppointment): ShownForm[] {
  return formsOfType(world, one.appointmentTypeID).map((form) => ({
    id: form.id,
    name: form.name,
    values: form.fields.flatMap((field) => {
      const answers = one.answers.filter(({ fieldID }) => fieldID === field.id);
      const given =
        answers.length > 0 ? answers : [{ id: one.id * 10_000 + field.id, fieldID: field.id, value: '' }];
      return given.map(({ id, fieldID, value }) => ({
        id,
        fieldID,
        // A number, null or absent in reality; which number means which type is not known.
        fieldWidget: field.type === 'textbox' ? 1 : null,
        value,
        name: field.name,
      }));
    }),
  }));
}

function formsText(one: StoredAppointment, location: string, shown: ShownForm[]): string {
  const rule = '='.repeat(12);
  const head = [
    `Name: ${one.firstName} ${one.lastName}`,
    `Phone: ${one.phone}`,
    ...(one.email ? [`E-mail: ${one.email}`] : []),
  ].join('\n');
  const sections = [
    ...(location ? [`Location\n${rule}\n${location}\n`] : []),
    ...shown.map(
      (form) =>
        `${form.name}\n${rule}\n${form.values.map(({ name, value }) => `${name}: ${value}`).join('\n\n')}\n`,
    ),
  ];
  return `${head}\n\n${sections.join('\n\n')}\n`;
}

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
  return isThere ? meetingLinkOf(one.id) : '';
}

export function meetingLinkOf(appointmentId: number): string {
  return `https://example.zoom.us/j/9${String(appointmentId).padStart(10, '0')}`;
}

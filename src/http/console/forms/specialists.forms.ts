import {
  addSpecialist,
  editSpecialist,
  findEditable,
  freeCalendars,
  newSpecialist,
  readOffer,
  serviceFields,
  specialistFields,
  type AcuityOffer,
  type WantedServices,
} from '../../../specialists/index.ts';
import { refusalProblem } from '../console.refusals.ts';
import { fieldsOf, recordForm, formField, type FormField } from './form.ts';

/** The appointment types. Each is offered while a calendar is chosen that has it. */
function typeFields({ calendars, types }: AcuityOffer, chosen: WantedServices): FormField[] {
  const options = types.map(({ id, name, durationMinutes, calendarIds }) => {
    const on = calendars.filter((calendar) => calendarIds.includes(calendar.id)).map((one) => one.name);
    return {
      value: String(id),
      label: `${name} (${durationMinutes} min), on ${on.join(', ') || 'no calendar'}`,
      only: { for: 'calendarId', values: calendarIds.map(String) },
    };
  });
  const select = { options: [{ value: '', label: 'Not offered' }, ...options] };
  return fieldsOf(serviceFields, chosen, { in_person: select, telehealth: select });
}

const add = recordForm({
  async read({ db, acuity }) {
    const offer = await readOffer({ acuity });
    if (!offer.ok) throw refusalProblem(offer);
    return { offer: offer.value, calendars: await freeCalendars(db, offer.value) };
  },
  intro: ({ calendars }) =>
    calendars.length === 0
      ? 'Every calendar in Acuity already has a specialist. Create a calendar in Acuity first.'
      : 'The time zone and the appointment lengths are read from Acuity.',
  fields({ offer, calendars }) {
    const options = calendars.map(({ id, name, location, timezone }) => ({
      value: String(id),
      label: `${name} (${timezone})`,
      fills: { name, ...(location !== null && { location }) },
    }));
    return [
      formField('calendarId', 'Calendar in Acuity', null, {
        options: [{ value: '', label: 'Choose…' }, ...options],
      }),
      ...fieldsOf(specialistFields, newSpecialist),
      ...typeFields(offer, { in_person: null, telehealth: null }),
    ];
  },
  notice: 'Added. Free times can be booked now',
  send: (services, actor, _id, { values }) => addSpecialist(services, actor, values),
});

/** While Acuity does not answer, everything except the services can be changed. */
const changeSpecialist = recordForm({
  async read(services, id) {
    const specialist = await findEditable(services.db, id);
    return specialist && { ...specialist, offer: await readOffer(services) };
  },
  intro: ({ offer }) =>
    offer.ok
      ? 'The calendar and its time zone come from Acuity.'
      : 'The calendar and its time zone come from Acuity. It cannot be reached now: change what can be booked later.',
  version: ({ updatedAt }) => updatedAt.toISOString(),
  isPartial: true,
  fields({ shown, services, calendarId, offer }) {
    const fields = fieldsOf(specialistFields, shown);
    if (!offer.ok) return fields;
    const { calendars, types } = offer.value;
    const theirs = types.filter(({ calendarIds }) => calendarIds.includes(calendarId));
    return [...fields, ...typeFields({ calendars, types: theirs }, services)];
  },
  send: (services, actor, id, { version, values }) =>
    editSpecialist(services, actor, id, new Date(version), values),
});

export const specialistForms = { 'specialists/edit': changeSpecialist, 'specialists/new': add };

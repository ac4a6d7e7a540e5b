import {
  detailIn,
  details,
  findBooking,
  isAhead,
  lackedDetails,
  madeInAcuityBy,
  movesByHand,
  nameOf,
  progressWords,
  type Booking,
} from '../../../bookings/index.ts';
import { formatExamTime } from '../../../lib/dates.ts';
import { isUuid } from '../../../lib/uuid.ts';
import type { ConsoleServices } from '../console.services.ts';
import { formField, recordForm } from './form.ts';

/** The record of every form of a booking. */
const ofBooking = {
  read: async ({ db }: ConsoleServices, id: string) => (isUuid(id) ? findBooking(db, id) : null),
  version: ({ version }: Booking) => version,
};

const changeBooking = recordForm({
  ...ofBooking,
  intro: (booking) =>
    `${booking.detailsNeeded ? detailsNeededWords(booking) : ''}To change the time, the specialist or the length, use Reschedule; to cancel, use Cancel booking.`,
  isPartial: true,
  fields: (booking) =>
    details.map((detail) => {
      const { input, isNeeded, label } = detail;
      const shown = isNeeded ? label : `${label} (optional)`;
      return formField(nameOf(detail), shown, detailIn(booking, detail) ?? null, {
        type: input.as === 'prose' ? 'textarea' : 'text',
        hint: input.as === 'yesNo' ? input.hintForStaff : input.as === 'day' ? input.hint : undefined,
      });
    }),
  send: ({ bookings }, actor, id, { version, values }) => bookings.edit(actor, id, Number(version), values),
});

/** Names none where only an answer that is not kept could not be read. */
function detailsNeededWords(booking: Booking): string {
  const labels = lackedDetails(booking).map(({ label }) => label);
  const which = labels.length > 0 ? ` (${labels.join(', ')})` : '';
  return `Details needed${which}: Acuity lacks a detail, or has one that cannot be read. Compare with the appointment in Acuity, and save. `;
}

const assign = recordForm({
  ...ofBooking,
  intro: async (booking, services) =>
    `The referrer gets an e-mail about booking ${booking.reference}, and their organisation will see it.${await clientWords(services, booking)}`,
  fields: ({ createdBy, organization }) => [
    formField('referrerId', 'Referrer', createdBy?.id ?? null, {
      source: '/admin/options/referrers',
      display: createdBy ? [createdBy.name, organization?.name].filter(Boolean).join(', ') : '',
      hint: 'Name, e-mail address or organisation',
    }),
  ],
  notice: 'Assigned',
  send: ({ bookings }, actor, id, { version, values }) =>
    bookings.assign(actor, id, Number(version), values.referrerId),
});

const assignOrganization = recordForm({
  ...ofBooking,
  intro: async (booking, services) =>
    `Everybody at the organisation will see booking ${booking.reference}, and nobody is told. It goes on waiting for a referrer.${await clientWords(services, booking)}`,
  fields: ({ organization }) => [
    formField('organizationId', 'Organisation', organization?.id ?? null, {
      source: '/admin/options/organizations',
      display: organization?.name ?? '',
      hint: 'Words of its name',
    }),
  ],
  notice: 'Assigned',
  send: ({ bookings }, actor, id, { version, values }) =>
    bookings.assignOrganization(actor, id, Number(version), values.organizationId),
});

/** Sentences that tell who booked in Acuity, so that staff can choose the referrer. Empty for bookings of referrers. */
async function clientWords({ acuity, db }: ConsoleServices, booking: Booking): Promise<string> {
  if (booking.createdBy) return '';
  const found = await acuity.getAppointment(booking.acuityAppointmentId);
  if (found.ok) {
    const { client, scheduledBy } = found.value;
    const known = [`${client.firstName} ${client.lastName}`.trim(), client.email, client.phone];
    const who = known.filter(Boolean).join(', ');
    const words = who ? ` The client in Acuity: ${who}.` : ' In Acuity the client has no name or address.';
    return scheduledBy ? `${words} Scheduled there by ${scheduledBy}.` : words;
  }
  const stored = await madeInAcuityBy(db, booking.id);
  const words =
    found.reason === 'not_found'
      ? ' Acuity no longer has the appointment.'
      : ' We can’t reach Acuity right now: open this form again later to see the client’s name.';
  return stored ? `${words} Made in Acuity by ${stored}.` : words;
}

const moveOn = recordForm({
  ...ofBooking,
  intro(booking, { clock }) {
    const { currentProgress, startsAt, timezone } = booking;
    if (movesByHand(booking).length === 0) return 'The progress of this booking cannot be changed by hand.';
    const now = `Progress now: ${progressWords[currentProgress]}.`;
    if (!isAhead(booking, clock.now())) return now;
    return `${now} The examination is in the future: ${formatExamTime(startsAt, timezone)}.`;
  },
  fields(booking, { clock }) {
    const moves = movesByHand(booking);
    if (moves.length === 0) return [];
    const { currentProgress: current } = booking;
    const certain = 'Change the progress although the examination is in the future';
    return [
      formField('progress', 'New progress', moves[0] ?? '', {
        options: moves.map((value) => ({ value, label: progressWords[value] })),
        current,
        display: progressWords[current],
      }),
      formField('notes', 'Notes (optional)', '', { type: 'textarea' }),
      ...(isAhead(booking, clock.now()) ? [formField('isCertain', certain, false)] : []),
    ];
  },
  async send({ bookings }, actor, id, { version, values }) {
    const moved = await bookings.chooseProgress(actor, id, Number(version), values);
    return moved.ok ? `Progress is now: ${progressWords[moved.value.progress]}` : moved;
  },
});

export const bookingForms = {
  'bookings/edit': changeBooking,
  'bookings/assign': assign,
  'bookings/assign-organization': assignOrganization,
  'bookings/move-on': moveOn,
};

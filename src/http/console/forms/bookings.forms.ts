import { z } from 'zod';
import {
  assignableOrganizations,
  detailIn,
  details,
  findBooking,
  madeInAcuityBy,
  movesByHand,
  nameOf,
  progressRequestSchema,
  progressWords,
  type Booking,
} from '../../../bookings/index.ts';
import { formatExamTime } from '../../../lib/dates.ts';
import { conflict, invalid, notFound, parse } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';
import { formField, ticked, type FormAction, type FormField } from './form.ts';

async function bookingOf({ db }: ConsoleServices, id: string): Promise<Booking> {
  const booking = z.uuid().safeParse(id).success ? await findBooking(db, id) : null;
  if (!booking) throw notFound();
  return booking;
}

const changeBooking: FormAction = {
  async open(services, id) {
    const booking = await bookingOf(services, id);
    const intro =
      'To change the time, the specialist or the length, use Reschedule; to cancel, use Cancel booking.';
    return {
      intro: booking.detailsNeeded ? `${detailsNeededWords} ${intro}` : intro,
      version: String(booking.version),
      isPartial: true,
      fields: detailFields(booking),
    };
  },
  send: ({ bookings }, actor, id, { version, values }) => bookings.edit(actor, id, Number(version), values),
};

const detailsNeededWords =
  'Details needed: Acuity lacks a detail, or has one that cannot be read. Compare with the appointment in Acuity, and save.';

const detailFields = (booking: Booking): FormField[] =>
  details.map((detail) => {
    const { input, isNeeded, label } = detail;
    const shown = isNeeded ? label : `${label} (optional)`;
    return formField(nameOf(detail), shown, detailIn(booking, detail) ?? null, {
      type: input.as === 'prose' ? 'textarea' : 'text',
      hint: input.as === 'yesNo' ? input.hintForStaff : input.as === 'day' ? input.hint : undefined,
    });
  });

/** A form with one field: who gets the booking. */
const assignment = (
  words: (booking: Booking) => string,
  field: (services: ConsoleServices, booking: Booking) => FormField | Promise<FormField>,
  send: FormAction['send'],
): FormAction => ({
  async open(services, id) {
    const booking = await bookingOf(services, id);
    const client = booking.createdBy ? '' : ` ${await clientWords(services, booking)}`;
    return {
      intro: words(booking) + client,
      version: String(booking.version),
      fields: [await field(services, booking)],
    };
  },
  notice: 'Assigned',
  send,
});

const assign = assignment(
  ({ reference }) =>
    `The referrer gets an e-mail about booking ${reference}, and their organisation will see it.`,
  (_services, booking) => referrerField(booking),
  async ({ bookings }, actor, id, { version, values }) => {
    const { referrerId } = parse(z.object({ referrerId: z.uuid('Choose a referrer') }), values);
    return bookings.assign(actor, id, Number(version), referrerId);
  },
);

const assignOrganization = assignment(
  ({ reference }) =>
    `Everybody at the organisation will see booking ${reference}, and nobody is told. It goes on waiting for a referrer.`,
  organizationField,
  async ({ bookings }, actor, id, { version, values }) => {
    const { organizationId } = parse(z.object({ organizationId: z.uuid('Choose an organisation') }), values);
    return bookings.assignOrganization(actor, id, Number(version), organizationId);
  },
);

async function organizationField({ db }: ConsoleServices, { organization }: Booking): Promise<FormField> {
  const known = await assignableOrganizations(db);
  return formField('organizationId', 'Organisation', organization?.id ?? null, {
    type: 'select',
    options: [
      { value: '', label: 'Choose one' },
      ...known.map(({ id, name }) => ({ value: id, label: name })),
    ],
  });
}

/** Who booked in Acuity, in sentences: staff choose the referrer by it. */
async function clientWords({ acuity, db }: ConsoleServices, booking: Booking): Promise<string> {
  const found = await acuity.getAppointment(booking.acuityAppointmentId);
  if (found.ok) {
    const { client, scheduledBy } = found.value;
    const known = [`${client.firstName} ${client.lastName}`.trim(), client.email, client.phone];
    const who = known.filter(Boolean).join(', ');
    const words = who ? `The client in Acuity: ${who}.` : 'In Acuity the client has no name or address.';
    return scheduledBy ? `${words} Scheduled there by ${scheduledBy}.` : words;
  }
  const stored = await madeInAcuityBy(db, booking.id);
  const words =
    found.reason === 'not_found'
      ? 'Acuity no longer has the appointment.'
      : 'We can’t reach Acuity right now: open this form again later to see the client’s name.';
  return stored ? `${words} Made in Acuity by ${stored}.` : words;
}

export const referrerOptionsAddress = '/admin/options/referrers';

/** The best twenty who are active. */
export async function findReferrers(
  { impersonation }: Pick<ConsoleServices, 'impersonation'>,
  query: string,
) {
  const found = await impersonation.search(query);
  return found.map(({ id, name, email, organization }) => ({
    value: id,
    label: `${name}, ${organization.name} (${email})`,
  }));
}

function referrerField({ createdBy, organization }: Booking): FormField {
  const display = createdBy ? [createdBy.name, organization?.name].filter(Boolean).join(', ') : '';
  return formField('referrerId', 'Referrer', createdBy?.id ?? null, {
    type: 'search',
    source: referrerOptionsAddress,
    display,
    hint: 'Name, e-mail address or organisation',
  });
}

/** Every progress that staff choose by hand says that the examination is over. */
function isAhead({ clock }: Pick<ConsoleServices, 'clock'>, { startsAt }: Booking): boolean {
  return startsAt > clock.now();
}

const certainField = formField(
  'isCertain',
  'Change the progress although the examination is in the future',
  false,
);

const moveOn: FormAction = {
  async open(services, id) {
    const booking = await bookingOf(services, id);
    const version = String(booking.version);
    const moves = movesByHand(booking);
    if (moves.length === 0)
      return { intro: 'The progress of this booking cannot be changed by hand.', version, fields: [] };
    const now = `Progress now: ${progressWords[booking.currentProgress]}.`;
    const fields = [
      formField('progress', 'New progress', moves[0] ?? '', {
        type: 'select',
        options: moves.map((value) => ({ value, label: progressWords[value] })),
      }),
      formField('notes', 'Notes (optional)', '', { type: 'textarea' }),
    ];
    if (!isAhead(services, booking)) return { intro: now, version, fields };
    const when = formatExamTime(booking.startsAt, booking.timezone);
    const intro = `${now} The examination is in the future: ${when}.`;
    return { intro, version, fields: [...fields, certainField] };
  },
  async send(services, actor, id, { version, values }) {
    const { progress, notes } = parse(progressRequestSchema, values);
    if (!ticked(values.isCertain) && isAhead(services, await bookingOf(services, id)))
      throw invalid([
        { path: 'isCertain', message: 'The examination is in the future: tick this if you are certain' },
      ]);
    const moved = await services.bookings.moveProgress(actor, id, progress, notes, Number(version));
    if (moved.ok) return `Progress is now: ${progressWords[progress]}`;
    if (moved.reason === 'stale') {
      const { currentProgress } = moved.current;
      const display = progressWords[currentProgress];
      return { ...moved, now: [formField('progress', 'New progress', currentProgress, { display })] };
    }
    if (moved.reason !== 'outcome_pending') return moved;
    throw conflict(
      'invalid_transition',
      'Another change to this booking is in progress. Try again in a moment.',
    );
  },
};

export const bookingForms = {
  'bookings/edit': changeBooking,
  'bookings/assign': assign,
  'bookings/assign-organization': assignOrganization,
  'bookings/move-on': moveOn,
};

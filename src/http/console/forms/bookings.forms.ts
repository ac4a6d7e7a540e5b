import type { RequestHandler } from 'express';
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
  type Detail,
} from '../../../bookings/index.ts';
import { formatExamTime } from '../../../lib/dates.ts';
import { conflict, invalid, notFound, parse } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';
import { queryOf, formField, ticked, type FormAction, type FormField } from './form.ts';

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
      fields: fieldsOf(booking),
    };
  },
  send: ({ bookings }, actor, id, { version, values }) => bookings.edit(actor, id, Number(version), values),
};

const detailsNeededWords =
  'Details needed: Acuity lacks a detail, or has one that cannot be read. Compare with the appointment in Acuity, and save.';

function fieldsOf(booking: Booking): FormField[] {
  return details.map((detail) => {
    const label = detail.isNeeded ? detail.label : `${detail.label} (optional)`;
    return formField(nameOf(detail), label, detailIn(booking, detail) ?? null, {
      type: fieldTypes[detail.input.as],
      ...hintOf(detail),
    });
  });
}

function hintOf({ input }: Detail): { hint?: string } {
  if (input.as === 'yesNo') return { hint: input.hintForStaff };
  return input.as === 'day' && input.hint ? { hint: input.hint } : {};
}

const fieldTypes: Record<Detail['input']['as'], FormField['type']> = {
  text: 'text',
  prose: 'textarea',
  day: 'text',
  yesNo: 'text',
};

const assign: FormAction = {
  async open(services, id) {
    const booking = await bookingOf(services, id);
    const intro = `The referrer gets an e-mail about booking ${booking.reference}, and their organisation will see it.`;
    return {
      intro: booking.createdBy ? intro : `${intro} ${await clientWords(services, booking)}`,
      version: String(booking.version),
      fields: [referrerField(booking)],
    };
  },
  notice: 'Assigned',
  async send({ bookings }, actor, id, { version, values }) {
    const { referrerId } = parse(z.object({ referrerId: z.uuid('Choose a referrer') }), values);
    return bookings.assign(actor, id, Number(version), referrerId);
  },
};

const assignOrganization: FormAction = {
  async open(services, id) {
    const booking = await bookingOf(services, id);
    const intro = `Everybody at the organisation will see booking ${booking.reference}, and nobody is told. It goes on waiting for a referrer.`;
    return {
      intro: `${intro} ${await clientWords(services, booking)}`,
      version: String(booking.version),
      fields: [await organizationField(services, booking)],
    };
  },
  notice: 'Assigned',
  async send({ bookings }, actor, id, { version, values }) {
    const { organizationId } = parse(z.object({ organizationId: z.uuid('Choose an organisation') }), values);
    return bookings.assignOrganization(actor, id, Number(version), organizationId);
  },
};

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
    const known = [`${client.firstName} ${client.lastName}`.trim(), client.email, client.phone].filter(
      Boolean,
    );
    return [
      known.length > 0
        ? `The client in Acuity: ${known.join(', ')}.`
        : 'In Acuity the client has no name or address.',
      scheduledBy && `Scheduled there by ${scheduledBy}.`,
    ]
      .filter(Boolean)
      .join(' ');
  }
  const stored = await madeInAcuityBy(db, booking.id);
  return [
    found.reason === 'not_found'
      ? 'Acuity no longer has the appointment.'
      : 'We can’t reach Acuity right now: open this form again later to see the client’s name.',
    stored && `Made in Acuity by ${stored}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

export const referrerOptionsAddress = '/admin/options/referrers';

/** GET `?query=`: the best twenty active referrers, as `{options: [{value, label}]}`. */
export const referrerOptions =
  ({ impersonation }: Pick<ConsoleServices, 'impersonation'>): RequestHandler =>
  async (req, res) => {
    const found = await impersonation.search(queryOf(req));
    const options = found.map(({ id, name, email, organization }) => ({
      value: id,
      label: `${name}, ${organization.name} (${email})`,
    }));
    res.json({ options });
  };

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
    const moves = movesByHand(booking);
    const now = `Progress now: ${progressWords[booking.currentProgress]}.`;
    const asks = isAhead(services, booking);
    return {
      intro:
        moves.length === 0
          ? 'The progress of this booking cannot be changed by hand.'
          : asks
            ? `${now} The examination is in the future: ${formatExamTime(booking.startsAt, booking.timezone)}.`
            : now,
      version: String(booking.version),
      fields:
        moves.length === 0
          ? []
          : [
              formField('progress', 'New progress', moves[0] ?? '', {
                type: 'select',
                options: moves.map((value) => ({ value, label: progressWords[value] })),
              }),
              formField('notes', 'Notes (optional)', '', { type: 'textarea' }),
              ...(asks ? [certainField] : []),
            ],
    };
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

import { z } from 'zod';
import {
  assignBooking,
  claimNumberSchema,
  editBooking,
  examineeSchema,
  findBooking,
  movesByHand,
  notesSchema,
  progressRequestSchema,
  type Booking,
  type EditFailure,
} from '../../../bookings/index.ts';
import { problemFor } from '../../api/bookings.problems.ts';
import { conflict, forbidden, invalid, notFound, parse, type Problem } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';
import { staleProblem, text, words, type FormAction, type FormField, type Values } from './form.ts';

async function bookingOf({ db }: ConsoleServices, id: string): Promise<Booking> {
  const booking = z.uuid().safeParse(id).success ? await findBooking(db, id) : null;
  if (!booking) throw notFound();
  return booking;
}

const editSchema = z.object({
  ...examineeSchema.shape,
  claimNumber: claimNumberSchema,
  notes: notesSchema,
});

const changeBooking: FormAction = {
  async open(services, id) {
    const booking = await bookingOf(services, id);
    return {
      intro:
        'The time, the specialist and the end of a booking are Acuity’s: use Reschedule or Cancel booking.',
      submit: 'Save',
      version: String(booking.version),
      fields: fieldsOf(booking),
    };
  },
  async send({ db, audit }, actor, id, { version, values }) {
    const { claimNumber, notes, ...examinee } = parse(editSchema, values);
    const edited = await editBooking({ db, audit }, actor, id, Number(version), {
      examinee,
      claimNumber,
      notes,
    });
    if (edited.ok) return 'Saved';
    throw editProblem(edited, fieldsOf, values);
  },
};

function fieldsOf({ examinee, claimNumber, notes }: Booking): FormField[] {
  return [
    text('firstName', 'First name', examinee.firstName),
    text('lastName', 'Last name', examinee.lastName),
    text('phone', 'Phone', examinee.phone),
    text('email', 'E-mail (optional)', examinee.email),
    text('dateOfBirth', 'Date of birth (optional)', examinee.dateOfBirth, { type: 'date' }),
    text('claimNumber', 'Claim number (optional)', claimNumber),
    text('notes', 'Notes', notes, { type: 'textarea' }),
  ];
}

function editProblem(
  failure: EditFailure,
  asFields: (booking: Booking) => FormField[],
  values: Values,
): Problem {
  switch (failure.reason) {
    case 'not_found':
      return notFound();
    case 'forbidden':
      return forbidden();
    case 'invalid':
      return invalid(failure.errors);
    case 'stale':
      break;
  }
  return staleProblem(asFields(failure.current), String(failure.current.version), values);
}

const assign: FormAction = {
  async open(services, id) {
    const booking = await bookingOf(services, id);
    return {
      intro: `Booking ${booking.reference} becomes this referrer’s, and their organisation sees it.`,
      submit: 'Assign',
      version: String(booking.version),
      fields: [await referrerField(services, booking)],
    };
  },
  async send({ db, audit }, actor, id, { version, values }) {
    const { referrerId } = parse(z.object({ referrerId: z.uuid('Choose a referrer') }), values);
    const assigned = await assignBooking({ db, audit }, actor, id, Number(version), referrerId);
    if (assigned.ok) return 'Assigned';
    throw editProblem(
      assigned,
      ({ createdBy }) => [text('referrerId', 'Referrer', createdBy?.id ?? null)],
      values,
    );
  },
};

async function referrerField({ db }: ConsoleServices, booking: Booking): Promise<FormField> {
  const rows = (await db('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .join('organizations as o', 'o.id', 'm.organization_id')
    .where({ 'u.role': 'referrer', 'u.banned': false })
    .orderByRaw('lower(o.name), lower(u.name)')
    .limit(2000)
    .select('u.id', 'u.name', 'o.name as organization')) as {
    id: string;
    name: string;
    organization: string;
  }[];
  return text('referrerId', 'Referrer', booking.createdBy?.id ?? null, {
    type: 'select',
    options: [
      { value: '', label: 'Choose…' },
      ...rows.map((row) => ({ value: row.id, label: `${row.organization} – ${row.name}` })),
    ],
  });
}

const moveOn: FormAction = {
  async open(services, id) {
    const booking = await bookingOf(services, id);
    const moves = movesByHand(booking);
    return {
      intro:
        moves.length > 0
          ? `It is at ${words(booking.currentProgress)}.`
          : 'This booking can go nowhere by hand.',
      submit: 'Move on',
      version: '',
      fields:
        moves.length === 0
          ? []
          : [
              text('progress', 'To', moves[0] ?? '', {
                type: 'select',
                options: moves.map((value) => ({ value, label: words(value) })),
              }),
              text('notes', 'Notes (optional)', '', { type: 'textarea' }),
            ],
    };
  },
  async send({ bookings }, actor, id, { values }) {
    const { progress, notes } = parse(progressRequestSchema, values);
    const moved = await bookings.moveProgress(actor, id, progress, notes);
    if (moved.ok) return `Now at ${words(progress)}`;
    if (moved.reason !== 'outcome_pending') throw problemFor(moved);
    throw conflict(
      'invalid_transition',
      'Another change of this booking is under way. Try again in a moment.',
    );
  },
};

export const bookingForms = {
  'bookings/change': changeBooking,
  'bookings/assign': assign,
  'bookings/move-on': moveOn,
};

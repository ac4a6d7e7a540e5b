// The forms of the console's actions: what each asks, and which verb of which room it calls.
import { z } from 'zod';
import { auditActor, type Actor } from '../../accounts/index.ts';
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
} from '../../bookings/index.ts';
import { resendEmail } from '../../email/index.ts';
import { editSpecialist, type SpecialistEdit } from '../../specialists/index.ts';
import { problemFor } from '../api/bookings.problems.ts';
import { conflict, forbidden, invalid, notFound, parse, Problem, type FieldProblem } from '../problem.ts';
import type { ConsoleServices } from './console.services.ts';

export interface FormField {
  name: string;
  label: string;
  type: 'text' | 'textarea' | 'select' | 'checkbox' | 'date' | 'number';
  value: string | number | boolean;
  options?: { value: string; label: string }[];
  hint?: string;
}

export interface Form {
  intro: string;
  submit: string;
  fields: FormField[];
  /** What was looked at: sent back, and compared. */
  version: string;
}

type Values = Record<string, unknown>;

export interface FormAction {
  open(services: ConsoleServices, id: string): Promise<Form>;
  /** What to tell. @throws Problem */
  send(
    services: ConsoleServices,
    actor: Actor,
    id: string,
    sent: { version: string; values: Values },
  ): Promise<string>;
}

const question =
  (intro: string, submit: string): FormAction['open'] =>
  () =>
    Promise.resolve({ intro, submit, fields: [], version: '' });

const text = (
  name: string,
  label: string,
  value: string | null,
  more: Partial<FormField> = {},
): FormField => ({
  ...{ name, label, type: 'text', value: value ?? '' },
  ...more,
});

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

/** Both are shown: what one typed stays in the field, what stands there now is said beside it. */
function staleProblem(now: FormField[], version: string, values: Values): Problem {
  const errors: FieldProblem[] = now
    .filter(({ name, value }) => name in values && (values[name] ?? '') !== value)
    .map(({ name, value }) => ({ path: name, message: `Now: ${String(value) || 'empty'}` }));
  return conflict(
    'stale_version',
    'Somebody else changed this since you opened it. Beside each field is what stands there now; save again to overwrite it.',
    { version },
    errors,
  );
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

function words(code: string): string {
  return code.replaceAll('_', ' ');
}

const specialistSchema = z.object({
  name: z.string('Enter a name').trim().min(2, 'Enter a name').max(120, 'Use at most 120 characters'),
  title: z
    .string()
    .trim()
    .max(40, 'Use at most 40 characters')
    .transform((value) => value || null),
  specialty: z
    .string('Enter a specialty')
    .trim()
    .min(2, 'Enter a specialty')
    .max(120, 'Use at most 120 characters'),
  location: z
    .string()
    .trim()
    .max(300, 'Use at most 300 characters')
    .transform((value) => value || null),
  position: z.coerce.number('Enter a whole number').int('Enter a whole number').min(0).max(10_000),
  isActive: z.boolean('Say whether the specialist is active'),
});

const specialistFields = (one: SpecialistEdit): FormField[] => [
  text('name', 'Name', one.name),
  text('title', 'Title (optional)', one.title),
  text('specialty', 'Specialty', one.specialty),
  text('location', 'Location (empty: telehealth only)', one.location),
  { name: 'position', label: 'Position in lists', type: 'number', value: one.position },
  { name: 'isActive', label: 'Takes new bookings', type: 'checkbox', value: one.isActive },
];

const changeSpecialist: FormAction = {
  async open({ db }, id) {
    const columns = [
      'name',
      'title',
      'specialty',
      'location',
      'position',
      'is_active as isActive',
      'updated_at',
    ];
    const row: (SpecialistEdit & { updated_at: Date }) | undefined = z.uuid().safeParse(id).success
      ? await db('specialists').where({ id }).first(columns)
      : undefined;
    if (!row) throw notFound();
    const intro = 'The calendar, the time zone and the services come from Acuity.';
    return { intro, submit: 'Save', version: row.updated_at.toISOString(), fields: specialistFields(row) };
  },
  async send({ db, audit }, actor, id, { version, values }) {
    const edit = parse(specialistSchema, values);
    if (!z.uuid().safeParse(id).success) throw notFound();
    const edited = await editSpecialist({ db, audit }, actor, id, new Date(version), edit);
    if (edited.ok) return 'Saved';
    if (edited.reason === 'not_found') throw notFound();
    if (edited.reason === 'forbidden') throw forbidden();
    throw staleProblem(specialistFields(edited.current), edited.current.updatedAt.toISOString(), values);
  },
};

const rename: FormAction = {
  async open({ accounts }, id) {
    const found = await accounts.organizations.find(id);
    if (!found) throw notFound();
    return { intro: '', submit: 'Save', version: '', fields: [text('name', 'Name', found.name)] };
  },
  async send({ accounts }, actor, id, { values }) {
    const renamed = await accounts.organizations.rename(
      id,
      { name: typeof values.name === 'string' ? values.name : '' },
      actor,
    );
    if (renamed.ok) return 'Saved';
    if (renamed.reason === 'invalid') throw invalid(renamed.errors);
    throw renamed.reason === 'not_found' ? notFound() : forbidden();
  },
};

const personWords = {
  oneself: 'Nobody does this to their own account.',
  last_admin: 'This is the last admin: make another one first.',
  unknown_organization: 'The organisation is unknown.',
};

const deactivate: FormAction = {
  open: question('They are signed out at once and cannot sign in again. Their bookings stay.', 'Deactivate'),
  async send({ accounts }, actor, id) {
    const done = await accounts.deactivate(id, actor);
    if (done.ok) return 'Deactivated';
    if (done.reason === 'not_found') throw notFound();
    throw done.reason === 'not_allowed' ? forbidden() : new Problem('bad_request', personWords[done.reason]);
  },
};

const endSessions: FormAction = {
  open: question('They are signed out on every device, and can sign in again.', 'End sessions'),
  async send({ accounts }, actor, id) {
    const done = await accounts.endSessions(id, actor);
    if (done.ok) return `Ended: ${done.value.ended}`;
    throw done.reason === 'not_found' ? notFound() : forbidden();
  },
};

const replay: FormAction = {
  open: question(
    'The event is delivered again. The appointment is read anew: nothing is made twice.',
    'Replay',
  ),
  async send({ webhooks }, actor, id) {
    const outcome = z.uuid().safeParse(id).success ? await webhooks.replay(actor, id) : 'not_found';
    if (outcome === 'replayed') return 'It will be delivered again in a moment';
    if (outcome === 'not_found') throw notFound();
    throw conflict('invalid_transition', 'This event was refused when it came: its content was not kept.');
  },
};

const sendAgain: FormAction = {
  open: question('The same message goes to the same address once more.', 'Send again'),
  async send({ db, audit, jobs }, actor, id) {
    const outcome = z.uuid().safeParse(id).success
      ? await resendEmail({ db, audit, jobs }, actor, id)
      : 'not_found';
    if (outcome === 'queued') return 'It is on its way';
    if (outcome === 'waits_already')
      throw conflict('invalid_transition', 'This message waits to be sent already.');
    throw outcome === 'forbidden' ? forbidden() : notFound();
  },
};

const runAgain: FormAction = {
  open: question('The job gets all its tries again, the first one now.', 'Run again'),
  async send({ db, audit }, actor, id) {
    if (!/^\d{1,15}$/.test(id)) throw notFound();
    await db.transaction(async (trx) => {
      const { rows } = (await trx.raw(
        'select id from graphile_worker.reschedule_jobs(array[?::bigint], run_at := now(), attempts := 0)',
        [id],
      )) as { rows: unknown[] };
      if (rows.length === 0) throw notFound('This job is gone, or is running just now.');
      const entry = { action: 'record.changed', resourceType: 'job', resourceId: id } as const;
      await audit.record(trx, auditActor(actor), { ...entry, metadata: { change: 'run_again' } });
    });
    return 'It runs now';
  },
};

const reconcile: FormAction = {
  open: ({ sync }) => {
    const { from, to } = sync.nearSpan();
    const intro = `Every appointment from ${from} to ${to} is held against our bookings, and what differs is put right. It may take a minute.`;
    return Promise.resolve({ intro, submit: 'Reconcile now', fields: [], version: '' });
  },
  async send({ sync, audit, db }, actor) {
    const report = await sync.reconcile({ ...sync.nearSpan(), fixes: true });
    if (!report)
      throw conflict('invalid_transition', 'A reconciliation is under way already. Look at its report.');
    const entry = { action: 'record.changed', resourceType: 'page', resourceId: report.id } as const;
    await audit.record(db, auditActor(actor), { ...entry, metadata: { asked: 'reconcile' } });
    return 'Done: the report is in the list';
  },
};

const forms: Record<string, FormAction> = {
  'bookings/change': changeBooking,
  'bookings/assign': assign,
  'bookings/move-on': moveOn,
  'specialists/change': changeSpecialist,
  'organizations/rename': rename,
  'users/deactivate': deactivate,
  'users/end-sessions': endSessions,
  'webhook-events/replay': replay,
  'emails/send-again': sendAgain,
  'failed-jobs/run-again': runAgain,
  'drift-reports/reconcile': reconcile,
};

export function formOf(table: string, action: string): FormAction | null {
  return Object.hasOwn(forms, `${table}/${action}`) ? (forms[`${table}/${action}`] ?? null) : null;
}

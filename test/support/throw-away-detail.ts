// A separate process in which bookings have one more detail, added to the list before anything else is loaded. Takes
// the detail through the app and fails at the first place that does not have it.
import { expect } from 'chai';
import { z } from 'zod';
import type { Detail } from '../../src/bookings/booking.detail.ts';
import { details } from '../../src/bookings/booking.details.ts';
import { lineSchema, optional } from '../../src/bookings/booking.text.ts';
import type { EmailRow } from '../../src/email/email.ts';
import { aField } from './builders/form.ts';
import { bookingBody } from './builders/booking-request.ts';

process.env.NODE_ENV = 'test';

const fieldId = 9999;
(details as Detail[]).push({
  path: 'caseManager',
  column: 'case_manager',
  label: 'Case manager',
  schema: optional(lineSchema('the case manager', 60)),
  json: z.string().nullable(),
  absent: null,
  isNeeded: false,
  isHealth: true,
  intake: { name: 'case_manager', words: { 'case manager': 3 } },
  input: { as: 'text' },
  inMail: true,
  inConsole: true,
  inDigests: 'whenSet',
  filter: { name: 'managed', label: 'Case manager', yes: 'Has one', no: 'Has none' },
});

// Imported only now: these modules derive values from the list when they are loaded.
const { formAddress, openForm, sendForm } = await import('./console-form.ts');
const { openPageFixture, ewan, inUtc, nineOnTuesday, rita } = await import('./page-fixture.ts');
const { stopSharedPostgres } = await import('./postgres.ts');
const { eventBody, send } = await import('./webhook-stack.ts');
const { composeMail } = await import('./mail-parts.ts');

const fixture = await openPageFixture();
const { app, acuity } = fixture;
const { db } = app;
const tenOnTuesday = '2026-12-01T10:00:00+11:00';

interface Operation {
  requestBody: { content: object };
  responses: Record<string, { content: object }>;
}

/** What people or programs read. */
const said = 'Cleo Cole';

try {
  await app.database.owner.raw('alter table bookings add column case_manager text');
  await db('intake_fields').insert({ name: 'case_manager', acuity_field_id: fieldId });
  acuity.intakeForms[0]?.fields.push(aField({ id: fieldId, name: 'Case manager' }));
  acuity.offer(7001, nineOnTuesday, tenOnTuesday);
  const bookingId = await throughJson();
  await throughForms();
  await throughAcuity(bookingId);
  await throughConsole(bookingId);
  await throughMail(bookingId);
} finally {
  await fixture.close();
  await stopSharedPostgres();
}

async function throughJson(): Promise<string> {
  const program = await app.signIn(rita);
  const request = bookingBody(await fixture.specialistId('Dr Amelia Hart'), inUtc(nineOnTuesday), {
    caseManager: said,
  });
  const refused = await program.post('/bookings').send({ ...request, caseManager: 'x'.repeat(61) });
  expect(refused.body.errors, 'the schema of a request').to.deep.equal([
    { path: 'caseManager', message: 'The case manager must be 60 characters or fewer' },
  ]);
  const booked = await program.post('/bookings').set('Idempotency-Key', 'k1').send(request);
  expect(booked.status).to.equal(201);
  expect(booked.body.booking.caseManager, 'the row, there and back').to.equal(said);
  const other = await program
    .post('/bookings')
    .set('Idempotency-Key', 'k1')
    .send({ ...request, caseManager: 'Somebody else' });
  expect(other.body.code, 'the hash of a request').to.equal('idempotency_conflict');
  const [appointment] = acuity.appointments.values();
  expect(appointment?.answers.get(fieldId), 'the intake answers').to.equal(said);
  const attempt = await db('booking_attempts').first('request');
  expect(attempt?.request, 'what is wiped from a settled attempt').not.to.have.any.keys(
    'caseManager',
    'examinee',
  );
  const { body: document } = (await program.get('/api/openapi.json')) as {
    body: { paths: Record<string, { post: Operation }> };
  };
  const post = document.paths['/bookings']?.post;
  expect(post?.requestBody.content, 'OpenAPI, request').to.have.nested.property(
    'application/json.schema.properties.caseManager',
  );
  expect(post?.responses[201]?.content, 'OpenAPI, answer').to.have.nested.property(
    'application/json.schema.properties.booking.properties.caseManager',
  );
  const listed = async (managed: string) => {
    const { body } = await program.get('/bookings').query({ managed });
    return (body as { bookings: unknown[] }).bookings.length;
  };
  expect([await listed('yes'), await listed('no')], 'the filter of the list').to.deep.equal([1, 0]);
  await program.get('/bookings').query({ managed: 'perhaps' }).expect(422);
  return booked.body.booking.id as string;
}

async function throughForms(): Promise<void> {
  const person = await fixture.signedIn(rita);
  const list = await person.get('/bookings?managed=no');
  expect(list.texts('.chips li').join(), 'the filter, on the page').to.contain('Has none');
  expect(list.attribute('#managed option[selected]', 'value')).to.equal('no');
  const draftId = await fixture.draftAt(person, 'time');
  await person.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(tenOnTuesday) });
  const form = await person.get(`/bookings/new/${draftId}/examinee`);
  const names = form.all('main form [name]').map((one) => one.getAttributeValue('name'));
  expect(names.at(-1), 'the form, in the order of the list').to.equal('caseManager');
  const check = await person.post(`/bookings/new/${draftId}/examinee`, { ...ewan, caseManager: said });
  expect(check.text('#caseManager'), 'the check page').to.equal(`Case manager${said}`);
  const back = await person.get(`/bookings/new/${draftId}/examinee`);
  expect(back.attribute('#caseManager', 'value'), 'the draft').to.equal(said);
  const booking = await person.post('/bookings', check.form('/bookings'));
  expect(booking.texts('dl div'), 'the page of the booking').to.include(`Case manager${said}`);
  const draft = await db('booking_drafts').where({ id: draftId }).first('data');
  expect(draft?.data, 'what is wiped from a draft').not.to.have.any.keys('caseManager', 'examinee');
}

async function throughAcuity(bookingId: string): Promise<void> {
  const [appointment] = acuity.appointments.values();
  if (!appointment) throw new Error('Nothing was booked in Acuity');
  acuity.appointments.set(appointment.id, {
    ...appointment,
    answers: new Map(appointment.answers).set(fieldId, 'Dan Day'),
  });
  const { body } = await send(`${app.url}/webhooks/acuity`, eventBody('changed', appointment.id));
  expect(body.outcome, 'the digest of what Acuity said').to.equal('updated');
  const row = await db('bookings').where({ id: bookingId }).first('case_manager');
  expect(row.case_manager, 'following').to.equal('Dan Day');
}

async function throughConsole(bookingId: string): Promise<void> {
  const staff = await app.signIn('sam@examdesk.example');
  const shown = await staff.get(`/admin/api/resources/bookings/records/${bookingId}/show`);
  expect(shown.body.record.params.caseManager, 'the console, a record').to.equal('Dan Day');
  const listed = async (managed: boolean) => {
    const { body: page } = await staff.get(
      `/admin/api/resources/bookings/actions/list?filters.managed=${managed}`,
    );
    return (page as { records: unknown[] }).records.length;
  };
  expect([await listed(true), await listed(false)], 'the console, the filter').to.deep.equal([2, 0]);
  const address = formAddress('bookings', bookingId);
  const { fields, values, version } = await openForm(staff, address);
  expect(fields.at(-1), 'the console, the form').to.include({
    label: 'Case manager (optional)',
    value: 'Dan Day',
  });
  await sendForm(staff, address, { version, values: { ...values, caseManager: said } }).expect(200);
  const row = await db('bookings').where({ id: bookingId }).first('case_manager');
  expect(row.case_manager, 'what an edit may touch').to.equal(said);
  const audit = await db('audit_log')
    .where({ action: 'booking.edited', resource_id: bookingId })
    .whereNotNull('actor_id')
    .first('metadata');
  expect(audit?.metadata, 'the audit row of an edit').to.deep.equal({ columns: ['case_manager'] });
}

async function throughMail(bookingId: string): Promise<void> {
  const email = (await db('emails').where({ booking_id: bookingId }).first()) as EmailRow;
  const { text } = await composeMail(db, email);
  expect(text, 'the facts of a mail').to.match(new RegExp(`Case manager:?\\s+${said}`));
}

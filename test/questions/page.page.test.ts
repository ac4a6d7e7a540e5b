// The page that says which question of Acuity is which detail, against the simulated Acuity over HTTP.
import { expect } from 'chai';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { forgetForms, forgetMappings } from '../support/kept-questions.ts';
import { dayFromToday } from '../support/days.ts';
import type { Visit, Visitor } from '../support/visitor.ts';

const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };
const ada = 'ada@examdesk.example';
const address = '/admin/acuity-questions';
const everyType = [8001, 8002, 8003, 8004, 8005, 8006];

interface Opened {
  simulator: Simulator;
  app: TestApp;
  admin: Visitor;
}

async function open(): Promise<Opened> {
  const simulator = await startSimulator({ port: 0, ...credentials });
  const app = await startTestApp({
    env: { ACUITY_BASE_URL: simulator.url },
    overrides: { questions: { timings: { gapMs: 0 } } },
  });
  return { simulator, app, admin: await app.signedInVisitor(ada) };
}

async function close({ app, simulator }: Opened): Promise<void> {
  await app.close();
  await simulator.close();
}

describe('the page of Acuity’s questions', () => {
  let simulator: Simulator;
  let app: TestApp;
  let admin: Visitor;

  before(async () => {
    ({ simulator, app, admin } = await open());
  });
  after(() => close({ simulator, app, admin }));
  beforeEach(async () => {
    await control('reset', {});
    await forgetForms(app.db);
    await forgetMappings(app.db);
  });

  const control = async (where: string, body: object) => {
    const answer = await fetch(`${simulator.url}/_sim/${where}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).to.equal(200);
  };
  const form = (change: object) =>
    control('forms', {
      forms: [{ id: 501, appointmentTypeIDs: everyType, name: 'Examination details', ...change }],
    });
  const text = (id: number, name: string, required = false) => ({ id, name, required, type: 'textbox' });
  const rowOf = (visit: Visit, id: number): string => {
    const found = visit.all('.question-row').find((one) => one.querySelector(`#field-${id}`) !== null);
    if (!found) throw new Error(`The page has no row of question ${id}`);
    return found.textContent.replaceAll(/\s+/g, ' ');
  };
  const mapped = async () =>
    Object.fromEntries(
      ((await app.db('intake_fields').select('*')) as { name: string; acuity_field_id: number }[]).map(
        (one) => [one.name, one.acuity_field_id],
      ),
    );
  const mappedFields = {
    reference: 9101,
    examinee_first_name: 9102,
    examinee_last_name: 9103,
    examinee_phone: 9104,
    examinee_email: 9105,
    examinee_date_of_birth: 9106,
    claim_number: 9107,
    organization: 9108,
    interpreter_language: 9109,
  };

  it('suggests the mapping of an empty installation; saved, a booking carries its details', async () => {
    await app.db('intake_fields').delete();
    const page = await admin.get(address);
    expect(page.status).to.equal(200);
    expect(page.text('#reference-gap')).to.equal('No question holds our reference');
    expect(page.text('main')).to.include('Missing for: every examination');
    const fields = page.form(address);
    for (const [name, id] of Object.entries(mappedFields)) expect(fields[`field-${id}`], name).to.equal(name);
    expect(fields).to.include({ 'field-9571': '', 'field-9573': '' });
    expect(fields).not.to.have.any.keys('field-9574', 'field-9575', 'field-9577', 'field-9578');
    expect(rowOf(page, 9101)).to.include('Suggested');
    expect(await mapped()).to.deep.equal({});

    const saved = await admin.post(address, fields);
    expect(saved.at).to.equal(`${address}?saved`);
    expect(saved.text('[role="status"]')).to.include('Saved');
    expect(saved.has('#reference-gap')).to.equal(false);
    expect(await mapped()).to.deep.equal(mappedFields);

    const rita = await app.signIn('rita@harbour-legal.example');
    const specialist = await app.system.services.specialists.findByCalendar(7001);
    const day = dayFromToday(15).slice(0, 7);
    const times = `/specialists/${specialist?.id}/availability?type=in_person`;
    const { body: month } = await rita.get(`${times}&month=${day}`).expect(200);
    const { body: free } = await rita
      .get(`${times}&date=${(month as { dates: string[] }).dates.at(-1)}`)
      .expect(200);
    const { body } = await rita
      .post('/bookings')
      .send({
        specialistId: specialist?.id,
        type: 'in_person',
        startsAt: (free as { slots: { startsAt: string }[] }).slots[0]?.startsAt,
        examinee: { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678', dateOfBirth: '1984-03-27' },
        claimNumber: 'CL-2207',
      })
      .expect(201);
    const { booking } = body as { booking: { acuityAppointmentId: number; reference: string } };
    const made = await app.system.services.acuity.getAppointment(booking.acuityAppointmentId);
    const answers = made.ok ? Object.fromEntries(made.value.answers) : {};
    expect(answers).to.deep.equal({
      9101: booking.reference,
      9102: 'Ewan',
      9103: 'Marsh',
      9104: '+61412345678',
      9106: '1984-03-27',
      9107: 'CL-2207',
      9108: 'Harbour Legal',
    });
  });

  it('marks what is new, changed and removed since, and points to it from the first page', async () => {
    await admin.post(address, (await admin.get(address)).form(address));
    await form({
      fields: [
        text(9101, 'Booking reference'),
        text(9102, 'Given name'),
        text(9103, 'Examinee last name', true),
        text(9104, 'Examinee phone'),
        text(9105, 'Examinee e-mail'),
        text(9106, 'Date of birth'),
        text(9108, 'Organisation'),
        text(9109, 'Interpreter language'),
        text(9120, 'Claim no', true),
      ],
    });
    const page = await admin.post(`${address}/read`, {});
    expect(page.at).to.equal(`${address}?read`);
    expect(rowOf(page, 9102)).to.include('Changed').and.include('Was called “Examinee first name”');
    expect(rowOf(page, 9103)).to.include('Was not required');
    expect(rowOf(page, 9120)).to.include('New').and.include('Required');
    expect(rowOf(page, 9107)).to.include('Removed').and.include('Held: Claim number');
    expect(rowOf(page, 9101)).not.to.match(/New|Changed|Removed/);

    const waiting = async (email: string) => {
      const { body } = await (await app.signIn(email)).get('/admin/api/dashboard').expect(200);
      return (body as { attention: { label: string; count: number; href: string }[] }).attention
        .filter(({ href }) => href === address)
        .map(({ label, count }) => `${label}: ${count}`);
    };
    expect(await waiting(ada)).to.deep.equal([
      'Details whose question in Acuity is gone: 1',
      'New required questions in Acuity: 1',
    ]);
    expect(await waiting('sam@examdesk.example')).to.deep.equal([]);

    const fields = { ...page.form(address), 'field-9120': 'claim_number' };
    const saved = await admin.post(address, fields);
    expect(saved.at).to.equal(`${address}?saved`);
    expect(saved.html).not.to.include('No longer in Acuity');
    expect((await mapped()).claim_number).to.equal(9120);
    expect(await waiting(ada)).to.deep.equal([]);
  });

  it('names whose examinations go without our reference', async () => {
    await form({
      appointmentTypeIDs: [8001, 8003, 8004, 8005, 8006],
      fields: [text(9101, 'Booking reference')],
    });
    const page = await admin.get(address);
    expect(page.text('#reference-gap')).to.equal('Some examinations have no question for our reference');
    expect(page.text('main')).to.include(
      'Missing for: Dr Erik Lund (telehealth); Dr Farah Nasser (telehealth)',
    );
  });

  it('keeps what was chosen when it cannot be saved', async () => {
    const fields = (await admin.get(address)).form(address);
    const wrong = { ...fields, 'field-9571': 'claim_number' };
    const refused = await admin.post(address, wrong);
    expect(refused.status).to.equal(422);
    expect(refused.title).to.match(/^Error: /);
    expect(refused.text('.error-summary')).to.include('“Claim number” is chosen twice');
    expect(refused.form(address)).to.include({ 'field-9571': 'claim_number', 'field-9107': 'claim_number' });
    expect(await mapped()).to.deep.equal(mappedFields);

    const other = await app.signedInVisitor(ada);
    await other.post(address, { ...fields, 'field-9108': '' });
    const stale = await admin.post(address, { ...fields, 'field-9107': '' });
    expect(stale.status).to.equal(409);
    expect(stale.text('.error-summary'))
      .to.include('Ada Lindqvist saved other choices after you opened this page')
      .and.include('Organisation: “Organisation” became no question');
    expect(stale.form(address)).to.include({ 'field-9107': '', 'field-9108': 'organization' });
    expect(rowOf(stale, 9107)).to.include('Saved: Claim number');
    expect((await admin.post(address, stale.form(address))).at).to.equal(`${address}?saved`);
    const { claim_number: _, ...rest } = mappedFields;
    expect(await mapped()).to.deep.equal(rest);
  });

  it('saves the mapping of an account with hundreds of questions', async () => {
    const many = Array.from({ length: 400 }, (_, index) => text(20_000 + index, `Question ${index}`));
    await control('forms', {
      forms: [{ id: 700, name: 'Long form', appointmentTypeIDs: [8001], fields: many }],
    });
    const page = await admin.get(address);
    expect((await admin.post(address, page.form(address))).at).to.equal(`${address}?saved`);
    expect(await mapped()).to.deep.equal(mappedFields);
  });

  it('answers 422 or 409, and writes nothing, when the form is not ours', async () => {
    const { token = '' } = (await admin.get(address)).form(address);
    const bodies: (Record<string, string> | [string, string][])[] = [
      { token },
      { token, 'field-9101': 'reference' },
      { token: '', 'field-9101': 'reference' },
      { token: '9.x.y' },
      [
        ['token', token],
        ['field-9101', 'reference'],
        ['field-9101', 'claim_number'],
      ],
    ];
    for (const fields of bodies) expect((await admin.post(address, fields)).status).to.be.oneOf([409, 422]);
    expect(await mapped()).to.deep.equal(mappedFields);
  });

  it('is closed to support and to referrers', async () => {
    for (const email of ['sam@examdesk.example', 'rita@harbour-legal.example']) {
      const visitor = await app.signedInVisitor(email);
      expect((await visitor.get(address)).status).to.equal(403);
      expect((await visitor.post(address, {})).status).to.equal(403);
      expect((await visitor.post(`${address}/read`, {})).status).to.equal(403);
    }
  });
});

describe('the page of Acuity’s questions, while Acuity is closed,', () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => close(opened));

  it('says so when Acuity cannot be reached', async () => {
    const { simulator, admin } = opened;
    await simulator.close();
    const never = await admin.get(address);
    expect(never.status).to.equal(200);
    expect(never.text('.question-status')).to.include('Acuity’s questions have not been read yet');
    expect(never.has('select')).to.equal(false);
    expect((await admin.post(address, { token: 'x' })).status).to.equal(409);
  });

  it('shows the last questions as such when Acuity cannot be reached any more', async () => {
    const { simulator, admin } = opened;
    await admin.get(address);
    await simulator.close();
    const stale = await admin.post(`${address}/read`, {});
    expect(stale.at).to.equal(`${address}?unread`);
    expect(stale.text('.question-status')).to.include('We can’t reach Acuity right now');
    expect(stale.has('[role="status"]')).to.equal(false);
    expect(stale.has('#field-9101')).to.equal(true);
  });
});

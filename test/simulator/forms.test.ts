// Intake forms, certificates, add-ons and labels of the simulated practice, requested by Acuity's own client.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import { credentials, officialClient, type Ask } from '../support/official-client.ts';

interface Form {
  id: number;
  name: string;
  description: string;
  hidden: boolean;
  appointmentTypeIDs: number[];
  fields: { id: number; name: string; required: boolean; type: string; options: string[] }[];
}
interface Appointment {
  id: number;
  labels: unknown;
  certificate: unknown;
  addonIDs: unknown;
  forms: {
    id: number;
    name: string;
    values: { id: number; fieldID: number; value: string; name: string }[];
  }[];
  formsText: string;
}

/** Free on calendar 7008, two weeks after the simulator's clock. */
const monday = '2026-12-07T09:00:00+1100';
const answered: Record<number, unknown> = {
  9571: 'HL-2041',
  9572: 'Can the examinee go back to work?\nWhen?',
  9573: 'Work injury',
  9574: 'yes',
  9575: 'Imaging,Earlier reports',
  9576: 'no',
  9577: '12 Ord Street, West Perth WA 6005',
  9578: 'https://files.example/letter.pdf',
};
const extra = {
  id: 620,
  name: 'Second form',
  description: 'Only for examinations',
  appointmentTypeIDs: [8001],
  fields: [{ id: 9620, name: 'Case manager', required: true, type: 'textbox' }],
};

describe('the simulator’s intake forms, requested by the official client', () => {
  let folder: string;
  let simulator: Simulator;
  let ask: Ask;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'simulator-forms-'));
    await start();
  });
  afterEach(async () => {
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  async function start(): Promise<void> {
    simulator = await startSimulator({
      port: 0,
      ...credentials,
      stateFile: path.join(folder, 'acuity.json'),
      now: () => new Date('2026-11-23T00:00:00Z'),
    });
    ask = officialClient(simulator.url);
  }
  async function control(where: string, body: unknown): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${simulator.url}/_sim/${where}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  }
  const forms = async () => (await ask<Form[]>('forms')).body;
  const fieldsOf = (values: Record<number, unknown>) =>
    Object.entries(values).map(([id, value]) => ({ id: Number(id), value }));
  const book = (change: object = {}, values: Record<number, unknown> = answered, query = '') =>
    ask<Appointment>(`appointments${query}`, {
      method: 'POST',
      body: {
        datetime: monday,
        appointmentTypeID: 8005,
        calendarID: 7008,
        firstName: 'Rita',
        lastName: 'Alvarez',
        email: 'rita@harbour-legal.example',
        fields: fieldsOf(values),
        ...change,
      },
    });
  const refusal = (error: string, message: string) => ({
    status: 400,
    body: { status_code: 400, message, error },
  });
  const answersOf = (appointment: Appointment) =>
    Object.fromEntries(
      appointment.forms.flatMap(({ values }) => values.map(({ fieldID, value }) => [fieldID, value])),
    );

  it('GET /forms lists every type of field, attached to some appointment types only', async () => {
    const all = await forms();
    expect(all.map(({ id }) => id)).to.deep.equal([501, 571]);
    const form = all[1];
    expect(form).to.include({ id: 571, name: 'Before the assessment', hidden: false });
    expect(form?.description).to.be.a('string').and.not.equal('');
    expect(form?.appointmentTypeIDs).to.deep.equal([8005]);
    expect(form?.fields.map(({ type, required }) => `${type}${required ? ' required' : ''}`)).to.deep.equal([
      'textbox required',
      'textarea',
      'dropdown required',
      'checkbox required',
      'checkboxlist required',
      'yesno required',
      'address',
      'file',
    ]);
    expect(form?.fields[0]).to.have.all.keys('id', 'name', 'required', 'type', 'options');
    expect(form?.fields.filter(({ options }) => options.length > 0).map(({ type }) => type)).to.deep.equal([
      'dropdown',
      'checkboxlist',
    ]);
  });

  it('POST /appointments keeps the answers and shows them when every field is answered', async () => {
    const made = await book();
    expect(made.status).to.equal(200);
    expect(answersOf(made.body)).to.include(answered);
    const shown = made.body.forms.find(({ id }) => id === 571);
    expect(shown?.name).to.equal('Before the assessment');
    expect(made.body.formsText).to.contain('Kind of claim: Work injury');
    expect((await ask<Appointment>(`appointments/${made.body.id}`)).body).to.deep.equal(made.body);
    const found = await ask<Appointment[]>('appointments', { qs: { 'field:9573': 'Work injury' } });
    expect(found.body.map(({ id }) => id)).to.deep.equal([made.body.id]);
  });

  for (const id of [9571, 9573, 9574, 9575, 9576]) {
    it(`POST /appointments refuses with required_field when field ${id} is missing or empty`, async () => {
      const { [id]: _left, ...others } = answered;
      for (const values of [
        others,
        { ...others, [id]: '' },
        { ...others, [id]: '  ' },
        { ...others, [id]: null },
      ])
        expect(await book({}, values)).to.deep.equal(
          refusal('required_field', `The field "${id}" is required.`),
        );
    });
  }

  it('POST /appointments accepts an appointment without the optional answers', async () => {
    const { 9572: _text, 9577: _address, 9578: _file, ...others } = answered;
    const made = await book({}, others);
    expect(made.status).to.equal(200);
    expect(answersOf(made.body)).to.include({ 9572: '', 9577: '', 9578: '' });
  });

  it('POST /appointments names the first required field when there are no fields at all', async () => {
    expect(await book({ fields: undefined })).to.deep.equal(
      refusal('required_field', 'The field "9571" is required.'),
    );
  });

  it('POST /appointments refuses a required checkbox that is not ticked', async () => {
    expect(await book({}, { ...answered, 9574: 'no' })).to.deep.equal(
      refusal('required_field', 'The field "9574" is required.'),
    );
  });

  for (const [what, id, value] of [
    ['a dropdown with another text', 9573, 'Divorce'],
    ['a checkbox that is neither yes nor no', 9574, 'true'],
    ['a checkbox of JSON', 9574, true],
    ['a list with another text', 9575, 'Imaging,Divorce'],
    ['a list with an option twice', 9575, 'Imaging,Imaging'],
    ['a list of JSON', 9575, ['Imaging']],
    ['a yes/no with another text', 9576, 'maybe'],
    ['a file that is not an address', 9578, 'letter.pdf'],
    ['a text that is an object', 9571, { a: 1 }],
  ] as const) {
    it(`POST /appointments refuses ${what}`, async () => {
      expect(await book({}, { ...answered, [id]: value })).to.deep.equal(
        refusal('invalid_fields', `The field "${id}" has an invalid value.`),
      );
      expect(simulator.state.appointments).to.deep.equal([]);
    });
  }

  it('POST /appointments accepts list values with spaces after the commas and options with commas', async () => {
    const list = { ...answered, 9575: 'Earlier reports, Imaging' };
    expect((await book({}, list)).status).to.equal(200);
    const options = ['Hearing loop, front row', 'Hearing loop'];
    await control('forms', {
      forms: [
        { ...extra, fields: [{ id: 9621, name: 'Help', required: false, type: 'checkboxlist', options }] },
      ],
    });
    const help = (value: string) =>
      book(
        { appointmentTypeID: 8001, calendarID: 7001, datetime: '2026-12-01T09:00:00+1100' },
        { 9621: value },
      );
    expect((await help('Hearing loop, front row,Hearing loop,Hearing loop')).status).to.equal(400);
    expect((await help('Hearing loop,Hearing loop, front row')).status).to.equal(200);
  });

  it('POST /appointments refuses fields of a form that is not attached to the type', async () => {
    const examination = { appointmentTypeID: 8001, calendarID: 7001, datetime: '2026-12-01T09:00:00+1100' };
    expect(await book(examination, { 9573: 'Work injury' })).to.deep.equal(
      refusal('invalid_fields', 'The field "9573" does not exist on this appointment.'),
    );
    expect(await book({}, { ...answered, 1: 'x' })).to.deep.equal(
      refusal('invalid_fields', 'The field "1" does not exist on this appointment.'),
    );
    const made = await book(examination, { 9101: 'EX-AAAAA2' });
    expect(made.status).to.equal(200);
    expect(made.body.forms.map(({ id }) => id)).to.deep.equal([501]);
  });

  it('GET /forms attaches nothing more to the other type of the same specialist', async () => {
    const made = await book({ appointmentTypeID: 8006 }, {});
    expect(made.status).to.equal(200);
    expect(made.body.forms.map(({ id }) => id)).to.deep.equal([501]);
  });

  it('POST /appointments?admin=true checks no field', async () => {
    const made = await book({}, { 9573: 'Divorce', 1: 'x' }, '?admin=true');
    expect(made.status).to.equal(200);
    expect(answersOf(made.body)).to.include({ 9571: '', 9573: 'Divorce' }).and.not.have.property('1');
  });

  it('PUT /appointments/:id changes the fields that it names, and validates them as POST does', async () => {
    const { body } = await book();
    const put = (values: Record<number, unknown>, query = '') =>
      ask<Appointment>(`appointments/${body.id}${query}`, {
        method: 'PUT',
        body: { phone: '+61299990000', fields: fieldsOf(values) },
      });
    expect(answersOf((await put({ 9573: 'Motor accident' })).body)).to.include({
      ...answered,
      9573: 'Motor accident',
    });
    expect(await put({ 9573: 'Divorce' })).to.deep.equal(
      refusal('invalid_fields', 'The field "9573" has an invalid value.'),
    );
    expect(await put({ 1: 'x' })).to.deep.equal(
      refusal('invalid_fields', 'The field "1" does not exist on this appointment.'),
    );
    expect(await put({ 9571: '' })).to.deep.equal(refusal('required_field', 'The field "9571" is required.'));
    expect(answersOf((await put({ 9571: '', 1: 'x' }, '?admin=true')).body)).to.include({ 9571: '' });
  });

  it('POST /appointments refuses every certificate, add-on and label, because there are none', async () => {
    for (const where of ['certificates', 'appointment-addons', 'labels'])
      expect(await ask(where), where).to.deep.equal({ status: 200, body: [] });
    expect(
      await ask('certificates/check', { qs: { certificate: 'TEN', appointmentTypeID: 8005 } }),
    ).to.deep.equal(refusal('invalid_certificate', 'The certificate "TEN" is invalid.'));
    for (const [change, error, message] of [
      [{ certificate: 'TEN' }, 'invalid_certificate', 'The certificate "TEN" is invalid.'],
      [{ addonIDs: [4] }, 'invalid_addon', 'The addon "4" does not exist.'],
      [{ labels: [{ id: 3 }] }, 'invalid_label', 'The label "3" does not exist.'],
    ] as const)
      expect(await book(change)).to.deep.equal(refusal(error, message));
    const times = { date: '2026-12-07', appointmentTypeID: 8005, calendarID: 7008 };
    expect(await ask('availability/times', { qs: { ...times, addonIDs: [4] } })).to.have.property(
      'status',
      400,
    );
    const { body } = await book({ certificate: '', addonIDs: [], labels: [] });
    expect(body).to.deep.include({ certificate: null, addonIDs: [], labels: null });
    const put = await ask(`appointments/${body.id}`, { method: 'PUT', body: { labels: [{ id: 3 }] } });
    expect(put).to.have.nested.property('body.error', 'invalid_label');
  });

  describe('POST /_sim/forms', () => {
    const examination = { appointmentTypeID: 8001, calendarID: 7001, datetime: '2026-12-01T09:00:00+1100' };

    it('adds a form that GET /forms shows and POST /appointments validates', async () => {
      expect((await control('forms', { forms: [extra] })).status).to.equal(200);
      const added = (await forms()).at(-1);
      expect(added).to.deep.equal({
        ...extra,
        hidden: false,
        fields: [{ ...extra.fields[0], options: [] }],
      });
      expect(await book(examination, {})).to.deep.equal(
        refusal('required_field', 'The field "9620" is required.'),
      );
      expect((await book(examination, { 9620: 'Nadia' })).status).to.equal(200);
    });

    it('replaces the form with the same id in its place, also one of the fixture', async () => {
      await control('forms', { forms: [extra, { ...extra, id: 621 }] });
      await control('forms', {
        forms: [
          { ...extra, name: 'Renamed' },
          { ...extra, id: 571, fields: [] },
        ],
      });
      expect((await forms()).map(({ id, name }) => `${id} ${name}`)).to.deep.equal([
        '501 Examination details',
        '571 Second form',
        '620 Renamed',
        '621 Second form',
      ]);
      expect((await book({}, {})).status).to.equal(200);
    });

    it('keeps the forms over a restart and drops them on reset', async () => {
      await control('forms', { forms: [extra, { ...extra, id: 571 }] });
      const before = await forms();
      await simulator.close();
      await start();
      expect(await forms()).to.deep.equal(before);
      await control('reset', {});
      expect((await forms()).map(({ id, name }) => `${id} ${name}`)).to.deep.equal([
        '501 Examination details',
        '571 Before the assessment',
      ]);
    });

    it('neither requires the fields of an internal form from clients nor accepts them', async () => {
      await control('forms', { forms: [{ ...extra, hidden: true }] });
      expect(await book(examination, { 9620: 'Nadia' })).to.have.nested.property(
        'body.error',
        'invalid_fields',
      );
      expect((await book(examination, {})).status).to.equal(200);
      expect((await book(examination, { 9620: 'Nadia' }, '?admin=true')).status).to.equal(200);
    });

    const field = extra.fields[0];
    for (const [what, body, message] of [
      ['no list of forms', {}, 'forms'],
      ['something that is not JSON', '{', 'JSON'],
      ['an id that is none', { forms: [{ ...extra, id: 0 }] }, 'forms[0].id'],
      ['an unknown type of field', { forms: [{ ...extra, fields: [{ ...field, type: 'date' }] }] }, 'type'],
      ['a field without a name', { forms: [{ ...extra, fields: [{ ...field, name: ' ' }] }] }, 'name'],
      [
        'a field that does not say whether it is required',
        { forms: [{ ...extra, fields: [{ ...field, required: undefined }] }] },
        'required',
      ],
      [
        'a dropdown without options',
        { forms: [{ ...extra, fields: [{ ...field, type: 'dropdown' }] }] },
        'at least one option',
      ],
      [
        'an option twice',
        { forms: [{ ...extra, fields: [{ ...field, type: 'dropdown', options: ['a', 'a'] }] }] },
        'once only',
      ],
      ['a field id twice', { forms: [{ ...extra, fields: [field, field] }] }, 'same id'],
      ['a form id twice', { forms: [extra, extra] }, 'same id'],
      [
        'an unknown appointment type',
        { forms: [{ ...extra, appointmentTypeIDs: [987] }] },
        '"987" does not exist',
      ],
    ] as const) {
      it(`refuses ${what} with an explanation, and changes nothing`, async () => {
        const before = await forms();
        const answer = await control('forms', body);
        expect(answer.status).to.equal(400);
        expect((answer.body as { error: string }).error).to.contain(message);
        expect(await forms()).to.deep.equal(before);
      });
    }
  });
});

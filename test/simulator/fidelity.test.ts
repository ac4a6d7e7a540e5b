// Acuity's own client against the simulator: what it sends to Acuity must work here in every detail.
import { createServer, type Server } from 'node:http';
import express from 'express';
import { expect } from 'chai';
import { startSimulator, type Simulator, type WebhookTarget } from '../../src/simulator/index.ts';
import { credentials, officialClient, sdk, type Ask } from '../support/official-client.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/listen.ts';

interface Appointment {
  id: number;
  datetime: string;
  datetimeCreated: string;
  calendarID: number;
  appointmentTypeID: number;
  duration: string;
  price: string;
  paid: string;
  canceled: boolean;
  noShow?: boolean;
  labels: unknown;
  forms: { id: number; values: { fieldID: number; value: string }[] }[];
  firstName: string;
  email: string;
}

describe('the simulator, called by the official client', () => {
  let simulator: Simulator;
  let ask: Ask;
  const targets: WebhookTarget[] = [];

  before(async () => {
    simulator = await startSimulator({
      port: 0,
      ...credentials,
      webhookTargets: targets,
      now: () => new Date('2026-11-23T00:00:00Z'),
    });
    ask = officialClient(simulator.url);
  });
  after(() => simulator.close());
  beforeEach(async () => {
    targets.length = 0;
    await fetch(`${simulator.url}/_sim/reset`, { method: 'POST' });
    await fetch(`${simulator.url}/_sim/switches`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"limits":false}',
    });
  });

  async function freeTimes(calendarID: number, appointmentTypeID = 8001): Promise<string[]> {
    const dates = await ask<{ date: string }[]>('availability/dates', {
      qs: { month: '2026-12', appointmentTypeID, calendarID },
    });
    const date = dates.body[0]?.date;
    const times = await ask<{ time: string; slotsAvailable: number }[]>('availability/times', {
      qs: { date, appointmentTypeID, calendarID },
    });
    return times.body.map(({ time }) => time);
  }

  const booking = (datetime: string | undefined, change: object = {}) => ({
    method: 'POST',
    body: {
      datetime,
      appointmentTypeID: 8001,
      calendarID: 7001,
      firstName: 'Rita',
      lastName: 'Alvarez',
      email: 'rita@harbour-legal.example',
      fields: [{ id: 9101, value: 'EX-AAAAA2' }],
      ...change,
    },
  });

  it('goes through types, dates, times, create, get, reschedule, cancel and list', async () => {
    const types =
      await ask<{ id: number; duration: number; price: string; calendarIDs: number[]; type: string }[]>(
        'appointment-types',
      );
    expect(types.status).to.equal(200);
    const inPerson = types.body.find(({ id }) => id === 8001);
    expect(inPerson).to.include({ duration: 60, type: 'service' });
    expect(inPerson?.price).to.be.a('string');
    expect(inPerson?.calendarIDs).to.include(7001);

    const [first, second] = await freeTimes(7001);
    expect(first).to.match(/^2026-12-\d\dT\d\d:\d\d:00\+1100$/);

    const made = await ask<Appointment>('appointments', booking(first));
    expect(made.status).to.equal(200);
    expect(made.body).to.include({
      datetime: first,
      calendarID: 7001,
      duration: '60',
      canceled: false,
      labels: null,
      paid: 'no',
    });
    expect(made.body).not.to.have.property('noShow');
    const { id } = made.body;

    const got = await ask<Appointment>(`appointments/${id}`);
    expect(got.body).to.deep.equal(made.body);
    expect(got.body.forms[0]?.values.find(({ fieldID }) => fieldID === 9101)?.value).to.equal('EX-AAAAA2');

    const moved = await ask<Appointment>(`appointments/${id}/reschedule`, {
      method: 'PUT',
      body: { datetime: second },
    });
    expect(moved.body).to.include({ id, datetime: second, calendarID: 7001 });
    expect(await freeTimes(7001))
      .to.include(first)
      .and.not.include(second);

    const cancelled = await ask<Appointment>(`appointments/${id}/cancel`, { method: 'PUT' });
    expect(cancelled.body).to.include({ id, canceled: true, noShow: false });

    const list = (qs: Record<string, unknown>) => ask<Appointment[]>('appointments', { qs });
    const ids = async (qs: Record<string, unknown>) => (await list(qs)).body.map((one) => one.id);
    const window = { minDate: '2026-12-01', maxDate: '2026-12-31' };
    expect(await ids(window)).to.deep.equal([]);
    expect(await ids({ ...window, canceled: true })).to.deep.equal([id]);
    expect(await ids({ ...window, showall: true })).to.deep.equal([id]);
    expect(await ids({ 'field:9101': 'EX-AAAAA2', showall: true })).to.deep.equal([id]);
    expect(await ids({ 'field:9101': 'EX-OTHER', showall: true })).to.deep.equal([]);
  });

  it('lists a hundred at most, the latest first, without a hint that there are more', async () => {
    const [time] = await freeTimes(7001);
    const { body } = await ask<Appointment>('appointments', booking(time));
    const [pattern] = simulator.state.appointments;
    if (!pattern) throw new Error('No appointment');
    for (let n = 1; n <= 120; n += 1)
      simulator.state.appointments.push({ ...structuredClone(pattern), id: body.id + n });
    const window = { minDate: '2026-12-01', maxDate: '2026-12-31' };
    expect((await ask<Appointment[]>('appointments', { qs: window })).body).to.have.length(100);
    expect((await ask<Appointment[]>('appointments', { qs: { ...window, max: 500 } })).body).to.have.length(
      121,
    );
  });

  for (const [what, change, error, message] of [
    ['no first name', { firstName: '' }, 'required_first_name', 'Attribute "firstName" is required.'],
    ['no e-mail', { email: undefined }, 'required_email', 'Attribute "email" is required.'],
    ['a bad e-mail', { email: 'rita' }, 'invalid_email', 'Invalid "email" attribute value.'],
    [
      'an unknown field',
      { fields: [{ id: 1, value: 'x' }] },
      'invalid_fields',
      'The field "1" does not exist on this appointment.',
    ],
    [
      'an unknown type',
      { appointmentTypeID: 987 },
      'invalid_appointment_type',
      'The appointment type "987" does not exist.',
    ],
    ['an unknown calendar', { calendarID: 987 }, 'invalid_calendar', 'The calendar "987" does not exist.'],
    ['no time', { datetime: undefined }, 'required_datetime', 'The parameter "datetime" is required.'],
    ['a time that is none', { datetime: 'asdf' }, 'invalid_datetime', 'The datetime "asdf" is invalid.'],
    [
      'a zone that is none',
      { timezone: 'Aint/No_Timezone' },
      'invalid_timezone',
      'Invalid timezone "Aint/No_Timezone".',
    ],
    [
      'a time at night',
      { datetime: '2026-12-01T03:00:00+1100' },
      'not_available',
      'The time "2026-12-01T03:00:00+1100" is not an available time slot.',
    ],
  ] as const) {
    it(`refuses ${what} with ${error} and the message of Acuity`, async () => {
      const [time] = await freeTimes(7001);
      const answer = await ask('appointments', booking(time, change));
      expect(answer).to.deep.equal({ status: 400, body: { status_code: 400, message, error } });
    });
  }

  it('answers wrong credentials, unknown paths and wrong verbs as Acuity does', async () => {
    const stranger = officialClient(simulator.url, 'another');
    expect(await stranger('me')).to.deep.equal({
      status: 401,
      body: { status_code: 401, message: 'Unauthorized', error: 'unauthorized' },
    });
    expect(await ask('nothing-here')).to.have.nested.property('body.error', 'not_found');
    expect(await ask('appointments/99')).to.have.nested.property('body.error', 'not_found');
    expect(await ask('appointments', { method: 'DELETE' })).to.deep.equal({
      status: 405,
      body: { status_code: 405, message: 'Method Not Allowed', error: 'method_not_allowed' },
    });
  });

  it('refuses a taken time to a client, and lets staff book it twice', async () => {
    const [time] = await freeTimes(7001);
    await ask('appointments', booking(time));
    expect(await ask('appointments', booking(time))).to.have.nested.property('body.error', 'not_available');
    expect(await ask('appointments?admin=true', booking(time))).to.have.property('status', 200);
    expect(await ask('appointments?admin=true', booking(time, { calendarID: undefined }))).to.have.property(
      'status',
      400,
    );
  });

  it('ignores the appointments named in ignoreAppointmentIDs when it looks for free times', async () => {
    const [first, second] = await freeTimes(7001);
    const ids: number[] = [];
    for (const time of [first, second]) {
      const made = await ask<Appointment>('appointments', booking(time));
      ids.push(made.body.id);
    }
    const qs = { date: first?.slice(0, 10), appointmentTypeID: 8001, calendarID: 7001 };
    const times = async (ignoreAppointmentIDs?: number[]) => {
      const found = await ask<{ time: string }[]>('availability/times', {
        qs: { ...qs, ...(ignoreAppointmentIDs && { ignoreAppointmentIDs }) },
      });
      return found.body.map(({ time }) => time);
    };
    expect(await times()).not.to.include.oneOf([first, second]);
    expect(await times(ids)).to.include.members([first, second]);
    expect(await times(ids.slice(1)))
      .to.include(second)
      .and.not.include(first);
  });

  describe('its webhooks', () => {
    let receiver: Server;
    let received: { body: Record<string, string>; status: number }[];

    beforeEach(async () => {
      received = [];
      const app = express();
      app.use(express.urlencoded({ extended: false, verify: sdk.bodyParserVerify(credentials.apiKey) }));
      app.post('/hook', (req, res) => {
        received.push({ body: req.body as Record<string, string>, status: 200 });
        res.sendStatus(200);
      });
      receiver = createServer(app);
      const url = `http://127.0.0.1:${await listen(receiver)}/hook`;
      targets.push({ url, style: 'static' });
    });
    afterEach(() => {
      receiver.close();
    });

    it('carry a signature that the official check accepts, and come in pairs with `changed`', async () => {
      const [time] = await freeTimes(7001);
      const { body } = await ask<Appointment>('appointments', booking(time));
      await ask(`appointments/${body.id}/cancel`, { method: 'PUT', body: {} });
      await until(() => received.length >= 4);
      expect(received.map((one) => one.body.action)).to.have.members([
        'scheduled',
        'changed',
        'canceled',
        'changed',
      ]);
      for (const { body: fields } of received) {
        expect(Object.keys(fields)).to.deep.equal(['action', 'id', 'calendarID', 'appointmentTypeID']);
        expect(fields.id).to.equal(String(body.id));
      }
    });
  });
});

// The control API that makes the simulator misbehave, and the page where people act as the clinic's staff.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { startSimulator, type Simulator, type WebhookTarget } from '../../src/simulator/index.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/listen.ts';

const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };
const authorization = `Basic ${Buffer.from('11100001:demo-acuity-key').toString('base64')}`;

describe('the simulator’s control API', () => {
  let simulator: Simulator;
  let folder: string;
  let receiver: Server;
  let received: string[];
  let answer = 200;
  const targets: WebhookTarget[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'examdesk-simulator-'));
    received = [];
    answer = 200;
    receiver = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString()));
      req.on('end', () => {
        received.push(body);
        res.statusCode = answer;
        res.end();
      });
    });
    const port = await listen(receiver);
    targets.splice(0, 1, {
      url: `http://127.0.0.1:${port}/`,
      style: 'static',
    });
    simulator = await start();
  });
  afterEach(async () => {
    await simulator.close();
    receiver.close();
    await rm(folder, { recursive: true });
  });

  const start = () =>
    startSimulator({
      port: 0,
      ...credentials,
      stateFile: path.join(folder, 'acuity.json'),
      webhookTargets: targets,
    });

  async function api(
    method: string,
    where: string,
    body?: object,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${simulator.url}/api/v1${where}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text.startsWith('<') ? text : JSON.parse(text || 'null')) as unknown,
    };
  }
  async function control(where: string, body: object): Promise<Response> {
    return fetch(`${simulator.url}/_sim/${where}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }
  const book = (change: object = {}) =>
    api('POST', '/appointments?admin=true', {
      datetime: '2027-01-12T10:00:00+1100',
      appointmentTypeID: 8001,
      calendarID: 7001,
      firstName: 'Rita',
      lastName: 'Alvarez',
      email: 'rita@harbour-legal.example',
      ...change,
    });
  const appointments = async () =>
    (await api('GET', '/appointments?minDate=2027-01-01&maxDate=2027-01-31&showall=true')).body;

  const look = async (what: string) => (await fetch(`${simulator.url}/_sim/${what}`)).json() as unknown;
  const deliveries = async () =>
    ((await look('deliveries')) as { deliveries: { state: string }[] }).deliveries;

  it('resets to the fixture', async () => {
    await book();
    await control('faults', { rules: [{ effect: { status: 500 } }] });
    await control('reset', {});
    expect(await appointments()).to.deep.equal([]);
  });

  it('answers with a chosen status and body, as often as asked', async () => {
    await control('faults', {
      rules: [{ method: 'GET', path: '/me', times: 2, effect: { status: 502, body: '<html>no</html>' } }],
    });
    for (const wanted of [502, 502, 200]) expect((await api('GET', '/me')).status).to.equal(wanted);
  });

  it('delays an answer', async () => {
    await control('faults', { rules: [{ path: '/me', times: 1, effect: { delayMs: 200 } }] });
    const startedAt = performance.now();
    await api('GET', '/me');
    expect(performance.now() - startedAt).to.be.above(190);
  });

  it('loses a call before it is carried out, or its answer afterwards', async () => {
    for (const [drop, count] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      await control('faults', { rules: [{ method: 'POST', times: 1, effect: { drop } }] });
      expect(
        await book().then(
          () => 'answered',
          () => 'lost',
        ),
      ).to.equal('lost');
      expect(await appointments()).to.have.length(count);
    }
  });

  it('delays, doubles and holds back events', async () => {
    await control('webhooks', { duplicate: true });
    await book();
    await until(() => received.length === 4);
    received.length = 0;
    await control('webhooks', { duplicate: 0, delayMs: 300 });
    const bookedAt = performance.now();
    await book({ calendarID: 7003 });
    await until(() => received.length === 2);
    expect(performance.now() - bookedAt).to.be.above(290);
    received.length = 0;
    const before = await deliveries();
    await control('webhooks', { enabled: false });
    const { body } = await book({ calendarID: 7005 });
    await control('webhooks', { enabled: true, delayMs: 0 });
    await api('PUT', `/appointments/${(body as { id: number }).id}`, { phone: '1' });
    await until(() => received.length === 1);
    expect(await deliveries()).to.have.length(before.length + 1);
  });

  it('sends an event before the answer to the call that caused it', async () => {
    await control('webhooks', { early: true });
    await book();
    expect(received).to.have.length(2);
  });

  it('retries an event minutes later by its own clock when a server failed, and not when it refused', async () => {
    answer = 503;
    await book();
    await until(() => received.length === 2);
    answer = 200;
    await control('clock', { now: new Date(Date.now() + 90_000).toISOString() });
    await until(() => received.length === 4);
    answer = 400;
    await book({ calendarID: 7003 });
    await until(() => received.length === 6);
    await control('clock', { now: new Date(Date.now() + 86_400_000).toISOString() });
    await until(async () => (await deliveries()).every(({ state }) => state !== 'waiting'));
    expect(received).to.have.length(6);
  });

  it('lists calls and deliveries', async () => {
    await book();
    await until(() => received.length === 2);
    expect((await deliveries()).map(({ state }) => state)).to.deep.equal(['delivered', 'delivered']);
    const { calls } = (await look('calls')) as { calls: object[] };
    expect(calls.at(-1)).to.include({ path: '/appointments', status: 200 });
  });

  it('explains what is wrong with a request that it cannot read', async () => {
    expect((await control('faults', { rules: [{ effect: { drop: 'sideways' } }] })).status).to.equal(400);
    expect((await control('clock', { now: 'soon' })).status).to.equal(400);
  });

  it('keeps its state over a restart', async () => {
    await book();
    const before = await appointments();
    await simulator.close();
    simulator = await start();
    expect(await appointments()).to.deep.equal(before);
  });

  describe('the staff page', () => {
    const post = (where: string, fields: Record<string, string> | [string, string][]) =>
      fetch(simulator.url + where, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
    const hostile = '<script>alert(1)</script>"\'&';
    const typed = {
      datetime: '2027-01-12T10:00:00+1100',
      appointmentTypeID: '8001',
      calendarID: '7001',
      firstName: hostile,
      lastName: 'Alvarez',
      email: 'rita@harbour-legal.example',
    };

    it('books, moves, edits and cancels, and sends the events', async () => {
      const booked = await post('/book', typed);
      expect(booked.status).to.equal(303);
      const where = booked.headers.get('location') ?? '';
      expect((await post(`${where}/reschedule`, { datetime: '2027-01-13T10:00:00+1100' })).status).to.equal(
        303,
      );
      expect(
        (await post(`${where}/edit`, { location: 'https://meet.example/1', notes: '' })).status,
      ).to.equal(303);
      expect((await post(`${where}/cancel`, { noShow: 'true' })).status).to.equal(303);
      const [one] = (await appointments()) as {
        datetime: string;
        canceled: boolean;
        noShow: boolean;
        location: string;
      }[];
      expect(one).to.include({
        datetime: '2027-01-13T10:00:00+1100',
        canceled: true,
        noShow: true,
        location: 'https://meet.example/1',
      });
      await until(() => received.some((body) => body.startsWith('action=canceled')));
    });

    const assessment = {
      datetime: '2027-01-11T09:00:00+1100',
      appointmentTypeID: '8005',
      calendarID: '7008',
      firstName: 'Rita',
      lastName: 'Alvarez',
      email: 'rita@harbour-legal.example',
    };
    const answersOf = async (where: string): Promise<Record<string, string>> => {
      const { body } = await api('GET', where);
      const { forms } = body as { forms: { values: { fieldID: number; value: string }[] }[] };
      return Object.fromEntries(
        forms.flatMap(({ values }) => values.map(({ fieldID, value }) => [fieldID, value])),
      );
    };

    it('shows the questions of the chosen type and books nothing yet', async () => {
      const page = await (await fetch(`${simulator.url}/book`)).text();
      expect(page).to.contain('Examination details').and.not.contain('Before the assessment');
      const answered = await post('/book', { ...assessment, show: 'questions' });
      expect(answered.status).to.equal(200);
      const shown = await answered.text();
      expect(shown).to.contain('Before the assessment').and.contain('Kind of claim');
      expect(shown).to.contain('value="Rita"');
      expect(await appointments()).to.deep.equal([]);
    });

    it('keeps the answers to every type of question, shows them and lets staff change them', async () => {
      const booked = await post('/book', [
        ...Object.entries(assessment),
        ['field-9571', 'HL-2041'],
        ['field-9573', 'Work injury'],
        // As a browser sends checkboxes: a hidden value first, which tells that they were shown.
        ...['', 'yes'].map((value): [string, string] => ['field-9574', value]),
        ...['', 'Imaging', 'Earlier reports'].map((value): [string, string] => ['field-9575', value]),
        ['field-9576', 'no'],
      ]);
      const where = booked.headers.get('location') ?? '';
      expect(await answersOf(where)).to.include({
        9571: 'HL-2041',
        9573: 'Work injury',
        9574: 'yes',
        9576: 'no',
        9575: 'Imaging, Earlier reports',
        9578: '',
      });
      const page = await (await fetch(simulator.url + where)).text();
      expect(page).to.contain('<dt>Kind of claim</dt><dd>Work injury</dd>');
      expect(page).to.contain('value="Earlier reports" checked');
      await post(`${where}/edit`, { location: '', notes: '', 'field-9574': '', 'field-9575': '' });
      expect(await answersOf(where)).to.include({ 9571: 'HL-2041', 9574: 'no', 9575: '' });
    });

    it('books without the answers that clients must give', async () => {
      const booked = await post('/book', assessment);
      expect(booked.status).to.equal(303);
      expect(await answersOf(booked.headers.get('location') ?? '')).to.include({ 9571: '', 9573: '' });
    });

    it('escapes hostile text', async () => {
      const { headers } = await post('/book', typed);
      for (const where of ['/', headers.get('location') ?? '', '/deliveries']) {
        const page = await (await fetch(simulator.url + where)).text();
        expect(page).not.to.contain('<script>');
      }
      const again = await (await post('/book', { ...typed, datetime: hostile })).text();
      expect(again).to.contain('&lt;script&gt;').and.not.contain('<script>alert');
    });

    it('shows in words why a request is refused', async () => {
      const answered = await post('/book', { ...typed, calendarID: '99' });
      expect(await answered.text()).to.contain('does not exist');
      expect((await fetch(`${simulator.url}/appointments/99`)).status).to.equal(404);
    });
  });
});

// The client against a server that misbehaves in every way. For the simulator see test/simulator.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { pino } from 'pino';
import {
  createAcuityClient,
  type AcuityClient,
  type AcuityClientOptions,
} from '../../src/adapters/acuity-http/index.ts';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import type { Acuity, NewAppointment } from '../../src/ports/acuity.ts';
import type { Cache } from '../../src/ports/cache.ts';
import { mostAcuityCalls } from '../../src/config.production.ts';
import { acuityRate } from '../support/acuity-rate.ts';
import { listen } from '../support/listen.ts';
import { until } from '../support/until.ts';

interface Received {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}
type Answer = (res: ServerResponse, req: IncomingMessage) => void;

const order: NewAppointment = {
  startsAt: new Date('2026-12-01T10:00:00+11:00'),
  appointmentTypeId: 8001,
  calendarId: 7001,
  timezone: 'Australia/Sydney',
  client: {
    firstName: 'Rita',
    lastName: 'Harbour',
    email: 'rita+ime@harbour-legal.example',
    phone: '+61290000001',
  },
  fields: [
    { id: 9101, value: 'EX-7K3M9Q' },
    { id: 9102, value: 'Jonathan' },
    { id: 9103, value: 'Secretname' },
  ],
};

const made = {
  id: 1700000101,
  datetime: '2026-12-01T10:00:00+1100',
  appointmentTypeID: 8001,
  calendarID: 7001,
  duration: '60',
  canceled: false,
  firstName: 'Rita',
  lastName: 'Harbour',
  labels: null,
  forms: [],
};

const json =
  (body: unknown, status = 200): Answer =>
  (res) =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const html =
  (status: number): Answer =>
  (res) =>
    void res
      .writeHead(status, { 'content-type': 'text/html' })
      .end('<html><h1>Attention required</h1></html>');
const refusal = (code: string, message: string) => json({ status_code: 400, message, error: code }, 400);
const tooMany = json({ status_code: 429, message: 'Rate limit reached.', error: 'too_many_requests' }, 429);
const tooManyForLong: Answer = (res, req) => tooMany(res.setHeader('retry-after', '60'), req);
const reset: Answer = (res) => void res.destroy();
const truncatedBody: Answer = (res) => {
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  res.write('[{"date":');
  setTimeout(() => res.destroy(), 20);
};
const never: Answer = () => undefined;
const halfABody: Answer = (res) => {
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  res.write('[{"date":');
};
/** Of a proxy: node:http ends such a reply without an error. */
const upgraded: Answer = (res) =>
  void res.socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n');
const zipped =
  (body: unknown): Answer =>
  (res) =>
    void res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(body)));

describe('the Acuity client', () => {
  const received: Received[] = [];
  const answers: Answer[] = [];
  const lines: string[] = [];
  let otherwise: Answer = json([]);
  let url = '';
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      const { pathname, searchParams } = new URL(req.url ?? '/', url);
      received.push({
        method: req.method ?? '',
        path: pathname,
        query: searchParams,
        body: body === '' ? null : (JSON.parse(body) as unknown),
      });
      (answers.shift() ?? otherwise)(res, req);
    });
  });

  before(async () => {
    url = `http://127.0.0.1:${await listen(server)}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    received.length = 0;
    answers.length = 0;
    lines.length = 0;
    otherwise = json([]);
  });

  function client(options: Partial<AcuityClientOptions> = {}): AcuityClient {
    return createAcuityClient({
      baseUrl: url,
      userId: '11100001',
      apiKeys: ['demo-acuity-key'],
      timeoutMs: 20_000,
      callsPerSecond: acuityRate.perSecond,
      cache: createMemoryCache(),
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
      ...options,
    });
  }
  const query = { appointmentTypeId: 8001, calendarId: 7001, timezone: 'Australia/Sydney' };
  const times = (acuity: Acuity = client()) => acuity.availableTimes({ ...query, date: '2026-12-01' });
  const book = (acuity: Acuity = client()) => acuity.createAppointment(order);

  describe('when it sends a request', () => {
    it('sends its credentials, its name and the query', async () => {
      let authorization: string | undefined;
      let name: string | undefined;
      answers.push((res, req) => {
        ({ authorization, 'user-agent': name } = req.headers);
        json([{ time: '2026-12-01T10:00:00+1100', slotsAvailable: 1 }, { time: '2026-12-01T11:10:00+1100' }])(
          res,
          req,
        );
      });
      expect(await times()).to.deep.equal({
        ok: true,
        value: [new Date('2026-11-30T23:00:00Z'), new Date('2026-12-01T00:10:00Z')],
      });
      expect(authorization).to.equal(`Basic ${btoa('11100001:demo-acuity-key')}`);
      expect(name).to.equal('examdesk');
      expect(received[0]?.path).to.equal('/api/v1/availability/times');
      expect(Object.fromEntries(received[0]?.query ?? [])).to.deep.equal({
        date: '2026-12-01',
        appointmentTypeID: '8001',
        calendarID: '7001',
        timezone: 'Australia/Sydney',
      });
    });

    it('always sends the calendar, the offset and noEmail=true', async () => {
      answers.push(json(made));
      const booked = await book();
      expect(booked.ok && booked.value.id).to.equal(1700000101);
      expect(received[0]).to.deep.include({ method: 'POST', path: '/api/v1/appointments' });
      expect(Object.fromEntries(received[0]?.query ?? [])).to.deep.equal({ noEmail: 'true' });
      expect(received[0]?.body).to.deep.equal({
        datetime: '2026-12-01T10:00:00+1100',
        appointmentTypeID: 8001,
        calendarID: 7001,
        timezone: 'Australia/Sydney',
        firstName: 'Rita',
        lastName: 'Harbour',
        email: 'rita+ime@harbour-legal.example',
        phone: '+61290000001',
        fields: order.fields,
      });
    });

    it('sends noEmail=true with a move and a cancellation, and admin=true only when asked', async () => {
      otherwise = json(made);
      const acuity = client();
      await acuity.reschedule(5, { startsAt: order.startsAt, calendarId: 7001, timezone: 'Australia/Perth' });
      await acuity.cancel(5, { note: 'By the referrer', asStaff: true, noShow: true });
      await acuity.cancel(5);
      expect(received.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
        'PUT /api/v1/appointments/5/reschedule',
        'PUT /api/v1/appointments/5/cancel',
        'PUT /api/v1/appointments/5/cancel',
      ]);
      expect(received.map((call) => call.query.toString())).to.deep.equal([
        'noEmail=true',
        'noEmail=true&admin=true',
        'noEmail=true',
      ]);
      expect(received.map((call) => call.body)).to.deep.equal([
        { datetime: '2026-12-01T07:00:00+0800', calendarID: 7001, timezone: 'Australia/Perth' },
        { cancelNote: 'By the referrer', noShow: true },
        {},
      ]);
    });

    it('searches by field, days, status and e-mail address, encoded', async () => {
      await client().findAppointments({
        field: { id: 9101, value: 'EX+7K & 3' },
        minDate: '2026-12-01',
        maxDate: '2026-12-02',
        which: 'all',
        email: 'rita+ime@harbour-legal.example',
      });
      expect(Object.fromEntries(received[0]?.query ?? [])).to.deep.equal({
        'field:9101': 'EX+7K & 3',
        minDate: '2026-12-01',
        maxDate: '2026-12-02',
        showall: 'true',
        email: 'rita+ime@harbour-legal.example',
      });
    });
  });

  describe('when it reads', () => {
    it('tries again after 429, 5xx, a lost connection, half a body and HTML', async () => {
      const good = json([{ time: '2026-12-01T10:00:00+1100' }]);
      for (const bad of [tooMany, html(502), html(200), json({}, 500), reset, truncatedBody, html(403)]) {
        received.length = 0;
        answers.push(bad, good);
        const answer = await times();
        expect(answer.ok, JSON.stringify(answer)).to.equal(true);
        expect(received).to.have.length(2);
      }
    });

    it('uses the next key of the ring when Acuity refuses one, and stays with it', async () => {
      const keys: string[] = [];
      const accepts =
        (accepted: string): Answer =>
        (res, req) => {
          const [, encoded = ''] = (req.headers.authorization ?? '').split(' ');
          const [, key = ''] = Buffer.from(encoded, 'base64').toString().split(':');
          keys.push(key);
          const isRefused = key !== accepted;
          const body = isRefused ? { status_code: 401, message: 'Unauthorized', error: 'unauthorized' } : [];
          json(body, isRefused ? 401 : 200)(res, req);
        };
      const acuity = client({ apiKeys: ['new', 'old'] });
      otherwise = accepts('old');
      expect((await times(acuity)).ok).to.equal(true);
      expect((await times(acuity)).ok).to.equal(true);
      otherwise = accepts('new');
      expect((await times(acuity)).ok).to.equal(true);
      otherwise = accepts('neither');
      expect(await times(acuity)).to.deep.equal({ ok: false, reason: 'unauthorized' });
      expect(keys).to.deep.equal(['new', 'old', 'old', 'old', 'new', 'new', 'old']);
    });

    it('does not try again after a refusal', async () => {
      answers.push(refusal('invalid_calendar', 'The calendar "7001" does not exist.'));
      expect(await times()).to.deep.equal({
        ok: false,
        reason: 'refused',
        code: 'invalid_calendar',
        message: 'The calendar "7001" does not exist.',
        status: 400,
      });
      answers.push(json({ status_code: 401, message: 'Unauthorized', error: 'unauthorized' }, 401));
      expect(await times()).to.deep.equal({ ok: false, reason: 'unauthorized' });
      answers.push(json({ status_code: 404, message: 'Not Found.', error: 'not_found' }, 404));
      expect(await client().getAppointment(5)).to.deep.equal({ ok: false, reason: 'not_found' });
      expect(received).to.have.length(3);
    });

    it('stops at its time-out, retries included', async () => {
      for (const bad of [never, halfABody, json({}, 500), tooMany, html(403), truncatedBody]) {
        otherwise = bad;
        const startedAt = performance.now();
        const answer = await times(client({ timeoutMs: 500 }));
        expect(answer.ok).to.equal(false);
        expect(performance.now() - startedAt).to.be.below(10_000);
      }
    });

    it('returns the reason of a failure', async () => {
      /** Short for answers that are tried again until the time is over. */
      const failing = async (answer: Answer, timeoutMs = 400) => {
        otherwise = answer;
        return times(client({ timeoutMs }));
      };
      expect(await failing(never)).to.deep.include({ reason: 'unavailable', notSent: false });
      expect(await failing(html(502))).to.deep.include({ reason: 'unavailable', notSent: false });
      expect(await failing(html(403))).to.deep.include({ reason: 'unavailable', notSent: false });
      expect(await failing(tooManyForLong, 20_000)).to.deep.include({ reason: 'rate_limited' });
      expect(await failing(html(200), 5_000)).to.deep.equal({ ok: false, reason: 'unreadable' });
      expect(await failing(json({ times: [] }), 5_000)).to.deep.equal({ ok: false, reason: 'unreadable' });
      expect(await failing(json([{ time: '10:00am' }]), 5_000)).to.deep.equal({
        ok: false,
        reason: 'unreadable',
      });
      expect(await failing(json([{ time: '2026-12-01T10:00:00' }]), 5_000)).to.deep.equal({
        ok: false,
        reason: 'unreadable',
      });
    });

    it('reads an answer that was compressed', async () => {
      otherwise = zipped([{ time: '2026-12-01T10:00:00+1100' }]);
      const startsAt = new Date('2026-12-01T10:00:00+11:00');
      expect(await times()).to.deep.equal({ ok: true, value: [startsAt] });
    });

    it('leaves out times that have no place left', async () => {
      otherwise = json([{ time: '2026-12-01T10:00:00+1100', slotsAvailable: 0 }]);
      expect(await times()).to.deep.equal({ ok: true, value: [] });
    });

    it('refuses a list with an appointment that it cannot read', async () => {
      otherwise = json([made, { ...made, datetime: 'soon' }]);
      expect(await client().findAppointments({ which: 'all' })).to.deep.equal({
        ok: false,
        reason: 'unreadable',
      });
    });
  });

  describe('when it writes', () => {
    it('sends the request once, whatever the answer', async () => {
      for (const bad of [tooMany, html(502), json({}, 500), reset, truncatedBody, html(200), html(403)]) {
        received.length = 0;
        otherwise = bad;
        expect((await book()).ok).to.equal(false);
        expect(received).to.have.length(1);
      }
    });

    it('returns that the outcome is unknown when the call may have been carried out', async () => {
      for (const bad of [
        html(502),
        html(503),
        json({}, 500),
        reset,
        truncatedBody,
        never,
        halfABody,
        upgraded,
        html(403),
      ]) {
        otherwise = bad;
        expect(await book(client({ timeoutMs: 300 }))).to.deep.include({
          reason: 'unavailable',
          notSent: false,
        });
      }
      otherwise = html(200);
      expect(await book()).to.deep.equal({ ok: false, reason: 'unreadable' });
    });

    it('returns that nothing was carried out when the call never reached Acuity', async () => {
      const closed = createServer().listen(0, '127.0.0.1');
      await new Promise((go) => closed.once('listening', go));
      const { port } = closed.address() as AddressInfo;
      await new Promise((go) => closed.close(go));
      expect(await book(client({ baseUrl: `http://127.0.0.1:${port}` }))).to.deep.include({
        reason: 'unavailable',
        notSent: true,
      });
      expect(await book(client({ baseUrl: 'http://acuity.invalid' }))).to.deep.include({
        reason: 'unavailable',
        notSent: true,
      });
      answers.push(refusal('not_available', 'The time is not an available time slot.'));
      expect(await book()).to.deep.include({ reason: 'refused', code: 'not_available' });
      answers.push(tooMany);
      expect(await book()).to.deep.equal({ ok: false, reason: 'rate_limited', retryAfterMs: 1_000 });
    });

    it('follows no redirect, which would turn the write into a read', async () => {
      otherwise = (res) => void res.writeHead(302, { location: `${url}/elsewhere` }).end();
      expect(await book()).to.deep.include({ reason: 'unavailable', notSent: false });
      expect(received).to.have.length(1);
    });

    it('reads the appointment back when the answer holds its id and little else', async () => {
      const notFound = json({ status_code: 404, message: 'Not Found.', error: 'not_found' }, 404);
      answers.push(json({ id: 1700000101, datetime: 'soon' }), notFound, json({ ...made, duration: '75' }));
      const booked = await book();
      expect(booked.ok && booked.value.durationMinutes).to.equal(75);
      expect(received.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
        'POST /api/v1/appointments',
        'GET /api/v1/appointments/1700000101',
        'GET /api/v1/appointments/1700000101',
      ]);
    });

    it('returns the appointment when it cannot be read back either', async () => {
      answers.push(json({ id: '1700000101', calendarID: 7001 }));
      otherwise = json({}, 500);
      const booked = await book(client({ timeoutMs: 60_000 }));
      if (!booked.ok) throw new Error(booked.reason);
      expect(booked.value).to.deep.include({
        id: 1700000101,
        startsAt: order.startsAt,
        calendarId: 7001,
        appointmentTypeId: 8001,
        durationMinutes: 0,
      });
      expect(booked.value.answers.get(9101)).to.equal('EX-7K3M9Q');
    });

    it('returns the cancelled appointment when the answer does not name it', async () => {
      answers.push(json(['ok']), json({ ...made, canceled: true }));
      const cancelled = await client().cancel(1700000101);
      expect(cancelled.ok && cancelled.value.canceled).to.equal(true);
    });

    it('returns the calendar that Acuity names when it is not the one asked for', async () => {
      answers.push(json({ ...made, calendarID: 7002 }));
      const booked = await book();
      expect(booked.ok && booked.value.calendarId).to.equal(7002);
    });
  });

  describe('the breaker', () => {
    /** Its rest outlasts the test. */
    const breaker = { failures: 3, restMs: 300_000 };

    it('stops the calls when Acuity fails', async () => {
      const acuity = client({ breaker, timeoutMs: 60_000 });
      otherwise = json({}, 500);
      await times(acuity);
      expect(received).to.have.length(3);
      expect(await times(acuity)).to.deep.include({ reason: 'unavailable', notSent: true });
      expect(await book(acuity)).to.deep.include({ reason: 'unavailable', notSent: true });
      expect(received).to.have.length(3);
    });

    it('allows one call after a rest, and closes when that succeeds', async () => {
      const acuity = client({ breaker: { failures: 3, restMs: 300 }, timeoutMs: 60_000 });
      otherwise = json({}, 500);
      await times(acuity);
      otherwise = json(made);
      await until(async () => (await book(acuity)).ok);
      expect(received.map(({ method }) => method)).to.deep.equal(['GET', 'GET', 'GET', 'POST']);
      otherwise = json([]);
      expect((await times(acuity)).ok).to.equal(true);
    });

    it('stops reads when writes failed', async () => {
      const acuity = client({ breaker, timeoutMs: 100 });
      otherwise = never;
      for (let i = 0; i < 3; i += 1) await book(acuity);
      received.length = 0;
      expect(await times(acuity)).to.deep.include({ reason: 'unavailable', notSent: true });
      expect(received).to.have.length(0);
    });

    it('does not count a refusal as a failure', async () => {
      const acuity = client({ breaker });
      otherwise = refusal('not_available', 'taken');
      for (let i = 0; i < 8; i += 1) expect(await book(acuity)).to.deep.include({ reason: 'refused' });
      otherwise = html(403);
      for (let i = 0; i < 4; i += 1) await book(acuity);
      otherwise = json(made);
      expect((await book(acuity)).ok).to.equal(true);
    });
  });

  describe('the limiter', () => {
    const limited = (options: Partial<AcuityClientOptions> = {}) =>
      client({ callsPerSecond: mostAcuityCalls, ...options });

    it('lets all clients of one cache together make at most ten calls a second', async function () {
      this.timeout(60_000);
      let now = 0;
      const memory = createMemoryCache({ elapsedMs: () => (now = performance.now()) });
      /** By the limiter's own reading of the time: requests travel for as long as the machine likes. */
      const departures: number[] = [];
      const cache: Cache = {
        ...memory,
        takeTurn: async (...asked) => {
          const turn = await memory.takeTurn(...asked);
          if (turn.lane !== null) departures.push(now);
          return turn;
        },
      };
      const clients = [limited({ cache, timeoutMs: 40_000 }), limited({ cache, timeoutMs: 40_000 })];
      otherwise = json([]);
      await Promise.all(Array.from({ length: 30 }, (_, i) => times(clients[i % 2])));
      expect(received).to.have.length(30);
      expect(departures).to.have.length(30);
      for (const from of departures)
        expect(departures.filter((at) => at >= from && at < from + 999).length).to.be.at.most(10);
      expect(Math.max(...departures) - Math.min(...departures)).to.be.below(20_000);
    });

    it('refuses with a reason of its own, and sends nothing, when no turn comes in time', async () => {
      const cache: Cache = {
        ...createMemoryCache(),
        takeTurn: async () => ({ lane: null, waitMs: 10 }),
      };
      const acuity = client({ cache, timeoutMs: 200 });
      expect(await times(acuity)).to.deep.include({ ok: false, reason: 'queue_full' });
      expect(await times(acuity.background)).to.deep.include({ reason: 'queue_full' });
      expect(received).to.have.length(0);
    });

    it('gives the reason of the call that was sent when no turn comes for the next attempt', async () => {
      const memory = createMemoryCache();
      let turns = 0;
      const cache: Cache = {
        ...memory,
        takeTurn: async (...asked) =>
          turns++ === 0 ? memory.takeTurn(...asked) : { lane: null, waitMs: 10 },
      };
      otherwise = html(502);
      expect(await times(client({ cache, timeoutMs: 1_500 }))).to.deep.include({
        ok: false,
        reason: 'unavailable',
      });
      expect(received).to.have.length(1);
    });

    it('sends writes before reads, and work in the background last', async () => {
      const acuity = limited();
      otherwise = (res, req) => json(req.method === 'POST' ? made : [])(res, req);
      const read = (from: Acuity, date: string) => from.availableTimes({ ...query, date });
      await Promise.all([
        ...[1, 2].map((day) => read(acuity.background, `2026-12-0${day}`)),
        ...[3, 4].map((day) => read(acuity, `2026-12-0${day}`)),
        book(acuity),
      ]);
      const arrived = received.map((call) => call.query.get('date') ?? call.method);
      // Nobody else waits yet when the first one comes.
      expect(arrived).to.deep.equal(['2026-12-01', 'POST', '2026-12-03', '2026-12-04', '2026-12-02']);
    });

    it('limits each process on its own when the cache is away', async () => {
      const gone = () => Promise.reject(new Error('connect ECONNREFUSED'));
      const cache: Cache = { ...createMemoryCache(), takeTurn: gone, takePlace: gone };
      const startedAt = performance.now();
      const acuity = limited({ cache, timeoutMs: 5_000 });
      const answered = await Promise.all(Array.from({ length: 6 }, () => times(acuity)));
      expect(answered.every(({ ok }) => ok)).to.equal(true);
      expect(performance.now() - startedAt).to.be.above(400);
      expect(lines.filter((line) => line.includes('cache is away'))).to.have.length(1);
    });
  });

  it('logs nothing about people', async () => {
    const acuity = client({ timeoutMs: 300 });
    answers.push(json({ ...made, forms: [{ values: [{ fieldID: 9103, value: 'Secretname' }] }] }));
    await book(acuity);
    answers.push(refusal('invalid_email', 'Invalid "email" attribute value. rita+ime@harbour-legal.example'));
    await book(acuity);
    answers.push(json({ id: 5, firstName: 'Rita' }), json({ ...made, id: 5 }));
    await book(acuity);
    answers.push(html(502), reset);
    await book(acuity);
    await acuity.findAppointments({
      email: 'rita+ime@harbour-legal.example',
      field: { id: 9103, value: 'Secretname' },
    });
    otherwise = never;
    await acuity.findAppointments({ email: 'rita+ime@harbour-legal.example' });
    await book(client({ baseUrl: 'http://acuity.invalid', timeoutMs: 300 }));
    // Timestamps and process ids hold random digits.
    const log = lines.map((line) => line.replace(/"(time|pid|ms)":\d+,/g, '')).join('\n');
    for (const secret of [
      'Rita',
      'rita',
      'Harbour',
      'Secretname',
      'Jonathan',
      '6129',
      'demo-acuity-key',
      'Basic',
      '?',
    ]) {
      expect(log, secret).not.to.include(secret);
    }
    expect(log).to.include('"route":"/appointments"');
    expect(log).to.include('"calendarId":7001');
    expect(log).to.include('"status":502');
  });

  it('ping tells whether Acuity answers, and asks at most every few seconds', async () => {
    otherwise = json({ id: 11100001 });
    const acuity = client();
    const answered = await Promise.all([acuity.ping(), acuity.ping(), acuity.ping()]);
    expect(answered[2]).to.deep.equal({ ok: true, value: true });
    expect(received.map(({ path }) => path)).to.deep.equal(['/api/v1/me']);
    otherwise = json({}, 500);
    expect((await client().ping()).ok).to.equal(false);
  });
});

import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { ConfigError, readConfig } from '../../src/config.ts';
import { createRelayApp } from '../../src/http/small.app.ts';
import { claimDue, markDelivered } from '../../src/webhooks/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { peopleOf } from '../support/booking-fixture.ts';
import { eventBody, send } from '../support/webhook-stack.ts';
import { listen } from '../support/listen.ts';

describe('claimDue', () => {
  let app: TestApp;
  before(async () => {
    // Nothing delivers here: the tests claim events themselves.
    app = await startTestApp({ env: { WEBHOOK_DELAY_SECONDS: '0' } });
  });
  after(() => app.close());
  beforeEach(() => app.db('webhook_events').delete());

  const take = async (action: string, id: number) =>
    (await send(`${app.url}/automation/acuity`, eventBody(action, id))).body.eventId as string;
  const claim = async (aheadMs = 1_000, limit = 10) =>
    (await claimDue(app.db, new Date(Date.now() + aheadMs), 60_000, limit)).map(({ id }) => id);
  const done = (id: string) => markDelivered(app.db, id, { status: 200, durationMs: 1, at: new Date() });
  const stateOf = (id: string) => app.db('webhook_events').where({ id }).first('state');

  it('claims one event of an appointment at a time, in order of arrival, and those of others beside it', async () => {
    const [a1, a2, b1, a3] = [
      await take('scheduled', 1),
      await take('changed', 1),
      await take('scheduled', 2),
      await take('rescheduled', 1),
    ];
    expect(await claim()).to.deep.equal([a1, b1]);
    expect(await claim()).to.deep.equal([]);
    await done(a1);
    expect(await claim()).to.deep.equal([a2]);
    await done(a2);
    expect(await claim()).to.deep.equal([a3]);
  });

  it('gives an event to one of eight concurrent callers', async () => {
    for (let id = 1; id <= 5; id += 1) for (const action of ['scheduled', 'changed']) await take(action, id);
    const claims = (await Promise.all(Array.from({ length: 8 }, () => claim(1_000, 2)))).flat();
    expect(new Set(claims).size).to.equal(claims.length);
    const appointments = (await app
      .db('webhook_events')
      .whereIn('id', claims)
      .pluck('appointment_id')) as number[];
    expect(new Set(appointments).size).to.equal(claims.length);
  });

  it('holds an event back while a later one of its appointment is being delivered', async () => {
    const [first, second] = [await take('scheduled', 1), await take('changed', 1)];
    // As when the first event's insert was committed after the second was claimed.
    await app
      .db('webhook_events')
      .where({ id: second })
      .update({ state: 'delivering', lease_until: new Date(Date.now() + 60_000) });
    expect(await claim()).to.deep.equal([]);
    await done(second);
    expect(await claim()).to.deep.equal([first]);
  });

  it('claims an event again when the lease of its process has expired', async () => {
    const id = await take('scheduled', 1);
    expect(await claim()).to.deep.equal([id]);
    expect(await claim(59_000)).to.deep.equal([]);
    expect(await claim(62_000)).to.deep.equal([id]);
  });

  it('claims an event again when a replay was requested during its delivery', async () => {
    const id = await take('scheduled', 1);
    await claim();
    const { ada } = await peopleOf(app.db);
    expect(await app.system.services.webhooks.replay(ada, id)).to.equal('replayed');
    await done(id);
    expect(await stateOf(id)).to.deep.equal({ state: 'waiting' });
    expect(await claim()).to.deep.equal([id]);
  });
});

describe('relay process', () => {
  let app: TestApp;
  let server: Server;
  let url: string;
  before(async () => {
    app = await startTestApp();
    server = createServer(createRelayApp(app.system.services));
    url = `http://127.0.0.1:${await listen(server)}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await app.close();
  });

  it('takes events and answers health checks', async () => {
    expect((await send(`${url}/automation/acuity`, eventBody('changed', 5))).status).to.equal(202);
    expect((await fetch(`${url}/healthz`)).status).to.equal(200);
  });

  it('answers 404 to everything else, including browsers', async () => {
    for (const path of ['/', '/bookings', '/webhooks/acuity', '/admin/webhooks/x/replay']) {
      const answer = await fetch(url + path, { headers: { accept: 'text/html' } });
      expect(answer.status, path).to.equal(404);
      expect(answer.headers.get('content-type'), path).to.contain('application/problem+json');
    }
  });

  it('refuses to start when a secret cannot verify anything', () => {
    const env = { ...process.env, AUTOMATION_SECRETS: 'change-me!' };
    expect(() => readConfig(env)).to.throw(ConfigError, /AUTOMATION_SECRETS: needs whsec_/);
  });
});

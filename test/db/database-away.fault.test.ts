import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { demoPassword, seedDemo } from '../../seeds/demo.ts';
import { openDatabase } from '../../src/db/knex.ts';
import { migrateBoth } from '../../src/db/migrate.ts';
import { openAppRole } from '../../src/dev/app-role.ts';
import { startPostgres, type RunningPostgres } from '../../src/dev/postgres.ts';
import { type Agent, startTestApp, type TestApp } from '../support/app.ts';
import { mountedRoutes } from '../support/routes.ts';
import { scratchFolder } from '../support/scratch.ts';
import { signed } from '../support/webhook-stack.ts';

const event = 'action=scheduled&id=1&calendarID=7001&appointmentTypeID=8001';
/** Routes that do not use the database and answer as always. */
const withoutDatabase = new Set(['get /healthz', 'get /metrics', 'get /api/openapi.json']);
/** Routes with tests of their own: their answers have other texts or bodies. */
const others = ['get /readyz', 'post /automation/acuity', 'post /webhooks/acuity'];

interface Line {
  msg: string;
  route?: string;
  err?: object;
}

describe('a PostgreSQL that is stopped and started again', function () {
  this.timeout(120_000);
  let postgres: RunningPostgres;
  let dataDir: string;
  let app: TestApp;
  let ada: Agent;

  before(async () => {
    dataDir = await mkdtemp(path.join(await scratchFolder(), 'examdesk-away-'));
    postgres = await startPostgres({ dataDir });
    const ownerUrl = postgres.url;
    const url = await openAppRole(ownerUrl);
    await migrateBoth({ url, ownerUrl });
    const [db, owner] = [openDatabase(url), openDatabase(ownerUrl)];
    await seedDemo(db);
    const close = async () => void (await Promise.all([db.destroy(), owner.destroy()]));
    app = await startTestApp({ database: { db, url, owner, ownerUrl, close } });
    ada = await app.signIn('ada@examdesk.example');
    await ada.get('/bookings').expect(200);
    await postgres.stop();
  });
  after(async () => {
    await app.close();
    await postgres.stop();
    // It is often in memory.
    for (const left of [dataDir, `${dataDir}.log`]) await rm(left, { recursive: true });
  });

  /** The log lines written while `work` ran. */
  async function logged(work: () => Promise<unknown>): Promise<Line[]> {
    const from = app.logLines.length;
    await work();
    return app.logLines.slice(from).map((line) => JSON.parse(line) as Line);
  }

  it('makes every route answer 503 with Retry-After, and the log name the route and the cause', async () => {
    const routes = mountedRoutes(app.system.app).filter(
      (route) =>
        !withoutDatabase.has(route) && !others.includes(route) && !/\*|components\.bundle/.test(route),
    );
    expect(routes).to.have.length.above(60);
    for (const route of routes) {
      const [method = '', pattern = ''] = route.split(' ');
      const address = pattern.replace(/:\w+/g, '0192f000-0000-7000-8000-000000000009');
      const lines = await logged(async () => {
        const request = method === 'post' ? ada.post(address).send({}) : ada[method as 'get'](address);
        const { body, headers, status } = await request;
        expect(status, route).to.equal(503);
        expect(headers['retry-after'], route).to.equal('5');
        expect(body, route).to.include({ code: 'unavailable' });
      });
      const cause = lines.filter(({ msg }) => msg === 'database unavailable');
      expect(cause, route).to.have.length(1);
      const request = lines.find(({ msg }) => msg === 'request');
      expect(cause[0]?.route, route).to.equal(request?.route);
      // A page and its endpoint may name a parameter differently; AdminJS has one name for all.
      expect(request?.route?.replace(/:\w+/g, ':'), route).to.be.oneOf([
        pattern.replace(/:\w+/g, ':'),
        ...(pattern.startsWith('/admin/') ? ['/admin'] : []),
      ]);
      expect(cause[0]?.err, route).not.to.have.property('at');
      expect(lines, route).to.have.length.below(4);
    }
  });

  it('shows people an error page, and htmx the same', async () => {
    for (const headers of [{ Accept: 'text/html' }, { Accept: 'text/html', 'HX-Request-Type': 'partial' }]) {
      const { text } = await ada.get('/bookings').set(headers).expect(503).expect('Retry-After', '5');
      expect(text).to.contain('<h1>Temporarily unavailable</h1>');
      expect(text).to.contain('We can’t reach our database right now. Try again in a few seconds.');
    }
  });

  it('gives people back the form that they sent, except passwords', async () => {
    const send = async (address: string, form: Record<string, string | string[]>) => {
      const sent = ada.post(address).type('form').set('Accept', 'text/html').send(form);
      return (await sent.expect(503)).text;
    };
    const address = '/bookings/0192f000-0000-7000-8000-000000000001/messages?before=1';
    const again = await send(address, { text: 'Is “Tuesday” fine?\nHe needs <help>.', to: ['a', 'b'] });
    expect(again).to.contain(`<form method="post" action="${address}">`).and.contain('Send it again');
    expect(
      [...again.matchAll(/<input type="hidden" name="(.*)" value="([^"]*)">/g)].map(([, ...one]) => one),
    ).to.deep.equal([
      ['text', 'Is “Tuesday” fine?\nHe needs &lt;help&gt;.'],
      ['to', 'a'],
      ['to', 'b'],
    ]);
    const withheld = [
      await send('/account/password', { current: 'x', password: 'y' }),
      // To a browser this path names another host.
      await send('//elsewhere.example/messages', { text: 'Is Tuesday fine?' }),
    ];
    for (const page of withheld) expect(page).not.to.contain('<form method="post"');
    const { text: page } = await ada.get('/bookings?tab=past').set('Accept', 'text/html').expect(503);
    expect(page).to.contain('<a class="button" href="/bookings?tab=past">Try again</a>');
  });

  it('makes sign-in answer 503, not that the password is wrong', async () => {
    const given = { email: 'rita@harbour-legal.example', password: demoPassword };
    const { body } = await app
      .anonymous()
      .post('/api/auth/sign-in/email')
      .send(given)
      .expect(503)
      .expect('Retry-After', '5');
    expect(body).to.include({ code: 'unavailable' });
    for (const [address, form] of [
      ['/sign-in', given],
      ['/account/forgotten', { email: given.email }],
    ] as const) {
      const { text } = await app
        .anonymous()
        .post(address)
        .type('form')
        .set('Accept', 'text/html')
        .send(form)
        .expect(503)
        .expect('Retry-After', '5');
      expect(text, address).to.contain('We can’t reach our database right now');
    }
    await app.anonymous().get('/sign-in').set('Accept', 'text/html').expect(200);
  });

  it('makes the webhook and relay endpoints ask for a retry', async () => {
    for (const address of ['/automation/acuity', '/webhooks/acuity']) {
      const { body } = await app
        .anonymous()
        .post(address)
        .set(signed(event))
        .send(event)
        .expect(503)
        .expect('Retry-After', '5');
      expect(body).to.include({ code: 'unavailable' });
    }
  });

  it('leaves the process alive, not ready, and its metrics readable', async () => {
    await ada.get('/healthz').expect(200);
    const { body } = await ada.get('/readyz').expect(503);
    expect((body as { checks: object }).checks).to.include({ database: 'down', jobs: 'down' });
    const { text } = await ada.get('/metrics').expect(200);
    expect(text).to.contain('examdesk_database_up 0').and.not.to.contain('examdesk_waiting{');
    expect(text).to.contain(
      'http_request_duration_seconds_count{method="GET",route="/bookings",status="503"}',
    );
  });

  it('needs no restart once it is back', async () => {
    postgres = await startPostgres({ dataDir, port: postgres.port });
    await ada.get('/bookings').expect(200);
    await ada.get('/bookings').set('Accept', 'text/html').expect(200);
    await app.anonymous().post('/automation/acuity').set(signed(event)).send(event).expect(202);
    await app.anonymous().get('/readyz').expect(200);
  });
});

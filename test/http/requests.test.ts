import { request as rawRequest } from 'node:http';
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { until } from '../support/until.ts';

describe('every response', () => {
  let app: TestApp;
  let rita: Agent;

  before(async () => {
    app = await startTestApp();
    rita = await app.signIn('rita@harbour-legal.example');
  });
  after(() => app.close());

  it('has a strict content security policy, and no-store for signed-in people', async () => {
    const { headers } = await rita.get('/bookings').set('Accept', 'text/html').expect(200);
    expect(headers['content-security-policy']).to.equal(
      "default-src 'self';base-uri 'none';object-src 'none';form-action 'self';frame-ancestors 'none'",
    );
    expect(headers['cache-control']).to.equal('no-store');
    expect(headers.vary)
      .to.match(/Accept/)
      .and.match(/HX-Request-Type/);
    expect(headers).not.to.have.property('x-powered-by');
  });

  it('has a request id of our own, whatever a stranger sends', async () => {
    for (const sent of ['trace-12345678', '<script>alert(1)</script>']) {
      const { headers } = await rita.get('/healthz').set('X-Request-Id', sent);
      expect(headers['x-request-id'], sent).to.match(/^[\da-f-]{36}$/);
    }
  });

  it('/readyz answers 503, and everything else works, while the process stops', async () => {
    const told = await startTestApp();
    try {
      await told.anonymous().get('/readyz').expect(200);
      told.system.beginStop();
      const { body } = await told.anonymous().get('/readyz').expect(503);
      expect((body as { details: object }).details).to.include({ stopping: true });
      await told.anonymous().get('/healthz').expect(200);
      await told.anonymous().get('/sign-in').expect(200);
      const lines = () =>
        told.logLines
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .filter(({ msg }) => msg === 'request');
      await until(async () => lines().some(({ route }) => route === '/sign-in'));
      // Health checks that are well are logged at debug, which this log leaves out.
      expect(lines().map(({ route, status }) => [route, status])).to.deep.equal([
        ['/readyz', 503],
        ['/sign-in', 200],
      ]);
    } finally {
      await told.close();
    }
  });

  describe('access', () => {
    it('redirects to sign-in and back, with the query, without a session', async () => {
      const { headers } = await app
        .anonymous()
        .get('/bookings?status=active')
        .set('Accept', 'text/html')
        .expect(303);
      expect(headers.location).to.equal('/sign-in?next=%2Fbookings%3Fstatus%3Dactive');
    });

    it('answers programs 401 with a problem document without a session', async () => {
      const { body, headers } = await app.anonymous().get('/bookings').expect(401);
      expect(headers['content-type']).to.match(/^application\/problem\+json/);
      expect(body).to.include({ status: 401, code: 'not_signed_in' }).and.to.have.property('requestId');
    });

    it('sends HX-Redirect to htmx without a session', async () => {
      const { headers } = await app
        .anonymous()
        .get('/bookings')
        .set({ Accept: 'text/html', 'HX-Request-Type': 'partial' })
        .expect(401);
      expect(headers['hx-redirect']).to.equal('/sign-in?next=%2Fbookings');
    });

    it('refuses and records roles that lack access', async () => {
      const sam = await app.signIn('sam@examdesk.example');
      const { body } = await sam.post('/bookings').send({}).expect(403);
      expect(body.code).to.equal('forbidden');
      const row = await app.db('audit_log').where({ action: 'access.denied' }).first();
      expect(row).to.include({ resource_id: '/bookings', outcome: 'denied' });
    });

    it('ends with the next request of a banned person', async () => {
      const rob = await app.signIn('rob@harbour-legal.example');
      await rob.get('/bookings').expect(200);
      await app.db('users').where({ email: 'rob@harbour-legal.example' }).update({ banned: true });
      await rob.get('/bookings').expect(401);
      await app.db('users').where({ email: 'rob@harbour-legal.example' }).update({ banned: false });
    });
  });

  describe('sameSite', () => {
    const changing = [
      '/bookings',
      '/sign-in',
      '/sign-out',
      '/bookings/new',
      '/api/auth/sign-in/email',
      '/api/auth/sign-out',
    ];
    for (const path of changing) {
      for (const [from, headers] of [
        ['another origin', { Origin: 'http://evil.example' }],
        ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
        ['a sister domain', { 'Sec-Fetch-Site': 'same-site' }],
        ['an opaque origin', { Origin: 'null' }],
      ] as [string, Record<string, string>][]) {
        it(`refuses POST ${path} from ${from}`, async () => {
          const { body } = await rita.post(path).set('Origin', '').set(headers).send({}).expect(403);
          expect(body.code).to.equal('cross_site');
        });
      }
    }

    it('refuses changes without Origin and Sec-Fetch-Site', async () => {
      const answer = await fetch(`${app.url}/sign-out`, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'none' },
      });
      expect(answer.status).to.equal(403);
    });
  });

  describe('readBody', () => {
    const post = (type: string, body: string) =>
      rita.post('/api/auth/sign-in/email').set('Content-Type', type).send(body);

    it('answers 400 to malformed JSON', async () => {
      expect((await post('application/json', '{"email": ').expect(400)).body.code).to.equal('bad_request');
    });
    it('answers 4xx to JSON that is not an object', async () => {
      for (const body of ['[]', '"text"', 'null', '17']) {
        const { status } = await post('application/json', body);
        expect(status, body).to.be.oneOf([400, 422]);
      }
    });
    it('answers 413 to more than 100 KB', async () => {
      const big = JSON.stringify({ email: 'x'.repeat(200_000) });
      expect((await post('application/json', big).expect(413)).body.code).to.equal('too_large');
    });
    it('answers 415 to other content types', async () => {
      expect((await post('application/xml', '<a/>').expect(415)).body.code).to.equal('unsupported_type');
    });
    it('answers 422 with the field to arrays and objects in place of text', async () => {
      for (const email of [['a@b.example'], { $ne: null }, 17, true]) {
        const { body } = await post('application/json', JSON.stringify({ email, password: 'x' })).expect(422);
        expect(body.errors[0].path).to.equal('email');
      }
    });
    it('answers 400 to NUL anywhere', async () => {
      await post('application/json', JSON.stringify({ email: 'a\u0000@b.example', password: 'x' })).expect(
        400,
      );
      await rita.get('/bookings?q=%00').expect(400);
    });
    it('answers 400 to lone surrogates anywhere: PostgreSQL cannot store them', async () => {
      const half = String.raw`\ud800`;
      await post('application/json', `{"email": "a${half}@b.example", "password": "x"}`).expect(400);
      await post('application/json', `{"email": "a@b.example", "${half}": [{"x": "${half}"}]}`).expect(400);
      const ada = await app.signIn('ada@examdesk.example');
      const row = (await app.db('users').where({ email: 'rita@harbour-legal.example' }).first('id')) as {
        id: string;
      };
      const act = (reason: string) =>
        ada
          .post('/admin/impersonate')
          .set('Content-Type', 'application/json')
          .send(`{"userId": "${row.id}", "reason": "${reason}"}`);
      expect((await act(`She asked ${half}`).expect(400)).body.detail).to.contain('half a character');
      await act(String.raw`She asked \ud83d\udc18`).expect(200);
    });
    it('ignores __proto__ in a body', async () => {
      await post(
        'application/json',
        '{"__proto__": {"isAdmin": true}, "email": "a@b.example", "password": "x"}',
      ).expect(401);
      expect(({} as Record<string, unknown>).isAdmin).to.equal(undefined);
    });
  });

  describe('URLs', () => {
    it('answer 404 when unknown, in JSON and as a page', async () => {
      expect((await rita.get('/nothing-here').expect(404)).body.code).to.equal('not_found');
      const page = await rita.get('/nothing-here').set('Accept', 'text/html').expect(404);
      expect(page.text).to.contain('<h1>Not found</h1>');
    });
    it('answer 400 to malformed percent-encoding', async () => {
      await rita.get('/bookings/%E0%A4%A').expect(400);
    });
    it('answer 404 to ids that are not UUIDs', async () => {
      for (const id of ['1', 'not-a-uuid', '%27%3B--', '0192f000-0000-7000-8000-000000000009']) {
        await rita.get(`/bookings/${id}`).expect(404);
      }
    });
    it('answer 200 when a request carries X-Client-IP', async () => {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const { port } = new URL(app.url);
        const request = rawRequest(
          { port, method: 'GET', path: '/healthz', headers: { 'x-client-ip': '6.6.6.6' } },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          },
        );
        request.on('error', reject).end();
      });
      expect(status).to.equal(200);
    });
  });

  it('are logged by the pattern of the route, never with search words', async () => {
    await rita.get('/bookings?q=Quillfeather').expect(200);
    const log = app.logLines.join('');
    expect(log).to.contain('"route":"/bookings"');
    expect(log).not.to.contain('Quillfeather');
  });
});

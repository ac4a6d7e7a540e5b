import { request as rawRequest } from 'node:http';
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';

describe('the ground every request stands on', () => {
  let app: TestApp;
  let rita: Agent;

  before(async () => {
    app = await startTestApp();
    rita = await app.signIn('rita@harbour-legal.example');
  });
  after(() => app.close());

  it('sends a strict content security policy and keeps signed-in answers out of caches', async () => {
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

  it('gives every answer a number, and keeps a caller’s own when it is harmless', async () => {
    const own = await rita.get('/healthz').set('X-Request-Id', 'trace-12345678');
    expect(own.headers['x-request-id']).to.equal('trace-12345678');
    const forged = await rita.get('/healthz').set('X-Request-Id', '<script>alert(1)</script>');
    expect(forged.headers['x-request-id']).to.match(/^[\da-f-]{36}$/);
  });

  it('answers /readyz with 503 and everything else as before when it was told to stop', async () => {
    const told = await startTestApp();
    try {
      await told.anonymous().get('/readyz').expect(200);
      told.system.beginStop();
      const { body } = await told.anonymous().get('/readyz').expect(503);
      expect((body as { details: object }).details).to.include({ stopping: true });
      await told.anonymous().get('/healthz').expect(200);
    } finally {
      await told.close();
    }
  });

  describe('who may come in', () => {
    it('leads a person without a session to sign in and back, keeping the query', async () => {
      const { headers } = await app
        .anonymous()
        .get('/bookings?status=active')
        .set('Accept', 'text/html')
        .expect(303);
      expect(headers.location).to.equal('/sign-in?next=%2Fbookings%3Fstatus%3Dactive');
    });

    it('tells a program 401, as a problem document', async () => {
      const { body, headers } = await app.anonymous().get('/bookings').expect(401);
      expect(headers['content-type']).to.match(/^application\/problem\+json/);
      expect(body).to.include({ status: 401, code: 'not_signed_in' }).and.to.have.property('requestId');
    });

    it('sends htmx away before it swaps a sign-in page into a part', async () => {
      const { headers } = await app
        .anonymous()
        .get('/bookings')
        .set({ Accept: 'text/html', 'HX-Request-Type': 'partial' })
        .expect(401);
      expect(headers['hx-redirect']).to.equal('/sign-in?next=%2Fbookings');
    });

    it('refuses a role that may not, and writes it down', async () => {
      const sam = await app.signIn('sam@examdesk.example');
      const { body } = await sam.post('/bookings').send({}).expect(403);
      expect(body.code).to.equal('forbidden');
      const row = await app.db('audit_log').where({ action: 'access.denied' }).first();
      expect(row).to.include({ resource_id: '/bookings', outcome: 'denied' });
    });

    it('ends at the next request for someone who was banned', async () => {
      const rob = await app.signIn('rob@harbour-legal.example');
      await rob.get('/bookings').expect(200);
      await app.db('users').where({ email: 'rob@harbour-legal.example' }).update({ banned: true });
      await rob.get('/bookings').expect(401);
      await app.db('users').where({ email: 'rob@harbour-legal.example' }).update({ banned: false });
    });
  });

  describe('requests from elsewhere', () => {
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

    it('refuses a change that does not say where it comes from', async () => {
      const answer = await fetch(`${app.url}/sign-out`, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'none' },
      });
      expect(answer.status).to.equal(403);
    });
  });

  describe('bodies', () => {
    const post = (type: string, body: string) =>
      rita.post('/api/auth/sign-in/email').set('Content-Type', type).send(body);

    it('broken JSON is 400', async () => {
      expect((await post('application/json', '{"email": ').expect(400)).body.code).to.equal('bad_request');
    });
    it('JSON that is no object is a clear 4xx', async () => {
      for (const body of ['[]', '"text"', 'null', '17']) {
        const { status } = await post('application/json', body);
        expect(status, body).to.be.oneOf([400, 422]);
      }
    });
    it('more than 100 KB is 413', async () => {
      const big = JSON.stringify({ email: 'x'.repeat(200_000) });
      expect((await post('application/json', big).expect(413)).body.code).to.equal('too_large');
    });
    it('another type is 415', async () => {
      expect((await post('application/xml', '<a/>').expect(415)).body.code).to.equal('unsupported_type');
    });
    it('arrays and objects for scalars are 422 with the field named', async () => {
      for (const email of [['a@b.example'], { $ne: null }, 17, true]) {
        const { body } = await post('application/json', JSON.stringify({ email, password: 'x' })).expect(422);
        expect(body.errors[0].path).to.equal('email');
      }
    });
    it('NUL characters are 400 wherever they stand', async () => {
      await post('application/json', JSON.stringify({ email: 'a\u0000@b.example', password: 'x' })).expect(
        400,
      );
      await rita.get('/bookings?q=%00').expect(400);
    });
    it('half a character is 400 wherever it stands: no database can hold it', async () => {
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
    it('__proto__ in a body changes nothing', async () => {
      await post(
        'application/json',
        '{"__proto__": {"isAdmin": true}, "email": "a@b.example", "password": "x"}',
      ).expect(401);
      expect(({} as Record<string, unknown>).isAdmin).to.equal(undefined);
    });
  });

  describe('addresses', () => {
    it('an unknown path is 404, in JSON and as a page', async () => {
      expect((await rita.get('/nothing-here').expect(404)).body.code).to.equal('not_found');
      const page = await rita.get('/nothing-here').set('Accept', 'text/html').expect(404);
      expect(page.text).to.contain('<h1>Not found</h1>');
    });
    it('broken percent-encoding is 400', async () => {
      await rita.get('/bookings/%E0%A4%A').expect(400);
    });
    it('an id that is none is 404', async () => {
      for (const id of ['1', 'not-a-uuid', '%27%3B--', '0192f000-0000-7000-8000-000000000009']) {
        await rita.get(`/bookings/${id}`).expect(404);
      }
    });
    it('a header a proxy could be confused by does not reach us twice', async () => {
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

  it('logs the pattern of a route and never what was searched for', async () => {
    await rita.get('/bookings?q=Quillfeather').expect(200);
    const log = app.logLines.join('');
    expect(log).to.contain('"route":"/bookings"');
    expect(log).not.to.contain('Quillfeather');
  });
});

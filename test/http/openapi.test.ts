import { expect } from 'chai';
import type { z } from 'zod';
import { endpoints } from '../../src/http/app.ts';
import type { Endpoint } from '../../src/http/endpoint.ts';
import { problemSchema } from '../../src/http/api/problem.schema.ts';
import { send } from '../support/webhook-stack.ts';
import { sendDirectly } from '../support/direct-upload.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { openTestStorage, type TestStorage } from '../support/object-storage.ts';

const unknownId = '0192f000-0000-7000-8000-000000000009';
const changesSomething = (endpoint: Endpoint): boolean => endpoint.method !== 'get';

interface Document {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      {
        responses: Record<string, unknown>;
        requestBody?: { content: Record<string, unknown> };
        parameters: { name: string }[];
      }
    >
  >;
  components: { schemas: Record<string, unknown> };
}

describe('the OpenAPI document', () => {
  let app: TestApp;
  let storage: TestStorage;
  let rita: Agent;
  let all: Endpoint[];
  const acuity = createFakeAcuity();
  const startsAt = '2026-12-15T10:00:00+11:00';

  before(async () => {
    acuity.offer(7001, startsAt, '2026-12-16T10:00:00+11:00', '2026-12-17T10:00:00+11:00');
    storage = await openTestStorage();
    app = await startTestApp({
      env: storage.env,
      overrides: { acuity, clock: { now: () => new Date('2026-11-23T00:00:00Z') } },
    });
    rita = await app.signIn('rita@harbour-legal.example');
    all = endpoints(app.system.services);
  });
  after(async () => {
    await app.close();
    await storage.close();
  });

  const document = async () => (await app.anonymous().get('/api/openapi.json').expect(200)).body as Document;

  it('describes every endpoint and each of its responses', async () => {
    const { openapi, paths } = await document();
    expect(openapi).to.equal('3.1.0');
    for (const endpoint of all) {
      const described = paths[endpoint.path.replace(/:(\w+)/g, '{$1}')]?.[endpoint.method];
      expect(
        Object.keys(described?.responses ?? {}),
        `${endpoint.method} ${endpoint.path}`,
      ).to.include.members(Object.keys(endpoint.responses));
    }
  });

  it('has no dangling $ref', async () => {
    const whole = await document();
    const references = [...JSON.stringify(whole).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
    expect(references.length).to.be.greaterThan(0);
    for (const [, name] of references) expect(whole.components.schemas).to.have.property(name ?? '');
  });

  it('describes 401 correctly: every route that needs a session answers with a problem document', async () => {
    for (const endpoint of all.filter(({ access }) => access !== 'anyone')) {
      const url = endpoint.path.replace(/:\w+/g, unknownId);
      const { status, body, type } = await app.anonymous()[endpoint.method](url);
      expect({ status, type, code: (body as { code: string }).code }, url).to.deep.equal({
        status: 401,
        type: 'application/problem+json',
        code: 'not_signed_in',
      });
      problemSchema.parse(body);
    }
  });

  it('describes refusals correctly: every route with a body refuses other content types and invalid values', async () => {
    for (const endpoint of all.filter(changesSomething)) {
      const url = endpoint.path.replace(/:\w+/g, unknownId);
      const xml = await rita[endpoint.method](url).set('Content-Type', 'application/xml').send('<a/>');
      expect(xml.status, url).to.equal(415);
      problemSchema.parse(xml.body);
    }
    const readsBody = ({ request }: Endpoint) => request?.body && !request.form;
    for (const endpoint of all.filter((route) => changesSomething(route) && readsBody(route))) {
      const url = endpoint.path.replace(/:\w+/g, unknownId);
      const nonsense = await rita[endpoint.method](url).send({
        startsAt: ['x'],
        email: 17,
        progress: {},
        reason: 3,
      });
      expect(nonsense.status, url).to.be.oneOf([403, 404, 422]);
      problemSchema.parse(nonsense.body);
    }
  });

  it('lists what the middleware refuses at every route that changes something', async () => {
    const { paths } = await document();
    for (const endpoint of all.filter(changesSomething)) {
      const url = endpoint.path.replace(/:\w+/g, unknownId);
      const foreign = await rita[endpoint.method](url).set('Origin', 'https://elsewhere.example').send({});
      const broken = await rita[endpoint.method](url).set('Content-Type', 'application/json').send('{');
      const other = await rita[endpoint.method](url).set('Content-Type', 'application/xml').send('<a/>');
      const listed = paths[endpoint.path.replace(/:(\w+)/g, '{$1}')]?.[endpoint.method]?.responses;
      for (const { status } of [foreign, broken, other])
        expect(Object.keys(listed ?? {}), `${endpoint.method} ${endpoint.path}`).to.include(String(status));
    }
  });

  it('lists the refusals of a sign-in', async () => {
    const { paths } = await document();
    for (const path of Object.keys(paths).filter((one) => /sign-in|verify/.test(one)))
      expect(Object.keys(paths[path]?.post?.responses ?? {}), path).to.include.members(['401', '422', '429']);
  });

  it('allows further members in problem documents, as a refused file has', async () => {
    expect((await document()).components.schemas.Problem).to.have.deep.property('additionalProperties', {});
  });

  it('describes the bodies and signatures of the webhook endpoints', async () => {
    const { paths } = await document();
    const described = (path: string) => ({
      types: Object.keys(paths[path]?.post?.requestBody?.content ?? {}),
      headers: paths[path]?.post?.parameters.map(({ name }) => name),
    });
    const form = 'application/x-www-form-urlencoded';
    expect(described('/automation/acuity')).to.deep.equal({ types: [form], headers: ['x-acuity-signature'] });
    expect(described('/webhooks/acuity')).to.deep.equal({
      types: ['application/json', form],
      headers: ['x-acuity-signature', 'webhook-id', 'webhook-timestamp', 'webhook-signature'],
    });
  });

  it('describes successes correctly: every route answers as its schema says', async () => {
    const answered = new Set<string>();
    const check = (method: string, path: string, status: number, body: unknown): void => {
      const endpoint = all.find((one) => one.method === method && one.path === path);
      const promised: { schema?: z.ZodType } | undefined = endpoint?.responses[status];
      expect(promised, `${method} ${path} ${status}`).not.to.equal(undefined);
      promised?.schema?.parse(body);
      answered.add(`${method} ${path}`);
    };
    const get = async (path: string, url = path): Promise<Record<string, never>> => {
      const { status, body } = await rita.get(url);
      check('get', path, status, body);
      return body as Record<string, never>;
    };
    const post = async (path: string, url: string, sent: object, agent = rita) => {
      const { status, body } = await agent.post(url).send(sent);
      check('post', path, status, body);
      return { status, body: body as Record<string, never> };
    };

    await get('/healthz');
    await get('/readyz');
    await get('/api/auth/get-session');
    await get('/session');
    await get('/account/mail');
    await post('/account/mail', '/account/mail', { kinds: [] });
    await post('/session', '/session', {});
    const { specialists } = (await get('/specialists')) as unknown as {
      specialists: { id: string; name: string }[];
    };
    const hart = specialists.find(({ name }) => name.includes('Hart'))?.id;
    await get('/specialists/first-free', '/specialists/first-free?type=in_person');
    await get('/specialists/:id', `/specialists/${hart}`);
    await get(
      '/specialists/:id/availability',
      `/specialists/${hart}/availability?type=in_person&date=2026-12-15`,
    );
    await get(
      '/specialists/:id/availability',
      `/specialists/${hart}/availability?type=in_person&month=2026-12`,
    );
    await get('/specialists/:id/questions', `/specialists/${hart}/questions?type=in_person`);
    const request = {
      specialistId: hart,
      type: 'in_person',
      startsAt,
      examinee: { firstName: 'Ida', lastName: 'Sample', phone: '+61 2 9374 4000' },
    };
    const booked = await post('/bookings', '/bookings', request);
    expect(booked.status).to.equal(201);
    const { id } = (booked.body as unknown as { booking: { id: string } }).booking;
    expect((await post('/bookings', '/bookings', request)).status).to.equal(409);
    expect((await post('/bookings', '/bookings', {})).status).to.equal(422);
    await get('/bookings');
    await get('/bookings/:id', `/bookings/${id}`);
    const ics = await rita.get(`/bookings/${id}/calendar.ics`).expect(200);
    expect(ics.type).to.equal('text/calendar');
    answered.add('get /bookings/:id/calendar.ics');
    const attempt = (await app.db('booking_attempts').first('id')) as { id: string };
    await get('/bookings/attempts/:id', `/bookings/attempts/${attempt.id}`);
    await post('/bookings/:id/reschedule', `/bookings/${id}/reschedule`, {
      startsAt: '2026-12-16T10:00:00+11:00',
    });
    type WaitList = { entries: { id: string; bookingId: string | null }[]; offers: { id: string }[] };
    const wanted = { specialistId: hart, type: 'in_person', before: '2026-12-10' };
    await post('/wait-list', '/wait-list', wanted);
    await post('/bookings/:id/wait-list', `/bookings/${id}/wait-list`, {});
    const waiting = (await get('/wait-list')) as unknown as WaitList;
    expect(waiting.entries.map(({ bookingId }) => bookingId)).to.deep.equal([null, id]);
    const [entry] = waiting.entries;
    const offer = async (at: string): Promise<string> => {
      const [row] = await app.database
        .owner('wait_offers')
        .insert({
          id: crypto.randomUUID(),
          entry_id: entry?.id,
          specialist_id: hart,
          type: 'in_person',
          starts_at: new Date(at),
          duration_minutes: 60,
          state: 'open',
          expires_at: app.db.raw(`clock_timestamp() + interval '10 minutes'`),
        })
        .returning('id');
      return (row as { id: string }).id;
    };
    const declined = await offer('2026-12-01T10:00:00+11:00');
    expect(((await get('/wait-list')) as unknown as WaitList).offers.map((one) => one.id)).to.deep.equal([
      declined,
    ]);
    const declining = `/wait-list/offers/${declined}`;
    await post('/wait-list/offers/:id/decline', `${declining}/decline`, {});
    expect((await post('/wait-list/offers/:id/accept', `${declining}/accept`, {})).status).to.equal(409);
    const accepted = await offer('2026-12-02T10:00:00+11:00');
    await post('/wait-list/offers/:id/accept', `/wait-list/offers/${accepted}/accept`, {});
    await post('/wait-list/:id/leave', `/wait-list/${entry?.id}/leave`, {});
    const uploaded = await rita
      .post(`/bookings/${id}/documents`)
      .field('category', 'brief')
      .attach('files', Buffer.from('A brief.\n'), 'brief.txt');
    check('post', '/bookings/:id/documents', uploaded.status, uploaded.body);
    const [brief] = (uploaded.body as { documents: { url: string }[] }).documents;
    const file = await rita.get(brief?.url ?? '').expect(200);
    check('get', '/documents/:id', file.status, file.body);
    const archive = await rita.get(`/bookings/${id}/documents.zip`).expect(200);
    expect(archive.type).to.equal('application/zip');
    answered.add('get /bookings/:id/documents.zip');
    const removed = await rita.delete(brief?.url ?? '').expect(204);
    check('delete', '/documents/:id', removed.status, removed.body);
    const uploads = '/bookings/:id/documents/uploads';
    const sender = await sendDirectly({ rita, bookingId: id }, Buffer.from('Large.\n'), {
      fileName: 'large.txt',
    });
    answered.add(`post ${uploads}`);
    await post(`${uploads}/:uploadId/parts`, `/bookings/${id}/documents/uploads/${sender.id}/parts`, {
      parts: sender.claims,
    });
    await sender.send();
    const completed = await sender.complete();
    check('post', `${uploads}/:uploadId/complete`, completed.status, completed.body);
    const another = await sendDirectly({ rita, bookingId: id }, Buffer.from('Large.\n'), {
      fileName: 'b.txt',
    });
    const cancelled = await another.cancel().expect(204);
    check('delete', `${uploads}/:uploadId`, cancelled.status, cancelled.body);
    const sam = await app.signIn('sam@examdesk.example');
    const report = await sam
      .post(`/bookings/${id}/documents`)
      .field('category', 'report')
      .attach('files', Buffer.from('A report.\n'), 'report.txt');
    check('post', '/bookings/:id/documents', report.status, report.body);
    const [draft] = (report.body as { documents: { url: string }[] }).documents;
    await post('/documents/:id/release', `${draft?.url}/release`, {}, sam);
    await post('/documents/:id/recall', `${draft?.url}/recall`, {}, sam);
    await post('/bookings/:id/progress', `/bookings/${id}/progress`, { progress: 'no_show' }, sam);
    await post('/bookings/:id/messages', `/bookings/${id}/messages`, { text: 'When will the report come?' });
    const messages = await rita.get(`/bookings/${id}/messages`);
    check('get', '/bookings/:id/messages', messages.status, messages.body);
    await post('/bookings/:id/contacts', `/bookings/${id}/contacts`, { contacts: [] });
    await post('/bookings/:id/cancel', `/bookings/${id}/cancel`, {});
    await post('/api/auth/sign-in/email', '/api/auth/sign-in/email', {
      email: 'rob@harbour-legal.example',
      password: 'examdesk-demo',
    });
    await post('/api/auth/sign-out', '/api/auth/sign-out', {});
    // Their 200 takes an app with codes: test/accounts/two-factor.page.test.ts.
    for (const path of ['/api/auth/two-factor/verify-totp', '/api/auth/two-factor/verify-backup-code']) {
      const { body } = await app.anonymous().post(path).send({ code: '123456' }).expect(401);
      problemSchema.parse(body);
      answered.add(`post ${path}`);
    }
    for (const path of ['/webhooks/acuity', '/automation/acuity']) {
      const { status, body } = await send(app.url + path, 'action=order.completed&id=99');
      check('post', path, status, body);
    }
    const token = app.system.services.probeTokens.make(new Date());
    const probe = await app.anonymous().get('/doctor/probe').set('Authorization', `Bearer ${token}`);
    check('get', '/doctor/probe', probe.status, probe.body);
    const event = (await app.db('webhook_events').where({ channel: 'relay' }).first('id')) as { id: string };
    const ada = await app.signIn('ada@examdesk.example');
    await post('/admin/webhooks/:id/replay', `/admin/webhooks/${event.id}/replay`, {}, ada);
    const found = await ada.get('/admin/referrers/search?query=rita');
    check('get', '/admin/referrers/search', found.status, found.body);
    const [referrer] = (found.body as { referrers: { id: string }[] }).referrers;
    const asked = { userId: referrer?.id, reason: 'On the phone' };
    await post('/admin/impersonate', '/admin/impersonate', asked, ada);
    const acting = await ada.get('/admin/acting');
    check('get', '/admin/acting', acting.status, acting.body);
    await post('/admin/acting', '/admin/acting', {}, ada);
    await post('/admin/exit-impersonation', '/admin/exit-impersonation', {}, ada);
    expect([...answered]).to.have.members(all.map(({ method, path }) => `${method} ${path}`));
  });
});

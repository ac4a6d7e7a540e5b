// What leaves over the wire: compressed or not, and asked again with a tag.
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { TestApp } from '../support/app.ts';
import { ask } from '../support/ask.ts';
import {
  nineOnTuesday,
  offerTimes,
  openPageFixture,
  rita,
  type PageFixture,
} from '../support/page-fixture.ts';
import { withoutIds } from '../support/same-page.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

describe('compression', () => {
  let fixture: PageFixture;
  let app: TestApp;
  let cookie: string;

  before(async () => {
    fixture = await openPageFixture();
    ({ app } = fixture);
    const { name, value } = await app.sessionCookie(rita);
    cookie = `${name}=${value}`;
  });
  after(() => fixture.close());

  const get = (address: string, headers: Record<string, string> = {}, method = 'GET') =>
    ask(new URL(address, app.url), method, { cookie, accept: 'text/html', ...headers });

  it('sends a page in Brotli, gzip or as it is, as the client prefers', async () => {
    const plain = await get('/bookings/new');
    expect(plain.headers).not.to.have.property('content-encoding');
    expect(plain.headers.vary).to.match(/\bAccept-Encoding\b/);
    const textOf = (html: Buffer) => withoutIds(html.toString());
    for (const [coding, decompress] of [
      ['br', brotliDecompressSync],
      ['gzip', gunzipSync],
    ] as const) {
      const answer = await get('/bookings/new', { 'accept-encoding': coding });
      expect(answer.headers['content-encoding']).to.equal(coding);
      expect(Number(answer.headers['content-length'])).to.equal(answer.body.length);
      expect(answer.body.length).to.be.lessThan(plain.body.length / 3);
      expect(answer.headers['cache-control']).to.equal('no-store');
      expect(textOf(decompress(answer.body))).to.equal(textOf(plain.body));
    }
    expect((await get('/bookings/new', { 'accept-encoding': 'br;q=0.1, gzip' })).headers).to.include({
      'content-encoding': 'gzip',
    });
  });

  it('sends JSON and fragments compressed, and what is short as it is', async () => {
    const json = await get('/api/openapi.json', { accept: 'application/json', 'accept-encoding': 'gzip' });
    expect(json.headers).to.include({ 'content-encoding': 'gzip' });
    expect(JSON.parse(gunzipSync(json.body).toString())).to.have.property('openapi');
    const short = await get('/healthz', { 'accept-encoding': 'br' });
    expect(short.headers).not.to.have.property('content-encoding');
  });

  it('does not compress what another site made the browser ask', async () => {
    for (const site of ['cross-site', 'same-site'])
      expect(
        (await get('/bookings?q=Quill', { 'accept-encoding': 'br', 'sec-fetch-site': site })).headers,
        site,
      ).not.to.have.property('content-encoding');
    for (const site of ['same-origin', 'none'])
      expect(
        (await get('/bookings', { 'accept-encoding': 'br', 'sec-fetch-site': site })).headers,
        site,
      ).to.include({ 'content-encoding': 'br' });
  });

  it('answers HEAD without a body', async () => {
    const answer = await get('/bookings/new', { 'accept-encoding': 'br' }, 'HEAD');
    expect(answer.status).to.equal(200);
    expect(answer.body).to.have.length(0);
    const json = { accept: 'application/json' };
    const { headers } = await get('/bookings', json);
    const head = await get('/bookings', json, 'HEAD');
    expect(head.body).to.have.length(0);
    expect(head.headers.etag).to.match(/^W\//).and.equal(headers.etag);
    for (const name of ['content-type', 'content-length', 'vary', 'content-security-policy'])
      expect(head.headers[name], name).to.equal(headers[name]).and.be.a('string');
  });

  it('names the type and the length of pages and JSON, also of those that failed', async () => {
    for (const [address, accept, status, type] of [
      ['/bookings', 'text/html', 200, 'text/html; charset=utf-8'],
      ['/bookings', 'application/json', 200, 'application/json; charset=utf-8'],
      ['/nowhere', 'text/html', 404, 'text/html; charset=utf-8'],
      ['/nowhere', 'application/json', 404, 'application/problem+json; charset=utf-8'],
    ] as const) {
      const answer = await get(address, { accept });
      expect(answer.status).to.equal(status);
      expect(answer.headers['content-type']).to.equal(type);
      expect(Number(answer.headers['content-length'])).to.equal(answer.body.length);
    }
  });

  it('answers 304 to a tag that still holds, after the session check, and with the audit row of the view', async () => {
    offerTimes(fixture);
    const agent = await app.signIn(rita);
    const { body } = await agent
      .post('/bookings')
      .send(bookingBody(await fixture.specialistId('Dr Amelia Hart'), nineOnTuesday))
      .expect(201);
    const bookingId = (body as { booking: { id: string } }).booking.id;
    const address = `/bookings/${bookingId}`;
    const json = { accept: 'application/json', 'accept-encoding': 'gzip' };
    const tag = (await get(address, json)).headers.etag ?? '';
    const views = () => app.db('audit_log').where({ action: 'booking.viewed', resource_id: bookingId });
    const before = (await views()).length;
    const again = await get(address, { ...json, 'if-none-match': tag });
    expect(again.status).to.equal(304);
    expect(again.body).to.have.length(0);
    expect(again.headers['cache-control']).to.equal('no-store');
    expect(await views()).to.have.length(before + 1);
    expect((await get(address, { ...json, cookie: '', 'if-none-match': tag })).status).to.equal(401);
  });
});

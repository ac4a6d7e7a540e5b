// Files of public/ and htmx: names with digests, kept for good, compressed.
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { stylesheets } from '../../src/http/assets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { ask } from '../support/ask.ts';

const plain = Buffer.concat(
  stylesheets.examdesk.map((part) => readFileSync(new URL(`../../public/css/${part}.css`, import.meta.url))),
);

describe('files of the app', () => {
  let app: TestApp;
  let names: string[];
  let sheet: string;

  before(async () => {
    app = await startTestApp();
    const { text } = await app.anonymous().get('/sign-in').set('Accept', 'text/html').expect(200);
    names = [...text.matchAll(/(?:href|src)="(\/(?:css|js|img|vendor)\/[^"]+)"/g)].map(
      ([, name]) => name ?? '',
    );
    sheet = names.find((name) => name.startsWith('/css/examdesk')) ?? '';
  });
  after(() => app.close());

  const get = (name: string, headers: Record<string, string> = {}, method = 'GET') =>
    ask(new URL(name, app.url), method, headers);

  it('have their digest in the name on every page, and are kept for good', async () => {
    expect(names).to.have.length.above(5);
    for (const name of names) {
      expect(name).to.match(/\.[\da-f]{10}\.(css|js|svg)$/);
      const { status, headers } = await get(name);
      expect(status, name).to.equal(200);
      expect(headers['cache-control'], name).to.equal('public, max-age=31536000, immutable');
      expect(headers.vary, name).to.equal('Accept-Encoding');
    }
  });

  it('have every stylesheet in one of the two that pages load', async () => {
    const folder = new URL('../../public/css/', import.meta.url);
    const loaded = await Promise.all(['examdesk', 'console'].map((name) => get(`/css/${name}.css`)));
    const text = loaded.map(({ body }) => body.toString()).join('\n');
    const parts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.css'),
    );
    expect(parts).to.have.length.above(10);
    expect(parts.filter((name) => !text.includes(readFileSync(new URL(name, folder), 'utf8')))).to.deep.equal(
      [],
    );
  });

  it('name the modules that they load by their digests', async () => {
    const module = names.find((name) => name.startsWith('/js/acting')) ?? '';
    const [, other = ''] = /from '\.?([^']+)'/.exec((await get(module)).body.toString()) ?? [];
    expect(other).to.match(/^\/js\/notice\.[\da-f]{10}\.js$/);
    const { status, headers } = await get(other);
    expect(status).to.equal(200);
    expect(headers['cache-control']).to.contain('immutable');
  });

  it('are sent in Brotli, gzip or as they are, as the client prefers', async () => {
    for (const [accepted, coding, decompress] of [
      ['gzip, deflate, br', 'br', brotliDecompressSync],
      ['br;q=0.5, gzip', 'gzip', gunzipSync],
      ['br;q=0, gzip;q=0', undefined, (body: Buffer) => body],
    ] as const) {
      const { headers, body } = await get(sheet, { 'accept-encoding': accepted });
      expect(headers['content-encoding'], accepted).to.equal(coding);
      expect(headers['content-type']).to.equal('text/css; charset=utf-8');
      expect(Number(headers['content-length'])).to.equal(body.length);
      expect(decompress(body).equals(plain), accepted).to.equal(true);
    }
    const mark = names.find((name) => name.startsWith('/img/')) ?? '';
    expect((await get(mark, { 'accept-encoding': 'br' })).headers).not.to.have.property('content-encoding');
  });

  it('are sent as they are now, and asked for again, under the digest of another release or none', async () => {
    for (const name of [
      '/css/examdesk.0123456789.css',
      '/css/examdesk.css',
      '/css/examdesk.css?v=0123456789',
    ]) {
      const { headers, body } = await get(name);
      expect(headers['cache-control'], name).to.equal('public, no-cache');
      expect(body.equals(plain), name).to.equal(true);
      const again = await get(name, { 'if-none-match': headers.etag ?? '' });
      expect(again.status, name).to.equal(304);
      expect(again.body).to.have.length(0);
    }
  });

  it('answer 304 to their tag in any coding, and 200 to another', async () => {
    const { headers } = await get(sheet, { 'accept-encoding': 'br' });
    for (const accepted of ['br', 'gzip', 'identity']) {
      const again = await get(sheet, { 'accept-encoding': accepted, 'if-none-match': headers.etag ?? '' });
      expect([again.status, again.body.length]).to.deep.equal([304, 0]);
      expect(again.headers).not.to.have.property('content-encoding');
    }
    expect((await get(sheet, { 'if-none-match': 'W/"0123456789"' })).status).to.equal(200);
  });

  it('answer HEAD without a body, ranges with the whole, other methods with 404', async () => {
    const head = await get(sheet, { 'accept-encoding': 'br' }, 'HEAD');
    expect([head.status, head.body.length, head.headers['content-encoding']]).to.deep.equal([200, 0, 'br']);
    const part = await get(sheet, { range: 'bytes=0-9' });
    expect([part.status, part.body.length]).to.deep.equal([200, plain.length]);
    expect((await get(sheet, {}, 'POST')).status).to.equal(404);
  });

  it('are nothing outside their folder', async () => {
    for (const name of [
      '/css/',
      '/css/none.css',
      '/css/none.0123456789.css',
      '/css/%2e%2e/%2e%2e/package.json',
      '/vendor/htmx.js',
    ]) {
      const { status, headers } = await get(name);
      expect(status, name).to.equal(404);
      expect(headers['cache-control'], name).to.equal('no-store');
    }
  });
});

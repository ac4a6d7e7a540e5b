// Uploads with faults: clients that disconnect, sessions that end, a store that is unreachable or slow.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { compose } from '../../src/compose.ts';
import { pdf, samples } from '../support/builders/files.ts';
import type { S3FaultInjector } from '../../src/dev/s3/server.ts';
import { silent } from '../support/booking-fixture.ts';
import {
  closing,
  cookieOf,
  field,
  fileHead,
  nothing,
  openDocumentFixture,
  rawUpload,
  type DocumentFixture,
} from '../support/document-fixture.ts';
import { until } from '../support/until.ts';

const rita = 'rita@harbour-legal.example';

describe('an upload', () => {
  let fixture: DocumentFixture;
  before(async () => {
    fixture = await openDocumentFixture();
  });
  after(() => fixture.close());
  afterEach(async () => {
    fixture.storage.server.injectFault = null;
    await fixture.app.db('documents').delete();
    const { server, bucket } = fixture.storage;
    for (const key of await fixture.storage.keys()) await server.files.remove(bucket, key);
  });

  const isClean = async () => JSON.stringify(await fixture.traces()) === JSON.stringify(nothing);
  const path = () => `/bookings/${fixture.bookingId}/documents`;
  const begin = async () => {
    const upload = await rawUpload(fixture, path(), await cookieOf(fixture, rita));
    await upload.write(field('category', 'brief'));
    await upload.write(fileHead('a.pdf'));
    return upload;
  };

  for (const share of [0.01, 0.5, 0.99]) {
    it(`leaves nothing, also no multipart upload, when the client disconnects at ${share * 100} %`, async () => {
      const bytes = pdf(24_000_000);
      const upload = await begin();
      await upload.write(bytes.subarray(0, Math.floor(bytes.length * share)));
      // Late enough for parts to be in flight.
      await sleep(100);
      upload.disconnect();
      await until(async () => (await fixture.audit('document.refused')).length > 0 && (await isClean()));
      await sleep(100);
      expect(await fixture.traces()).to.deep.equal(nothing);
    });
  }

  it('is refused and leaves nothing when the session ends while it arrives', async () => {
    const upload = await begin();
    const bytes = pdf(12_000_000);
    await upload.write(bytes.subarray(0, 8_000_000));
    const user = fixture.app.db('users').where({ email: rita }).first('id');
    const newest = fixture.app
      .db('sessions')
      .where('user_id', user)
      .orderBy('created_at', 'desc')
      .first('id');
    await fixture.app.db('sessions').where('id', newest).delete();
    await upload.write(bytes.subarray(8_000_000));
    await upload.write(closing);
    upload.end();
    expect(await upload.answer).to.deep.include({ status: 401 });
    expect(await fixture.traces()).to.deep.equal(nothing);
  });

  it('is refused and leaves nothing when the booking is cancelled while it arrives', async () => {
    const bookingId = await fixture.newBooking();
    const upload = await rawUpload(
      fixture,
      `/bookings/${bookingId}/documents`,
      await cookieOf(fixture, rita),
    );
    await upload.write(Buffer.concat([field('category', 'brief'), fileHead('a.pdf'), pdf(6_000_000)]));
    await fixture.rita.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
    await upload.write(closing);
    upload.end();
    const answer = await upload.answer;
    expect([answer.status, answer.body.code]).to.deep.equal([409, 'already_cancelled']);
    expect(await fixture.traces()).to.deep.equal(nothing);
  });

  it('answers 503 and leaves nothing when the store is unreachable', async () => {
    fixture.storage.server.injectFault = () => 'drop';
    for (const bytes of [pdf(), pdf(12_000_000)]) {
      const answer = await fixture.send({ 'a.pdf': bytes });
      expect([answer.status, (answer.body as { code: string }).code]).to.deep.equal([
        503,
        'storage_unavailable',
      ]);
      expect(answer.headers['retry-after']).to.equal('30');
    }
    fixture.storage.server.injectFault = null;
    expect(await fixture.traces()).to.deep.equal(nothing);
  });

  const placed = new Set<string>();
  const faults: Record<string, (call: { method: string; key: string; query: URLSearchParams }) => boolean> = {
    'at the second part': ({ method, query }) => method === 'PUT' && query.get('partNumber') === '2',
    'when parts are joined': ({ method, query }) => method === 'POST' && query.has('uploadId'),
    'when a file is inspected': ({ method, key }) => method === 'GET' && key.startsWith('pending/'),
    'when a file is copied': ({ method, key }) => method === 'PUT' && key.startsWith('documents/'),
    'when the second file is copied': ({ method, key }) => {
      if (method !== 'PUT' || !key.startsWith('documents/')) return false;
      placed.add(key);
      return placed.size > 1;
    },
  };
  const files = { 'first.txt': samples.txt, 'a.pdf': pdf(12_000_000), 'a.docx': samples.docx };
  beforeEach(() => placed.clear());
  for (const [when, matches] of Object.entries(faults)) {
    it(`answers 503 and leaves nothing when the store fails ${when} and recovers`, async () => {
      fixture.storage.server.injectFault = (call) =>
        matches(call) ? { status: 500, code: 'InternalError' } : undefined;
      const answer = await fixture.send(files);
      expect([answer.status, (answer.body as { code: string }).code]).to.deep.equal([
        503,
        'storage_unavailable',
      ]);
      fixture.storage.server.injectFault = null;
      expect(await fixture.traces()).to.deep.equal(nothing);
    });

    it(`answers 503, and the sweep removes the rest, when the store stays unreachable ${when}`, async () => {
      let away = false;
      fixture.storage.server.injectFault = (call) => {
        away ||= matches(call);
        return away ? 'drop' : undefined;
      };
      const answer = await fixture.send(files);
      expect(answer.status).to.equal(503);
      fixture.storage.server.injectFault = null;
      const { rows } = await fixture.traces();
      expect(rows).to.equal(0);
      const later = openLater(fixture);
      await later.sweep();
      expect(await fixture.traces()).to.deep.equal(nothing);
      await later.close();
    });
  }

  const bodies = {
    'a Word file': { 'a.docx': samples.docx },
    'an old Word file': { 'a.doc': samples.doc },
    'a ZIP': { 'a.zip': samples.zip },
  };
  const looks: [string, S3FaultInjector][] = [
    ['breaks the connection', () => ({ body: 'breaks', after: 40 })],
    ['falls silent', () => ({ body: 'stalls', after: 40 })],
    ['is unreachable', () => 'drop'],
    ['has lost the object', () => ({ status: 404, code: 'NoSuchKey' })],
  ];
  for (const [what, sent] of Object.entries(bodies)) {
    for (const [how, trouble] of looks) {
      it(`answers 503, not a refusal, when the store ${how} while ${what} is inspected`, async () => {
        fixture.storage.server.injectFault = (call) =>
          call.method === 'GET' && call.key.startsWith('pending/') ? trouble(call) : undefined;
        const answer = await fixture.send(sent).timeout(20_000);
        expect([answer.status, (answer.body as { code: string }).code]).to.deep.equal([
          503,
          'storage_unavailable',
        ]);
        fixture.storage.server.injectFault = null;
        expect(await fixture.traces()).to.deep.equal(nothing);
        await fixture.upload(sent);
      });
    }
  }

  it('is stored, and the sweep removes the pending objects, when the store becomes unreachable after the rows are written', async () => {
    fixture.storage.server.injectFault = ({ method, query }) =>
      method === 'POST' && query.has('delete') ? 'drop' : undefined;
    const [stored] = await fixture.upload({ 'a.pdf': pdf(6_000_000) });
    fixture.storage.server.injectFault = null;
    expect(await fixture.storage.keys('pending/')).to.have.length(1);
    const later = openLater(fixture);
    await later.sweep();
    await later.close();
    expect(await fixture.storage.keys('pending/')).to.have.length(0);
    await fixture.rita.get(stored?.url ?? '').expect(200);
  });

  it('is stored when the store fails once', async () => {
    const failed = new Set<string>();
    fixture.storage.server.injectFault = ({ method, key, query }) => {
      const call = `${method} ${key} ${query.get('partNumber')}`;
      if (failed.has(call)) return undefined;
      failed.add(call);
      return { status: 503, code: 'SlowDown' };
    };
    const [stored] = await fixture.upload({ 'a.pdf': pdf(12_000_000) });
    fixture.storage.server.injectFault = null;
    expect(stored?.sizeBytes).to.equal(12_000_000);
    await fixture.rita.get(stored?.url ?? '').expect(200);
  });

  it('is stored when the store is slow', async () => {
    fixture.storage.server.injectFault = async () => {
      await sleep(400);
      return undefined;
    };
    const [stored] = await fixture.upload({ 'a.pdf': pdf(12_000_000) });
    fixture.storage.server.injectFault = null;
    expect(stored?.sizeBytes).to.equal(12_000_000);
    expect((await fixture.traces()).keys).to.have.length(1);
  });

  it('answers 503 when the store accepts the request and never answers', async () => {
    const release: (() => void)[] = [];
    fixture.storage.server.injectFault = ({ method }) =>
      method === 'PUT' ? new Promise((resolve) => release.push(() => resolve('drop'))) : undefined;
    const answer = await fixture.send({ 'a.txt': samples.txt }).timeout(20_000);
    expect(answer.status).to.equal(503);
    fixture.storage.server.injectFault = null;
    for (const go of release) go();
    expect(await fixture.traces()).to.deep.equal(nothing);
  }).timeout(30_000);
});

/** Runs background jobs with a clock 36 hours later, when abandoned uploads are old enough to sweep. */
function openLater(fixture: DocumentFixture) {
  const clock = { now: () => new Date(Date.now() + 36 * 3_600_000) };
  const system = compose(fixture.app.system.services.config, { clock, log: silent });
  return { sweep: () => system.services.documentCare.sweep(), close: () => system.close() };
}

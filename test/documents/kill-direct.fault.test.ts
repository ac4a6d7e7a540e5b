// Kills the process at every step of a direct upload, between its calls to the store and its writes to the database. A
// repeated request finishes the upload in another process; without one, the sweep leaves nothing.
import { expect } from 'chai';
import supertest from 'supertest';
import type { Agent } from '../support/app.ts';
import { pdf } from '../support/builders/files.ts';
import { sendDirectly } from '../support/direct-upload.ts';
import {
  cookieOf,
  download,
  nothing,
  openDocumentFixture,
  sha256,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';
import { later36Hours, startProcess } from '../support/processes/document-process.ts';

/** Two parts. */
const large = pdf(5 * 1024 * 1024 + 1_000);

interface StoreCall {
  method: string;
  key: string;
  query: URLSearchParams;
}

describe('a process that is killed during a direct upload', function () {
  this.timeout(60_000);
  let fixture: DocumentFixture;
  let cookie: string;
  before(async () => {
    // The store always answers, however late on a busy machine.
    fixture = await openDocumentFixture({ env: { S3_TIMEOUT_MS: '30000' } });
    cookie = await cookieOf(fixture, 'rita@harbour-legal.example');
  });
  after(() => fixture.close());
  beforeEach(async () => {
    fixture.bookingId = await fixture.newBooking();
  });
  afterEach(async () => {
    fixture.storage.server.injectFault = null;
    await fixture.app.db('documents').delete();
    await later36Hours(fixture, (care) => care.checkCustody());
    await later36Hours(fixture, (care) => care.sweep());
    for (const key of await fixture.storage.keys())
      await fixture.storage.server.files.remove(fixture.storage.bucket, key);
  });

  const at = (url: string): Agent =>
    supertest.agent(url).set({ Origin: url, Accept: 'application/json', Cookie: cookie });
  const isAnswered = (sending: PromiseLike<unknown>) =>
    Promise.resolve(sending).then(
      () => true,
      () => false,
    );

  /** Ends the process when the store sees this call; `isDone`: the call still takes effect. */
  async function killedWhen(matches: (call: StoreCall) => boolean, isDone: boolean) {
    const web = await startProcess(fixture, { killAt: 'never' });
    fixture.storage.server.injectFault = (call) => {
      if (!matches(call)) return undefined;
      fixture.storage.server.injectFault = null;
      web.running.kill('SIGKILL');
      return isDone ? undefined : 'drop';
    };
    return { ...web, rita: at(web.url) };
  }

  it('leaves an upload without a row, which the sweep aborts, when it dies before the row is written', async () => {
    const web = await killedWhen(({ method, query }) => method === 'POST' && query.has('uploads'), true);
    expect(await isAnswered(sendDirectly(fixture, large, {}, web.rita))).to.equal(false);
    expect(await web.ended).to.equal('SIGKILL');
    expect(await fixture.app.db('direct_uploads').pluck('id')).to.deep.equal([]);
    const again = await sendDirectly(fixture, large);
    expect(again.status).to.equal(201);
    await again.send();
    await again.finish();
    await later36Hours(fixture, (care) => care.sweep());
    expect(await fixture.storage.openUploads()).to.deep.equal([]);
    expect(await fixture.storage.keys()).to.have.length(1);
  });

  const calls: [string, (call: StoreCall) => boolean][] = [
    ['its parts are joined', ({ method, query }) => method === 'POST' && query.has('uploadId')],
    ['its object is copied', ({ method, key }) => method === 'PUT' && key.startsWith('documents/')],
    ['its pending object is removed', ({ method, query }) => method === 'POST' && query.has('delete')],
  ];
  const cases = calls.flatMap(([when, matches]) =>
    [false, true].map((isDone) => ({
      when: `${isDone ? 'after' : 'before'} ${when}`,
      isKept: when === 'its pending object is removed',
      isDone,
      begin: () => killedWhen(matches, isDone),
    })),
  );
  for (const step of ['received', 'in_transaction', 'committed'])
    cases.push({
      when: `at ${step}`,
      isKept: step === 'committed',
      isDone: false,
      begin: async () => {
        const web = await startProcess(fixture, { killAt: step });
        return { ...web, rita: at(web.url) };
      },
    });

  for (const { when, isKept, isDone, begin } of cases) {
    it(`leaves one document after a repeated request when it dies ${when}`, async () => {
      const web = await begin();
      const upload = await sendDirectly(fixture, large, {}, web.rita);
      await upload.send();
      expect(await isAnswered(upload.complete())).to.equal(false);
      expect(await web.ended).to.equal('SIGKILL');
      const answer = await upload.complete(upload.claims, fixture.rita).expect(201);
      const [document] = (answer.body as { documents: UploadedDocument[] }).documents;
      const read = await download(fixture.rita, document?.url ?? '').expect(200);
      expect(sha256(read.body as Buffer)).to.equal(sha256(large));
      await later36Hours(fixture, (care) => care.sweep());
      expect(await fixture.traces()).to.deep.include({ rows: 1, openUploads: [] });
      expect(await fixture.storage.keys()).to.deep.equal(await fixture.app.db('documents').pluck('s3_key'));
    });

    // A call that the store has not yet carried out leaves less behind.
    if (!isDone) continue;
    it(`leaves ${isKept ? 'a document' : 'nothing after the sweep'} without a repeated request when it dies ${when}`, async () => {
      const web = await begin();
      const upload = await sendDirectly(fixture, large, {}, web.rita);
      await upload.send();
      expect(await isAnswered(upload.complete())).to.equal(false);
      expect(await web.ended).to.equal('SIGKILL');
      await later36Hours(fixture, (care) => care.sweep());
      if (isKept)
        expect(await fixture.storage.keys()).to.deep.equal(await fixture.app.db('documents').pluck('s3_key'));
      else expect(await fixture.traces()).to.deep.equal(nothing);
      expect((await later36Hours(fixture, (care) => care.checkCustody()))?.findings).to.deep.equal([]);
    });
  }
});

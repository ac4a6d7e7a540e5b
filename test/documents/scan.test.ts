// The virus scan, with a real clamd where one is installed (.ci/run installs it), and with a scanner of the test's own
// for failures that a real one does not produce on request.
import type { Context } from 'mocha';
import { Readable } from 'node:stream';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { createClamavScanner } from '../../src/adapters/clamav-scanner.ts';
import type { Scanner } from '../../src/ports/scanner.ts';
import { pdf, samples, zipOf } from '../support/builders/files.ts';
import { clamdForTests, eicar, noClamd, type TestClamd } from '../support/clamd.ts';
import { sendDirectly } from '../support/direct-upload.ts';
import {
  openDocumentFixture,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';
import { listen } from '../support/listen.ts';

const streamMaxBytes = 8_000_000;

describe('clamd', () => {
  let clamd: TestClamd | null;
  before(async function () {
    this.timeout(60_000);
    clamd = await clamdForTests(streamMaxBytes);
    if (!clamd) process.stderr.write(`\nSkipped: ${noClamd}\n`);
  });
  after(() => clamd?.stop());

  function scanner(context: Context): Scanner {
    if (!clamd) context.skip();
    return createClamavScanner({ url: clamd.url, timeoutMs: 20_000 });
  }

  it('answers a ping', async function () {
    await scanner(this).ping();
  });

  it('reports clean files as clean, in one piece and in many', async function () {
    const bytes = pdf(3_000_000);
    expect(await scanner(this).scan(Readable.from([bytes]))).to.deep.equal({ verdict: 'clean' });
    const pieces = Array.from({ length: 30 }, (_, n) => bytes.subarray(n * 100_000, (n + 1) * 100_000));
    expect(await scanner(this).scan(Readable.from(pieces))).to.deep.equal({ verdict: 'clean' });
  });

  it('reports infected files with the signature, also inside a ZIP', async function () {
    const infected = { verdict: 'infected', signature: 'Examdesk.Test.UNOFFICIAL' };
    expect(await scanner(this).scan(Readable.from([eicar()]))).to.deep.equal(infected);
    const packed = zipOf([{ name: 'a.txt', data: eicar() }]);
    expect(await scanner(this).scan(Readable.from([packed]))).to.deep.equal(infected);
  });

  it('gives no verdict when a file exceeds its limits', async function () {
    const one = scanner(this);
    const outcome = await one.scan(Readable.from([pdf(streamMaxBytes + 1_000_000)])).then(
      (verdict) => verdict.verdict,
      (error: unknown) => (error as Error).name,
    );
    expect(outcome).to.equal('Error');
  });

  it('decides on an upload: checking, then clean, or infected and removed', async function () {
    scanner(this);
    const fixture = await openDocumentFixture({ env: { CLAMD_URL: clamd?.url ?? '' } });
    const { documentCare } = fixture.app.system.services;
    const [good, bad] = await fixture.upload({ 'good.txt': samples.txt, 'bad.txt': eicar() });
    expect([good?.status, bad?.status]).to.deep.equal(['checking', 'checking']);
    for (const document of [good, bad]) {
      const early = await fixture.rita.get(document?.url ?? '');
      expect(early.status).to.equal(409);
      expect(early.body).to.include({ code: 'document_unavailable', because: 'checking' });
    }
    const jobs = (await fixture.app
      .db('graphile_worker.jobs')
      .where({ task_identifier: 'scan_document' })) as unknown[];
    expect(jobs).to.have.length(2);
    for (const document of [good, bad]) await documentCare.scan(document?.id ?? '');

    await fixture.rita.get(good?.url ?? '').expect(200);
    const refused = await fixture.rita.get(bad?.url ?? '');
    expect(refused.body).to.include({ code: 'document_unavailable', because: 'infected' });
    expect(await fixture.storage.keys()).to.have.length(1);
    const [row] = await fixture.audit('document.refused');
    expect(row).to.deep.include({ resource_id: bad?.id });
    expect(row?.metadata).to.include({ reason: 'infected', signature: 'Examdesk.Test.UNOFFICIAL' });
    const page = await fixture.rita
      .get(`/bookings/${fixture.bookingId}`)
      .set('Accept', 'text/html')
      .expect(200);
    expect(page.text).to.contain('Refused: a virus was found');
    await fixture.close();
  });
});

describe('a scan', () => {
  let fixture: DocumentFixture;
  let verdict: () => ReturnType<Scanner['scan']>;
  const scanned: Buffer[] = [];
  before(async () => {
    const scanner: Scanner = {
      ping: () => Promise.resolve(),
      async scan(content) {
        const pieces: Buffer[] = [];
        for await (const piece of content as AsyncIterable<Buffer>) pieces.push(piece);
        scanned.push(Buffer.concat(pieces));
        return verdict();
      },
    };
    fixture = await openDocumentFixture({ overrides: { documents: { scanner } } });
  });
  after(() => fixture.close());

  const one = async (): Promise<UploadedDocument> => {
    const [stored] = await fixture.upload({ 'a.pdf': pdf(2_500_000) });
    if (!stored) throw new Error('Nothing was stored');
    return stored;
  };
  const care = () => fixture.app.system.services.documentCare;
  const statusOf = async (id: string) =>
    ((await fixture.app.db('documents').where({ id }).pluck('status')) as string[])[0];

  it('reads the bytes as received', async () => {
    verdict = () => Promise.resolve({ verdict: 'clean' });
    const { id } = await one();
    await care().scan(id);
    expect(scanned.at(-1)?.equals(pdf(2_500_000))).to.equal(true);
    expect(await statusOf(id)).to.equal('clean');
    // Repeating the job changes nothing.
    verdict = () => Promise.resolve({ verdict: 'infected', signature: 'Late' });
    await care().scan(id);
    expect(await statusOf(id)).to.equal('clean');
  });

  it('withholds a direct upload until it is scanned, and removes it when it is infected', async () => {
    const upload = await sendDirectly(fixture, pdf(6_000_000));
    await upload.send();
    const { id, url, status } = await upload.finish();
    expect(status).to.equal('checking');
    await fixture.rita.get(url).expect(409);
    verdict = () => Promise.resolve({ verdict: 'infected', signature: 'Found' });
    await care().scan(id);
    expect(scanned.at(-1)?.equals(pdf(6_000_000))).to.equal(true);
    expect((await fixture.rita.get(url).expect(409)).body).to.include({ because: 'infected' });
  });

  it('leaves the document waiting and retries its job when the scanner gives no verdict', async () => {
    verdict = () => Promise.reject(new Error('The scanner is away'));
    const { id, url } = await one();
    const outcome = await care()
      .scan(id)
      .catch((error: unknown) => (error as Error).message);
    expect(outcome).to.equal('The scanner is away');
    expect(await statusOf(id)).to.equal('checking');
    await fixture.rita.get(url).expect(409);
    await fixture.app.db.raw(`delete from graphile_worker._private_jobs`);
    await fixture.app
      .db('documents')
      .where({ id })
      .update({ created_at: new Date(Date.now() - 3_600_000) });
    await care().sweep();
    const [job] = (await fixture.app
      .db('graphile_worker.jobs')
      .where({ task_identifier: 'scan_document' })) as {
      key: string;
    }[];
    expect(job?.key).to.equal(`scan:${id}`);
  });

  it('is not started while the document is damaged', async () => {
    const { id } = await one();
    await fixture.app
      .db('documents')
      .where({ id })
      .update({ created_at: new Date(Date.now() - 3_600_000), damaged_at: new Date() });
    const resumed = async () => {
      await fixture.app.db.raw(`delete from graphile_worker._private_jobs`);
      await care().sweep();
      const keys = (await fixture.app.db('graphile_worker.jobs').pluck('key')) as string[];
      return keys.includes(`scan:${id}`);
    };
    expect(await resumed()).to.equal(false);
    await fixture.app.db('documents').where({ id }).update({ damaged_at: null });
    expect(await resumed()).to.equal(true);
  });

  it('reports neither clean nor infected when the store stops in mid-answer, and is retried without an alarm', async () => {
    verdict = () => Promise.resolve({ verdict: 'clean' });
    const { id } = await one();
    for (const body of ['stalls', 'breaks'] as const) {
      fixture.storage.server.injectFault = () => ({ body, after: 1_500_000 });
      const outcome = await care()
        .scan(id)
        .catch((error: unknown) => (error as Error).name);
      expect(outcome, body).to.equal('ObjectStoreUnavailable');
      expect(await statusOf(id)).to.equal('checking');
    }
    fixture.storage.server.injectFault = null;
    expect(await fixture.audit('drift.found')).to.deep.equal([]);
    await care().scan(id);
    expect(await statusOf(id)).to.equal('clean');
  });

  it('leaves infected bytes to the sweep when the store cannot remove them', async () => {
    verdict = () => Promise.resolve({ verdict: 'infected', signature: 'Test' });
    const { id } = await one();
    const before = (await fixture.storage.keys()).length;
    fixture.storage.server.injectFault = ({ method, query }) =>
      method === 'POST' && query.has('delete') ? 'drop' : undefined;
    await care()
      .scan(id)
      .catch(() => undefined);
    expect(await statusOf(id)).to.equal('infected');
    expect(await fixture.storage.keys()).to.have.length(before);
    fixture.storage.server.injectFault = null;
    await care().sweep();
    expect(await fixture.storage.keys()).to.have.length(before - 1);
    const row = (await fixture.app.db('documents').where({ id }).first()) as {
      object_removed_at: Date | null;
    };
    expect(row.object_removed_at).to.be.an.instanceOf(Date);
  });

  it('fails when clamd closes the connection or sends an unknown answer', async () => {
    for (const answer of ['', 'nonsense\0', 'INSTREAM size limit exceeded. ERROR\0']) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(answer));
      });
      const url = `tcp://127.0.0.1:${await listen(server)}`;
      const outcome = await createClamavScanner({ url, timeoutMs: 2_000 })
        .scan(Readable.from([pdf(2_000_000)]))
        .then(
          ({ verdict: said }) => said,
          () => 'no verdict',
        );
      expect(outcome, answer).to.equal('no verdict');
      await new Promise((resolve) => {
        server.close(resolve);
      });
    }
  });
});

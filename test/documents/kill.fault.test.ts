// Kills the process at every step of an upload. Afterwards every row has its object, and after the sweep every object
// has its row.
import { expect } from 'chai';
import type { Overrides } from '../../src/compose.ts';
import type { DocumentCare } from '../../src/documents/index.ts';
import { pdf, samples } from '../support/builders/files.ts';
import {
  cookieOf,
  download,
  openDocumentFixture,
  sha256,
  type DocumentFixture,
} from '../support/document-fixture.ts';
import { scannerThatSays } from '../support/fakes/scanner.ts';
import { later36Hours, startProcess, type Plan } from '../support/processes/document-process.ts';
import { until } from '../support/until.ts';

// A transaction that stops keeps its locks, so it comes last.
const uploadSteps = ['received', 'verified', 'copied', 'committed', 'answered', 'in_transaction'] as const;
type Step = (typeof uploadSteps)[number];
const files = { 'large.pdf': pdf(11_000_000), 'small.txt': samples.txt };

describe('a process that is killed while it receives, scans or removes documents', function () {
  this.timeout(120_000);
  let fixture: DocumentFixture;
  let cookie: string;
  before(async () => {
    // The store always answers, however late on a busy machine.
    fixture = await openDocumentFixture({ env: { S3_TIMEOUT_MS: '30000' } });
    cookie = await cookieOf(fixture, 'rita@harbour-legal.example');
  });
  after(() => fixture.close());
  afterEach(async () => {
    await fixture.app.db('documents').delete();
    await later((care) => care.checkCustody());
    await later((care) => care.sweep());
    for (const key of await fixture.storage.keys())
      await fixture.storage.server.files.remove(fixture.storage.bucket, key);
  });

  const start = (plan: Plan) => startProcess(fixture, plan);

  async function send(url: string, bookingId = fixture.bookingId): Promise<number | 'no answer'> {
    const form = new FormData();
    form.set('category', 'brief');
    for (const [name, bytes] of Object.entries(files))
      form.append('files', new Blob([new Uint8Array(bytes)]), name);
    const headers = { cookie, origin: url, accept: 'application/json' };
    return fetch(`${url}/bookings/${bookingId}/documents`, {
      method: 'POST',
      body: form,
      headers,
    }).then(
      (answer) => answer.status,
      () => 'no answer' as const,
    );
  }

  const later = <T>(work: (care: DocumentCare) => Promise<T>, documents?: Overrides['documents']) =>
    later36Hours(fixture, work, documents);

  const rows = () =>
    fixture.app
      .db('documents')
      .select<{ id: string; s3_key: string; sha256: string }[]>('id', 's3_key', 'sha256');

  describe('while it receives six uploads, each at another step,', () => {
    const answers = new Map<Step, number | 'no answer'>();
    /** The documents of each upload. */
    const written = new Map<Step, { id: string; s3_key: string; sha256: string }[]>();
    /** The same, of bytes that were downloaded after the sweep. */
    const downloaded = new Map<string, string>();
    let keysAtOnce: string[];
    let keysLater: string[];
    let openUploads: string[];
    let findings: unknown;

    before(async () => {
      const web = await start({ killAt: 'never' });
      const sending: { step: Step; bookingId: string; sent: ReturnType<typeof send> }[] = [];
      for (const step of uploadSteps) {
        const bookingId = await fixture.newBooking();
        sending.push({ step, bookingId, ...(await web.stopAt(step, () => send(web.url, bookingId))) });
      }
      web.running.kill('SIGKILL');
      expect(await web.ended).to.equal('SIGKILL');
      for (const { step, bookingId, sent } of sending) {
        answers.set(step, await sent);
        written.set(step, await rows().where({ booking_id: bookingId }));
      }
      keysAtOnce = await fixture.storage.keys('documents/');
      // The sweep keeps what is young and removes what is old.
      await fixture.app.system.services.documentCare.sweep();
      await later((care) => care.sweep());
      keysLater = await fixture.storage.keys();
      openUploads = await fixture.storage.openUploads();
      for (const { id } of await rows()) {
        const file = await download(fixture.rita, `/documents/${id}`).expect(200);
        downloaded.set(id, sha256(file.body as Buffer));
      }
      findings = (await later((care) => care.checkCustody()))?.findings;
    });

    for (const step of uploadSteps) {
      const isKept = step === 'committed' || step === 'answered';
      it(`leaves ${isKept ? 'only the documents' : 'nothing'} after the sweep when it dies at ${step}`, () => {
        expect(answers.get(step)).to.equal('no answer');
        const here = written.get(step) ?? [];
        expect(here).to.have.length(isKept ? 2 : 0);
        // No row without its object, even before the sweep.
        expect(keysAtOnce).to.include.members(here.map((row) => row.s3_key));
        expect(keysLater).to.have.members([...written.values()].flat().map((row) => row.s3_key));
        expect(openUploads).to.deep.equal([]);
        for (const { id, sha256: wanted } of here) expect(downloaded.get(id)).to.equal(wanted);
        expect(findings).to.deep.equal([]);
      });
    }
  });

  for (const copied of [true, false]) {
    it(`leaves nothing after the sweep when it dies between the copies of two files${copied ? ', during the second' : ''}`, async () => {
      const web = await start({ killAt: 'never' });
      let copies = 0;
      fixture.storage.server.injectFault = ({ method, key }) => {
        if (method !== 'PUT' || !key.startsWith('documents/')) return undefined;
        copies += 1;
        if (copies < Object.keys(files).length) return undefined;
        web.running.kill('SIGKILL');
        return copied ? undefined : 'drop';
      };
      expect(await send(web.url)).to.equal('no answer');
      expect(await web.ended).to.equal('SIGKILL');
      fixture.storage.server.injectFault = null;
      expect(await rows()).to.deep.equal([]);
      await until(async () => (await fixture.storage.keys('documents/')).length === (copied ? 2 : 1));
      await later((care) => care.sweep());
      expect(await fixture.storage.keys()).to.deep.equal([]);
      expect((await later((care) => care.checkCustody()))?.findings).to.deep.equal([]);
    });
  }

  it('leaves a multipart upload that the sweep aborts when it dies in the middle of a file', async () => {
    const web = await start({ killAt: 'never' });
    // Kills the process when the store receives the second part.
    fixture.storage.server.injectFault = ({ query }) => {
      if (query.get('partNumber') === '2') web.running.kill('SIGKILL');
      return undefined;
    };
    expect(await send(web.url)).to.equal('no answer');
    fixture.storage.server.injectFault = null;
    expect(await web.ended).to.equal('SIGKILL');
    expect(await fixture.storage.openUploads()).to.have.length(1);
    await later((care) => care.sweep());
    expect(await fixture.storage.openUploads()).to.deep.equal([]);
    expect(await fixture.storage.keys()).to.deep.equal([]);
  });

  for (const [step, verdict] of [
    ['scanned', 'infected'],
    ['verdict_written', 'infected'],
    ['object_removed', 'infected'],
    ['scanned', 'clean'],
    ['verdict_written', 'clean'],
  ] as const) {
    it(`leaves a scan (${verdict}) that the next scan or sweep finishes when it dies at ${step}`, async () => {
      const [stored] = await fixture.upload({ 'small.txt': samples.txt });
      const id = stored?.id ?? '';
      await fixture.app.db('documents').where({ id }).update({ status: 'checking' });
      const scanning = await start({ killAt: step, verdict, scan: id });
      expect(await scanning.ended).to.equal('SIGKILL');
      await later((care) => care.scan(id), { scanner: scannerThatSays(verdict) });
      await later((care) => care.sweep());
      const [row] = (await fixture.app.db('documents').where({ id })) as Record<string, unknown>[];
      expect(row?.status).to.equal(verdict);
      expect(row?.object_removed_at === null).to.equal(verdict === 'clean');
      expect(await fixture.storage.keys()).to.have.length(verdict === 'clean' ? 1 : 0);
    });
  }

  it('leaves pending objects that the next sweep removes when it dies in the middle of a sweep', async () => {
    const web = await start({ killAt: 'copied' });
    expect(await send(web.url)).to.equal('no answer');
    const before = await fixture.storage.keys('pending/');
    expect([before.length, await web.ended]).to.deep.equal([2, 'SIGKILL']);
    let removals = 0;
    const sweeping = await start({ killAt: 'never', care: 'sweep' });
    fixture.storage.server.injectFault = ({ method, query }) => {
      if (method !== 'POST' || !query.has('delete')) return undefined;
      removals += 1;
      if (removals < 2) return undefined;
      sweeping.running.kill('SIGKILL');
      return 'drop';
    };
    sweeping.go();
    expect(await sweeping.ended).to.equal('SIGKILL');
    fixture.storage.server.injectFault = null;
    expect(await fixture.storage.keys()).to.have.members(before);
    await later((care) => care.sweep());
    expect(await fixture.storage.keys()).to.deep.equal([]);
  });

  for (const how of ['before the object is removed', 'after it'] as const) {
    it(`leaves a removal that the next run finishes and records once when it dies ${how}`, async () => {
      const [stored] = await fixture.upload({ 'small.txt': samples.txt });
      const id = stored?.id ?? '';
      await fixture.rita.delete(`/documents/${id}`).expect(204);
      const isAfter = how === 'after it';
      const removing = await start({ killAt: isAfter ? 'object_removed' : 'never', care: 'retain' });
      fixture.storage.server.injectFault = ({ method, query }) => {
        if (isAfter || method !== 'POST' || !query.has('delete')) return undefined;
        removing.running.kill('SIGKILL');
        return 'drop';
      };
      removing.go();
      expect(await removing.ended).to.equal('SIGKILL');
      fixture.storage.server.injectFault = null;
      expect(await fixture.storage.keys()).to.have.length(isAfter ? 0 : 1);
      await later((care) => care.retain(), { retentionDays: 1 });
      expect(await fixture.storage.keys()).to.deep.equal([]);
      const [row] = (await fixture.app.db('documents').where({ id })) as { object_removed_at: Date | null }[];
      expect(row?.object_removed_at).to.be.an.instanceOf(Date);
      const removed = (await fixture.audit('document.deleted')).filter(
        (entry) => entry.resource_id === id && entry.metadata.why === 'retention',
      );
      expect(removed).to.have.length(1);
    });
  }
});

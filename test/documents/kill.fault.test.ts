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
import { later36Hours, startProcess, type StoreCall } from '../support/processes/document-process.ts';
import { until } from '../support/until.ts';

type Stop = { step: string } | { matches: (call: StoreCall) => boolean; isDone: boolean };
interface Kill {
  when: string;
  isKept: boolean;
  /** Of the first file. */
  bytes: Buffer;
  /** `matches` may count: this makes one for one upload. */
  stop: () => Stop;
}

/** Two parts. */
const large = pdf(5 * 1024 * 1024 + 1_000);

const atStep = (step: string): Kill => ({
  when: `at ${step}`,
  isKept: step === 'committed' || step === 'answered',
  bytes: large,
  stop: () => ({ step }),
});
const atSecondCopy = (isDone: boolean): Kill => ({
  when: `between the copies of two files${isDone ? ', during the second' : ''}`,
  isKept: false,
  bytes: large,
  stop() {
    let copies = 0;
    return {
      isDone,
      matches: ({ method, key }) => method === 'PUT' && key.startsWith('documents/') && ++copies === 2,
    };
  },
});
const inMiddleOfFile: Kill = {
  when: 'in the middle of a file',
  isKept: false,
  bytes: pdf(11_000_000),
  stop: () => ({ isDone: true, matches: ({ query }) => query.get('partNumber') === '2' }),
};
// A transaction that stops keeps its locks, so it comes last.
const kills = [
  ...['received', 'verified', 'copied', 'committed', 'answered'].map(atStep),
  ...[true, false].map(atSecondCopy),
  inMiddleOfFile,
  atStep('in_transaction'),
];

describe('a process that is killed while it receives, scans or removes documents', function () {
  this.timeout(120_000);
  let fixture: DocumentFixture;
  let cookie: string;
  before(async () => {
    // The store answers some calls only when the process has been killed.
    fixture = await openDocumentFixture({ env: { S3_TIMEOUT_MS: '120000' } });
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

  async function send(url: string, bookingId: string, first: Buffer): Promise<number | 'no answer'> {
    const form = new FormData();
    form.set('category', 'brief');
    for (const [name, bytes] of Object.entries({ 'large.pdf': first, 'small.txt': samples.txt }))
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

  describe('while it receives nine uploads, each at another step,', () => {
    const answers = new Map<Kill, number | 'no answer'>();
    /** The documents of each upload. */
    const written = new Map<Kill, { id: string; s3_key: string; sha256: string }[]>();
    /** The same, of bytes that were downloaded after the sweep. */
    const downloaded = new Map<string, string>();
    const atOnce = { keys: [] as string[], openUploads: [] as string[] };
    let keysLater: string[];
    let openUploads: string[];
    let findings: unknown;

    before(async () => {
      const web = await startProcess(fixture);
      const sending: { kill: Kill; bookingId: string; sent: ReturnType<typeof send> }[] = [];
      for (const kill of kills) {
        const bookingId = await fixture.newBooking();
        const stop = kill.stop();
        const sendOne = () => send(web.url, bookingId, kill.bytes);
        const stopped = 'step' in stop ? web.stopAt(stop.step, sendOne) : web.stopAtCall(stop, sendOne);
        sending.push({ kill, bookingId, ...(await stopped) });
      }
      expect(await web.kill()).to.equal('SIGKILL');
      for (const { kill, bookingId, sent } of sending) {
        answers.set(kill, await sent);
        written.set(kill, await rows().where({ booking_id: bookingId }));
      }
      // Two of each upload whose files were copied; one and two of those that were killed between two copies.
      await until(async () => (await fixture.storage.keys('documents/')).length === 4 * 2 + 1 + 2);
      atOnce.keys = await fixture.storage.keys('documents/');
      atOnce.openUploads = await fixture.storage.openUploads();
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

    for (const kill of kills) {
      const { when, isKept } = kill;
      it(`leaves ${isKept ? 'only the documents' : 'nothing'} after the sweep when it dies ${when}`, () => {
        expect(answers.get(kill)).to.equal('no answer');
        const here = written.get(kill) ?? [];
        expect(here).to.have.length(isKept ? 2 : 0);
        // No row without its object, even before the sweep.
        expect(atOnce.keys).to.include.members(here.map((row) => row.s3_key));
        expect(keysLater).to.have.members([...written.values()].flat().map((row) => row.s3_key));
        expect(openUploads).to.deep.equal([]);
        for (const { id, sha256: wanted } of here) expect(downloaded.get(id)).to.equal(wanted);
        expect(findings).to.deep.equal([]);
      });
    }

    it('leaves a multipart upload, which the sweep aborts, when it dies in the middle of a file', () => {
      expect(atOnce.openUploads).to.have.length(1);
    });
  });

  describe('while it scans five documents, each at another step,', () => {
    const scans = [
      { step: 'scanned', verdict: 'infected' },
      { step: 'verdict_written', verdict: 'infected' },
      { step: 'object_removed', verdict: 'infected' },
      { step: 'scanned', verdict: 'clean' },
      { step: 'verdict_written', verdict: 'clean' },
    ] as const;
    /** By scan: its document as the next scan and sweep leave it, and whether its object is there. */
    const found = new Map<(typeof scans)[number], { row: Record<string, unknown>; hasObject: boolean }>();
    let keys: string[];

    before(async () => {
      const scanning = await startProcess(fixture, { scans: true });
      const ids = new Map<(typeof scans)[number], string>();
      for (const scan of scans) {
        const [stored] = await fixture.upload({ 'small.txt': samples.txt });
        const id = stored?.id ?? '';
        ids.set(scan, id);
        await fixture.app.db('documents').where({ id }).update({ status: 'checking' });
        await scanning.stopAt(scan.step, () => Promise.resolve(scanning.scan(id, scan.verdict)));
      }
      expect(await scanning.kill()).to.equal('SIGKILL');
      for (const [{ verdict }, id] of ids)
        await later((care) => care.scan(id), { scanner: scannerThatSays(verdict) });
      await later((care) => care.sweep());
      keys = await fixture.storage.keys();
      for (const [scan, id] of ids) {
        const row = (await fixture.app.db('documents').where({ id }).first()) as Record<string, unknown>;
        found.set(scan, { row, hasObject: keys.includes(String(row.s3_key)) });
      }
    });

    for (const scan of scans) {
      const { step, verdict } = scan;
      it(`leaves a scan (${verdict}) that the next scan or sweep finishes when it dies at ${step}`, () => {
        const { row, hasObject } = found.get(scan) ?? {};
        expect(row?.status).to.equal(verdict);
        expect(row?.object_removed_at === null).to.equal(verdict === 'clean');
        expect(hasObject).to.equal(verdict === 'clean');
        expect(keys).to.have.length(scans.filter((one) => one.verdict === 'clean').length);
      });
    }
  });

  describe('while it sweeps, and removes the objects of two deleted documents,', () => {
    type How = 'before the object is removed' | 'after it';
    const hows: How[] = ['after it', 'before the object is removed'];
    const ids = new Map<How, string>();
    let sent: number | 'no answer';
    const pending = { atFirst: [] as string[], atOnce: [] as string[] };
    /** The number of stored objects of documents. */
    const stored = { atFirst: 0, atOnce: 0 };
    let pendingAfterSweep: string[];
    let keysLater: string[];
    const found = new Map<How, { removedAt: unknown; recorded: number }>();

    const isRemoval = ({ method, query }: StoreCall) => method === 'POST' && query.has('delete');
    const countStored = async () => (await fixture.storage.keys('documents/')).length;
    const deletedDocument = async () => {
      const [document] = await fixture.upload({ 'small.txt': samples.txt });
      await fixture.rita.delete(`/documents/${document?.id}`).expect(204);
      return document?.id ?? '';
    };

    before(async () => {
      const web = await startProcess(fixture);
      const upload = await web.stopAt('copied', () => send(web.url, fixture.bookingId, large));
      pending.atFirst = await fixture.storage.keys('pending/');
      let removals = 0;
      await web.stopAtCall({ matches: (call) => isRemoval(call) && ++removals === 2, isDone: false }, () =>
        Promise.resolve(web.takeCare('sweep')),
      );
      const remove = () => Promise.resolve(web.takeCare('retain'));
      ids.set('after it', await deletedDocument());
      await web.stopAt('object_removed', remove);
      const last = await deletedDocument();
      ids.set('before the object is removed', last);
      // Removals come in this order: the next run does not get as far as the first document.
      await fixture.app
        .db('documents')
        .where({ id: last })
        .update({ deleted_at: new Date(Date.now() - 60_000) });
      stored.atFirst = await countStored();
      await web.stopAtCall({ matches: isRemoval, isDone: false }, remove);
      expect(await web.kill()).to.equal('SIGKILL');
      sent = await upload.sent;
      stored.atOnce = await countStored();
      pending.atOnce = await fixture.storage.keys('pending/');
      await later((care) => care.sweep());
      pendingAfterSweep = await fixture.storage.keys('pending/');
      await later((care) => care.retain(), { retentionDays: 1 });
      keysLater = await fixture.storage.keys();
      const entries = await fixture.audit('document.deleted');
      for (const [how, id] of ids) {
        const row = await fixture.app.db('documents').where({ id }).first('object_removed_at');
        const recorded = entries.filter((one) => one.resource_id === id && one.metadata.why === 'retention');
        found.set(how, { removedAt: row?.object_removed_at, recorded: recorded.length });
      }
    });

    it('leaves pending objects that the next sweep removes when it dies in the middle of a sweep', () => {
      expect([pending.atFirst.length, sent]).to.deep.equal([2, 'no answer']);
      expect(pending.atOnce).to.have.members(pending.atFirst);
      expect(pendingAfterSweep).to.deep.equal([]);
    });

    for (const how of hows) {
      it(`leaves a removal that the next run finishes and records once when it dies ${how}`, () => {
        // The second document's alone: the first one's, and the copies of the upload, were removed before.
        expect(stored).to.deep.equal({ atFirst: 1, atOnce: 1 });
        expect(keysLater).to.deep.equal([]);
        expect(found.get(how)?.removedAt).to.be.an.instanceOf(Date);
        expect(found.get(how)?.recorded).to.equal(1);
      });
    }
  });
});

// The background jobs for documents: the sweep, retention, and the nightly file check.
import { expect } from 'chai';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import { connectS3, createS3ObjectStore } from '../../src/adapters/s3-object-store.ts';
import { pdf, samples } from '../support/builders/files.ts';
import { silent } from '../support/booking-fixture.ts';
import {
  openDocumentFixture,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';
import { checkCustodyJob } from '../../src/documents/index.ts';
import { cron } from '../../src/jobs/index.ts';
import { cronItemsOf } from '../../src/jobs/worker.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { until } from '../support/until.ts';

const dayMs = 24 * 3_600_000;

describe('background jobs for documents', () => {
  let fixture: DocumentFixture;
  let store: ObjectStore;
  before(async () => {
    fixture = await openDocumentFixture({ env: { DOCUMENT_RETENTION_DAYS: '30' } });
    const { env } = fixture.storage;
    store = createS3ObjectStore(
      connectS3({
        bucket: fixture.storage.bucket,
        region: 'us-east-1',
        endpoint: env.S3_ENDPOINT,
        credentials: {
          accessKeyId: env.S3_ACCESS_KEY_ID ?? '',
          secretAccessKey: env.S3_SECRET_ACCESS_KEY ?? '',
        },
        forcePathStyle: true,
        encryption: 'AES256',
      }),
    );
  });
  after(async () => {
    store.close();
    await fixture.close();
  });

  /** Runs background jobs with a clock that many days later. */
  async function days<T>(
    later: number,
    work: (care: ReturnType<typeof compose>['services']['documentCare']) => Promise<T>,
  ): Promise<T> {
    const clock = { now: () => new Date(Date.now() + later * dayMs) };
    const system = compose(fixture.app.system.services.config, { clock, log: silent });
    try {
      return await work(system.services.documentCare);
    } finally {
      await system.close();
    }
  }
  async function one(
    bytes: Buffer = samples.txt,
    name = 'a.txt',
  ): Promise<UploadedDocument & { key: string }> {
    const [stored] = await fixture.upload({ [name]: bytes });
    if (!stored) throw new Error('Nothing was stored');
    const [key = ''] = await fixture.app.db('documents').where({ id: stored.id }).pluck('s3_key');
    return { ...stored, key };
  }
  const nameOf = (key: string) => key.slice(key.indexOf('/') + 1);
  const check = async () => {
    const report = await days(2, (care) => care.checkCustody());
    if (!report) throw new Error('There is no report');
    return report;
  };

  describe('the sweep', () => {
    it('removes a pending object and keeps its copy when the copy has a row', async () => {
      const { key, url } = await one();
      await store.copy(key, `pending/${nameOf(key)}`);
      expect(await days(2, (care) => care.sweep())).to.deep.equal({ pendingObjects: 1, openUploads: 0 });
      expect(await fixture.storage.keys('pending/')).to.deep.equal([]);
      await fixture.rita.get(url).expect(200);
    });

    it('removes a pending object and its copy when the copy has no row', async () => {
      await store.put('pending/orphan', Buffer.from('x'));
      await store.copy('pending/orphan', 'documents/orphan');
      await store.put('pending/lonely', Buffer.from('x'));
      expect(await days(2, (care) => care.sweep())).to.deep.equal({ pendingObjects: 2, openUploads: 0 });
      expect((await fixture.storage.keys()).filter((key) => /orphan|lonely/.test(key))).to.deep.equal([]);
    });

    it('aborts multipart uploads when they are abandoned', async () => {
      await store.startUpload('pending/open');
      expect(await days(2, (care) => care.sweep())).to.deep.equal({ pendingObjects: 0, openUploads: 1 });
      expect(await fixture.storage.openUploads()).to.deep.equal([]);
    });

    it('runs also when the check for an overdue file check fails', async () => {
      await store.put('pending/lonely', Buffer.from('x'));
      await fixture.app.database.owner.raw('alter table custody_reports rename to custody_reports_away');
      try {
        await days(2, (care) => care.sweep().catch(() => undefined));
      } finally {
        await fixture.app.database.owner.raw('alter table custody_reports_away rename to custody_reports');
      }
      expect(await fixture.storage.keys('pending/')).to.deep.equal([]);
    });

    it('keeps objects and uploads when they may still be in progress', async () => {
      await store.put('pending/young', Buffer.from('x'));
      await store.copy('pending/young', 'documents/young');
      await store.startUpload('pending/young-too');
      expect(await days(0.9, (care) => care.sweep())).to.deep.equal({ pendingObjects: 0, openUploads: 0 });
      expect(await fixture.storage.keys()).to.include.members(['pending/young', 'documents/young']);
      await days(2, (care) => care.sweep());
    });
  });

  describe('retention', () => {
    it('removes the bytes of deleted documents and keeps the rows when the retention days are over', async () => {
      const { id, key, url } = await one();
      const other = await one();
      await fixture.rita.delete(url).expect(204);
      expect(await days(29, (care) => care.retain())).to.equal(0);
      expect(await fixture.storage.keys()).to.include(key);
      expect(await days(31, (care) => care.retain())).to.equal(1);
      expect(await fixture.storage.keys()).not.to.include(key);
      expect(await fixture.storage.keys()).to.include(other.key);
      expect(await days(31, (care) => care.retain())).to.equal(0);
      const row = (await fixture.app.db('documents').where({ id }).first()) as Record<string, unknown>;
      expect(row.object_removed_at).to.be.an.instanceOf(Date);
      expect((await fixture.audit('document.deleted')).map(({ metadata }) => metadata)).to.deep.include({
        bytes: 'removed',
        why: 'retention',
      });
    });

    it('removes an object in the next run when the store failed in this one', async () => {
      const { key, url } = await one();
      await fixture.rita.delete(url).expect(204);
      fixture.storage.server.injectFault = () => 'drop';
      const outcome = await days(31, (care) => care.retain()).then(
        () => 'done',
        (error: unknown) => (error as Error).name,
      );
      expect(outcome).to.equal('ObjectStoreUnavailable');
      fixture.storage.server.injectFault = null;
      expect(await days(31, (care) => care.retain())).to.equal(1);
      expect(await fixture.storage.keys()).not.to.include(key);
    });
  });

  describe('the file check', () => {
    it('reports no findings and its counts when rows and objects agree', async () => {
      await one(pdf(3_000_000), 'a.pdf');
      const report = await check();
      expect(report.findings).to.deep.equal([]);
      expect(report.rowsChecked).to.equal(report.objectsChecked).and.to.be.above(0);
      const kept = (await fixture.app.db('custody_reports').where({ id: report.id }).first()) as Record<
        string,
        unknown
      >;
      expect(kept).to.deep.include({ rows_checked: report.rowsChecked, findings: [] });
    });

    it('moves an object without a row to strays/, and puts it back when the row returns', async () => {
      const { id, key, url } = await one();
      const [row] = (await fixture.app.db('documents').where({ id })) as Record<string, unknown>[];
      await fixture.app.db('documents').where({ id }).delete();
      expect((await check()).findings).to.deep.equal([{ kind: 'object_without_row', key, repaired: true }]);
      expect(await fixture.storage.keys())
        .to.include(`strays/${nameOf(key)}`)
        .and.not.to.include(key);
      expect((await check()).findings).to.deep.equal([]);
      // The database is restored.
      await fixture.app.db('documents').insert({ ...row, damaged_at: null });
      expect((await check()).findings).to.deep.equal([
        { kind: 'row_without_object', documentId: id, key, repaired: true },
      ]);
      await fixture.rita.get(url).expect(200);
      expect(await fixture.storage.keys('strays/')).to.deep.equal([]);
    });

    it('keeps an object without a row when an upload may still be writing the row', async () => {
      await store.put('documents/young', Buffer.from('x'));
      const report = await days(0, (care) => care.checkCustody());
      expect(report?.findings).to.deep.equal([]);
      await store.remove(['documents/young']);
    });

    it('raises the alarm when an object is absent or has other bytes', async () => {
      const gone = await one();
      const other = await one(pdf(2_500_000), 'b.pdf');
      await store.remove([gone.key]);
      await store.put(other.key, Buffer.from('something else'));
      const { findings } = await check();
      expect(findings).to.have.deep.members([
        { kind: 'row_without_object', documentId: gone.id, key: gone.key, repaired: false },
        { kind: 'damaged', documentId: other.id, key: other.key, repaired: false },
      ]);
      const damaged = await fixture.app.db('documents').whereNotNull('damaged_at').pluck('id');
      expect(damaged).to.have.members([gone.id, other.id]);
      const page = await fixture.rita
        .get(`/bookings/${fixture.bookingId}`)
        .set('Accept', 'text/html')
        .expect(200);
      expect(page.text).to.contain('Damaged: ask for a new copy');

      // Staff put the right bytes back, from a backup.
      await store.put(gone.key, samples.txt);
      await store.put(other.key, pdf(2_500_000));
      expect((await check()).findings).to.have.deep.members([
        { kind: 'damaged', documentId: gone.id, key: gone.key, repaired: true },
        { kind: 'damaged', documentId: other.id, key: other.key, repaired: true },
      ]);
      expect((await check()).findings).to.deep.equal([]);
      expect((await fixture.audit('drift.fixed')).map(({ resource_id }) => resource_id)).to.include(gone.id);
    });

    it('raises the alarm every night when an object is empty, cut short or too long, until it is restored', async () => {
      const bytes = pdf(2_500_000);
      const [empty, short, long] = [await one(), await one(bytes, 'b.pdf'), await one(bytes, 'c.pdf')];
      const finding = ({ id, key }: { id: string; key: string }, repaired: boolean) => ({
        kind: 'damaged',
        documentId: id,
        key,
        repaired,
      });
      await fixture.storage.shorten(empty.key, 0);
      await fixture.storage.shorten(short.key, 2_200_000);
      await store.put(long.key, Buffer.concat([bytes, Buffer.from('more')]));
      for (const night of [1, 2]) {
        const { findings } = await check();
        expect(findings, `night ${night}`).to.have.deep.members(
          [empty, short, long].map((each) => finding(each, false)),
        );
      }
      const alarms = (await fixture.audit('drift.found')).map(({ resource_id }) => resource_id);
      for (const { id } of [empty, short]) expect(alarms.filter((alarm) => alarm === id)).to.have.length(1);
      await store.put(empty.key, samples.txt);
      await store.put(short.key, bytes);
      await store.put(long.key, bytes);
      const repaired = (await check()).findings;
      expect(repaired).to.have.deep.members([finding(empty, true), finding(short, true)]);
      await fixture.rita.get(empty.url).expect(200);
    });

    it('reports an object as unreadable and continues when the store refuses it, and stops when the store is unreachable', async () => {
      const [locked, other] = [await one(), await one()];
      const gone = await one();
      await fixture.app
        .db('documents')
        .whereIn('id', [locked.id, other.id])
        .update({ damaged_at: new Date() });
      await store.remove([gone.key]);
      fixture.storage.server.injectFault = ({ method, key }) =>
        method === 'GET' && key === locked.key ? { status: 403, code: 'InvalidObjectState' } : undefined;
      expect((await check()).findings).to.have.deep.members([
        { kind: 'unreadable', documentId: locked.id, key: locked.key, repaired: false },
        { kind: 'damaged', documentId: other.id, key: other.key, repaired: true },
        { kind: 'row_without_object', documentId: gone.id, key: gone.key, repaired: false },
      ]);
      fixture.storage.server.injectFault = ({ method, key, query }) =>
        key === locked.key || (method === 'HEAD' && key === '' && !query.has('list-type'))
          ? 'drop'
          : undefined;
      const outcome = await check().then(
        () => 'a report',
        (error: unknown) => (error as Error).name,
      );
      expect(outcome).to.equal('ObjectStoreUnavailable');
      fixture.storage.server.injectFault = null;
      await store.put(gone.key, samples.txt);
      expect((await check()).findings.filter(({ repaired }) => !repaired)).to.deep.equal([]);
    });

    it('reports nothing for bytes that retention removed, and removes them again when a restored bucket brings them back', async () => {
      const { key, url } = await one();
      await fixture.rita.delete(url).expect(204);
      await days(31, (care) => care.retain());
      expect((await check()).findings).to.deep.equal([]);
      await store.put(key, samples.txt);
      expect((await check()).findings).to.deep.equal([]);
      expect(await fixture.storage.keys()).not.to.include(key);
    });
  });

  it('watchCustody raises the alarm when no file check has finished for 36 hours', async () => {
    await fixture.app.db('custody_reports').delete();
    const overdue = async (later: number): Promise<boolean> => {
      const lines: string[] = [];
      const clock = { now: () => new Date(Date.now() + later * dayMs) };
      const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
      const system = compose(fixture.app.system.services.config, { clock, log });
      // Also when the reason is an unreachable store.
      await system.services.documentCare.sweep().catch(() => undefined);
      await system.close();
      return lines.join('').includes('"alarm":"custody_overdue"');
    };
    const { key } = await one();
    expect([await overdue(1.4), await overdue(1.6)], 'no report yet').to.deep.equal([false, true]);
    await days(3, (care) => care.checkCustody());
    fixture.storage.server.injectFault = () => 'drop';
    expect([await overdue(4.4), await overdue(4.6)], 'the last one').to.deep.equal([false, true]);
    fixture.storage.server.injectFault = null;
    await fixture.app.db('custody_reports').delete();
    await fixture.app.db('documents').delete();
    await store.remove([key]);
    expect(await overdue(9), 'nothing to look after').to.equal(false);
  });

  it('the file check is retried for more than an hour when the store is unreachable', () => {
    const items = cronItemsOf(cron);
    for (const name of ['retain_documents', 'check_custody']) {
      const { maxAttempts = 0 } = items.find(({ task }) => task === name)?.options ?? {};
      // https://worker.graphile.org/docs/exponential-backoff
      let seconds = 0;
      for (let attempt = 1; attempt < maxAttempts; attempt += 1) seconds += Math.exp(Math.min(10, attempt));
      expect(seconds, name).to.be.above(3_600);
    }
    expect(items.find(({ task }) => task === 'seal_audit')?.options?.maxAttempts).to.equal(1);
  });

  it('the file check runs when the worker takes its job', async () => {
    expect(cron.map(({ job }) => job.name)).to.include.members([
      'sweep_documents',
      'retain_documents',
      'check_custody',
    ]);
    const reports = async () => (await fixture.app.db('custody_reports').pluck('id')).length;
    const before = await reports();
    const { worker, services } = fixture.app.system;
    await worker.start();
    try {
      // As the schedule would.
      await services.jobs.add(checkCustodyJob, {}, { key: 'asked' });
      await until(async () => (await reports()) > before);
    } finally {
      await worker.stop();
    }
  });
});

import { expect } from 'chai';
import type { Agent } from '../support/app.ts';
import type { S3FaultInjector } from '../../src/dev/s3/server.ts';
import { executable, lyingZipBomb, pdf, samples } from '../support/builders/files.ts';
import { beginDirect, sendDirectly, type Offer } from '../support/direct-upload.ts';
import {
  download,
  nothing,
  openDocumentFixture,
  sha256,
  type DocumentFixture,
} from '../support/document-fixture.ts';

const partBytes = 5 * 1024 * 1024;
/** Three parts. */
const large = pdf(2 * partBytes + 1_000);
const maxBytes = 40 * 1024 * 1024;

describe('a direct upload', () => {
  let fixture: DocumentFixture;
  let ahead = 0;
  let step: ((name: string) => Promise<void> | void) | null = null;
  before(async () => {
    fixture = await openDocumentFixture({
      env: { UPLOAD_MAX_BYTES: String(maxBytes) },
      overrides: {
        clock: { now: () => new Date(Date.now() + ahead) },
        documents: { onStep: (name) => step?.(name) },
      },
    });
  });
  after(() => fixture.close());
  afterEach(async () => {
    step = null;
    fixture.storage.server.injectFault = null;
    const { app, storage } = fixture;
    await app.database.owner.raw('truncate documents, direct_uploads, emails');
    for (const key of await storage.keys()) await storage.server.files.remove(storage.bucket, key);
    for (const { uploadId } of await storage.server.files.uploads(storage.bucket, ''))
      await storage.server.files.closeUpload(storage.bucket, uploadId);
  });

  const later = async (days: number) => {
    ahead = days * 86_400_000;
    try {
      return await fixture.app.system.services.documentCare.sweep();
    } finally {
      ahead = 0;
    }
  };
  const states = () => fixture.app.db('direct_uploads').pluck('state');

  describe('that succeeds', () => {
    it('becomes a document when all parts are sent', async () => {
      const upload = await sendDirectly(fixture, large, { fileName: 'Brief of evidence.pdf' });
      expect([upload.status, upload.partCount]).to.deep.equal([201, 3]);
      expect(await upload.send()).to.deep.equal([1, 2, 3]);
      const document = await upload.finish();
      expect(document).to.deep.include({
        fileName: 'Brief of evidence.pdf',
        mimeType: 'application/pdf',
        sizeBytes: large.length,
        sha256: sha256(large),
        category: 'brief',
        uploadedFor: null,
      });
      const read = await download(fixture.rita, document.url).expect(200);
      expect(sha256(read.body as Buffer)).to.equal(sha256(large));
      expect(await fixture.storage.keys())
        .to.have.length(1)
        .and.satisfy(([key]: [string]) => key.startsWith('documents/'));
      const [audited] = (await fixture.audit('document.uploaded')).slice(-1);
      expect(audited?.resource_id).to.equal(document.id);
    });

    it('is compared with its hashes when it is downloaded', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      const { url } = await upload.finish();
      const [key = ''] = await fixture.storage.keys('documents/');
      await fixture.storage.damage(key, 10);
      const refused = await fixture.rita.get(url).expect(409);
      expect(refused.body).to.include({ code: 'document_unavailable', because: 'damaged' });
    });

    it('gives addresses that are valid for five minutes, for these bytes only, and reveal nothing of people or files', async () => {
      const upload = await sendDirectly(fixture, large, { fileName: 'Marsh psychiatric.pdf' });
      const [offer] = await upload.offer(1);
      const url = new URL(offer?.url ?? '');
      expect(Number(url.searchParams.get('X-Amz-Expires'))).to.be.at.most(300);
      expect(new Date(offer?.expiresAt ?? 0).getTime()).to.be.at.most(Date.now() + 300_000);
      expect(url.href).not.to.match(/marsh|psych|brief/i);
      expect((await upload.put(offer as Offer, upload.partOf(2))).status, 'other bytes').to.equal(400);
      expect((await fetch(url, { headers: offer?.headers ?? {} })).status, 'to read').to.equal(403);
      expect(fixture.app.logLines.join('')).not.to.match(/psychiatric|X-Amz/i);
    });

    it('belongs to the referrer and names the admin when an admin acts as the referrer', async () => {
      const ada = await fixture.app.signIn('ada@examdesk.example');
      const { id: userId } = (await fixture.app
        .db('users')
        .where({ email: 'rita@harbour-legal.example' })
        .first('id')) as { id: string };
      await ada.post('/admin/impersonate').send({ userId, reason: 'On the phone' }).expect(200);
      const upload = await sendDirectly(fixture, large, {}, ada);
      await upload.send();
      const document = await upload.finish();
      expect(document.uploadedBy.id).to.equal(userId);
      expect(document.uploadedFor?.name).to.equal('Ada Lindqvist');
    });
  });

  describe('that is interrupted', () => {
    it('continues when the same file is chosen again', async () => {
      const first = await sendDirectly(fixture, large);
      await first.send(2);
      const again = await sendDirectly(fixture, large);
      expect([again.status, again.id]).to.deep.equal([200, first.id]);
      expect(await again.send()).to.deep.equal([1, 3]);
      expect((await again.finish()).sha256).to.equal(sha256(large));
    });

    it('refuses parts when they are of another file', async () => {
      const other = Buffer.from(large);
      other[partBytes + 5] = (other[partBytes + 5] ?? 0) ^ 1;
      await (await sendDirectly(fixture, other)).send();
      const again = await sendDirectly(fixture, large);
      expect(await again.send()).to.deep.equal([2]);
      expect((await again.finish()).sha256).to.equal(sha256(large));
    });

    it('names the missing part and accepts it when it is completed too early', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send(1, 3);
      const refused = await upload.complete().expect(422);
      expect((refused.body as { errors: object[] }).errors).to.deep.equal([
        { path: 'parts.2', message: 'Part 2 did not arrive: send it again' },
      ]);
      await upload.send();
      await upload.finish();
    });

    /** A fault in the n-th read of the pending object: the first reads it whole, the second inspects it. */
    const atRead = (which: number, what: Awaited<ReturnType<S3FaultInjector>>): S3FaultInjector => {
      let reads = 0;
      return ({ method, key, query }) => {
        if (method !== 'GET' || query.has('uploadId') || !key.startsWith('pending/')) return undefined;
        reads += 1;
        return reads < which ? undefined : what;
      };
    };
    const disturbed: [string, S3FaultInjector][] = [];
    for (const [which, when] of [
      [1, 'when the object is first read'],
      [2, 'when the object is inspected'],
    ] as const) {
      disturbed.push(
        [`breaks the connection ${when}`, atRead(which, { body: 'breaks', after: 40 })],
        [`falls silent ${when}`, atRead(which, { body: 'stalls', after: 40 })],
        [`fails ${when}`, atRead(which, { status: 500, code: 'InternalError' })],
        [`has lost it ${when}`, atRead(which, { status: 404, code: 'NoSuchKey' })],
      );
    }
    disturbed.push(
      [
        'fails when its parts are listed',
        ({ method, query }) =>
          method === 'GET' && query.has('uploadId') ? { status: 500, code: 'InternalError' } : undefined,
      ],
      [
        'fails when they are put together',
        ({ method, query }) =>
          method === 'POST' && query.has('uploadId') ? { status: 500, code: 'InternalError' } : undefined,
      ],
      [
        'fails at the copy',
        ({ method, key }) =>
          method === 'PUT' && key.startsWith('documents/')
            ? { status: 500, code: 'InternalError' }
            : undefined,
      ],
    );
    for (const [what, trouble] of disturbed) {
      it(`answers 503 and can be completed later when the store ${what}`, async () => {
        const upload = await sendDirectly(fixture, samples.docx, { fileName: 'a.docx' });
        await upload.send();
        fixture.storage.server.injectFault = trouble;
        const refused = await upload.complete().timeout(20_000);
        expect([refused.status, (refused.body as { code: string }).code]).to.deep.equal([
          503,
          'storage_unavailable',
        ]);
        fixture.storage.server.injectFault = null;
        expect(await states()).to.deep.equal(['open']);
        expect((await upload.finish()).sha256).to.equal(sha256(samples.docx));
      });
    }

    it('answers 503 and can be repeated when the store is unreachable at its start or for its parts', async () => {
      fixture.storage.server.injectFault = () => ({ status: 503, code: 'SlowDown' });
      await beginDirect(fixture, {}).expect(503);
      fixture.storage.server.injectFault = null;
      expect([await states(), await fixture.storage.openUploads()]).to.deep.equal([[], []]);
      const upload = await sendDirectly(fixture, large);
      const path = `/bookings/${fixture.bookingId}/documents/uploads/${upload.id}/parts`;
      fixture.storage.server.injectFault = () => ({ status: 503, code: 'SlowDown' });
      await fixture.rita.post(path).send({ parts: upload.claims }).expect(503);
      fixture.storage.server.injectFault = null;
      await upload.send();
      await upload.finish();
    });

    it('answers 503 and loses nothing when the store is unreachable at its completion', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      fixture.storage.server.injectFault = () => 'drop';
      await upload.complete().expect(503);
      fixture.storage.server.injectFault = null;
      await upload.finish();
    });

    for (const name of ['put_together', 'verified', 'copied', 'in_transaction']) {
      it(`is completed by a repeated request when the process died at ${name}`, async () => {
        const upload = await sendDirectly(fixture, large);
        await upload.send();
        step = (reached) => {
          if (reached === name) throw new Error('The process died here');
        };
        await upload.complete().expect(500);
        step = null;
        const document = await upload.finish();
        expect(document.sha256).to.equal(sha256(large));
        expect(await fixture.storage.keys()).to.have.length(1);
      });
    }

    it('answers the same when it is completed again, also at the same moment', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      const both = await Promise.all([upload.complete(), upload.complete()]);
      expect(both.map(({ status }) => status)).to.deep.equal([201, 201]);
      const third = await upload.complete().expect(201);
      const ids = [...both, third].map(
        ({ body }) => (body as { documents: { id: string }[] }).documents[0]?.id,
      );
      expect(new Set(ids).size).to.equal(1);
      expect(await fixture.app.db('documents').pluck('id')).to.deep.equal([ids[0]]);
    });

    it('is not lost when one of two completing requests reads while the other joins the parts', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let isFirst = true;
      fixture.storage.server.injectFault = async ({ method, query }) => {
        if (method !== 'GET' || !query.has('uploadId') || !isFirst) return undefined;
        isFirst = false;
        arrived.resolve();
        await released.promise;
        return undefined;
      };
      const late = upload.complete().then(({ status }) => status);
      await arrived.promise;
      let waits = true;
      step = async (name) => {
        if (name !== 'put_together' || !waits) return;
        waits = false;
        released.resolve();
        await late;
      };
      const early = await upload.complete();
      expect([early.status, await late]).to.deep.equal([201, 201]);
      expect(await fixture.app.db('documents').pluck('sha256')).to.deep.equal([sha256(large)]);
      expect(await fixture.storage.keys('documents/')).to.have.length(1);
    });

    it('ends when the store has dropped its parts, and the same file starts a new upload', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      const { bucket, server } = fixture.storage;
      for (const { uploadId } of await server.files.uploads(bucket, ''))
        await server.files.closeUpload(bucket, uploadId);
      await upload.complete().expect(404);
      expect((await sendDirectly(fixture, large)).status).to.equal(201);
    });

    it('is removed with all its parts when it is a day old', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send(1);
      expect(await later(0.9)).to.include({ openUploads: 0 });
      expect(await later(1.1)).to.include({ openUploads: 1 });
      expect([await states(), await fixture.storage.openUploads()]).to.deep.equal([[], []]);
      await upload.complete().expect(404);
    });

    it('cannot be completed when it has expired', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      await fixture.app.db('direct_uploads').update({ expires_at: new Date(Date.now() - 1_000) });
      await upload.complete().expect(404);
      expect((await sendDirectly(fixture, large)).status, 'a new one').to.equal(201);
    });

    it('leaves nothing when it is cancelled', async () => {
      const upload = await sendDirectly(fixture, large);
      const [offer] = await upload.offer(1);
      await upload.cancel().expect(204);
      expect((await upload.put(offer as Offer)).status).to.equal(404);
      expect(await fixture.traces()).to.deep.equal(nothing);
      expect((await fixture.audit('document.refused')).at(-1)).to.deep.include({
        resource_id: fixture.bookingId,
        outcome: 'failure',
        metadata: { reason: 'cancelled', files: 1 },
      });
      await upload.complete().expect(404);
      await upload.cancel().expect(404);
    });

    for (const name of ['put_together', 'verified', 'copied']) {
      it(`leaves nothing when it is cancelled while another request completes it, at ${name}`, async () => {
        const upload = await sendDirectly(fixture, large);
        await upload.send();
        step = async (reached) => {
          if (reached === name) await upload.cancel().expect(204);
        };
        await upload.complete().expect(404);
        expect(await fixture.traces()).to.deep.equal(nothing);
        expect((await fixture.audit('document.refused')).at(-1)?.metadata.reason).to.equal('cancelled');
        expect(await states()).to.deep.equal(['refused']);
      });
    }

    it('logs a warning when the browser cancels it because it cannot reach the store', async () => {
      const upload = await sendDirectly(fixture, large, { fileName: 'Marsh psychiatric.pdf' });
      await upload.cancel('maybe').expect(422);
      await upload.cancel('unreachable').expect(204);
      expect(await fixture.traces()).to.deep.equal(nothing);
      expect((await fixture.audit('document.refused')).at(-1)?.metadata.reason).to.equal('unreachable');
      const lines = fixture.app.logLines.filter((line) => line.includes('could not send to the file store'));
      expect(lines).to.have.length(1);
      expect(lines[0]).not.to.match(/psychiatric|X-Amz/i);
    });

    it('stays a document when it is cancelled after its completion', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      step = async (reached) => {
        if (reached === 'committed') await upload.cancel().expect(404);
      };
      await upload.finish();
      expect(await fixture.storage.keys()).to.have.length(1);
    });
  });

  describe('that is refused', () => {
    const refusedContents: [string, string, Buffer, number, RegExp][] = [
      [
        'an executable that calls itself PDF',
        'x.pdf',
        Buffer.concat([executable, Buffer.alloc(partBytes)]),
        415,
        /not an accepted file type/,
      ],
      ['a bomb that calls itself Word', 'x.docx', lyingZipBomb(), 415, /unpacks|damaged/],
      ['a PDF that calls itself Word', 'x.docx', large, 415, /ending of its name/],
    ];
    for (const [what, fileName, bytes, status, words] of refusedContents) {
      it(`stores nothing when the file is ${what}`, async () => {
        const upload = await sendDirectly(fixture, bytes, { fileName });
        await upload.send();
        const refused = await upload.complete().expect(status);
        expect((refused.body as { detail: string }).detail).to.match(words);
        expect(await fixture.traces()).to.deep.equal(nothing);
        const [audited] = (await fixture.audit('document.refused')).slice(-1);
        expect(audited?.resource_id).to.equal(fixture.bookingId);
        await upload.complete().expect(404);
      });
    }

    it('is refused when its bytes changed in the store', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      step = async (name) => {
        const [key = ''] = await fixture.storage.keys('pending/');
        if (name === 'put_together') await fixture.storage.damage(key, partBytes + 7);
      };
      const refused = await upload.complete().expect(415);
      expect((refused.body as { detail: string }).detail).to.contain('was changed on the way');
      expect(await fixture.traces()).to.deep.equal(nothing);
    });

    it('is refused when its parts are not those that the browser claims', async () => {
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      const [first, second, third] = upload.claims;
      const claims = [first, { ...second, sha256: 'f'.repeat(64) }, third] as typeof upload.claims;
      const refused = await upload.complete(claims).expect(422);
      expect((refused.body as { errors: { path: string }[] }).errors[0]?.path).to.equal('parts.2');
    });

    it('is refused before a byte is sent when it is too large, empty, or of a missing or forbidden category', async () => {
      const codes: [object, number][] = [
        [{ sizeBytes: maxBytes + 1 }, 413],
        [{ fileName: 'setup.exe' }, 415],
        [{ sizeBytes: 0 }, 422],
        [{ sizeBytes: 1.5 }, 422],
        [{ fileName: '' }, 422],
        [{ category: 'dictation' }, 422],
        [{ category: 'report' }, 403],
        [{ category: 'nonsense' }, 422],
        [{ category: undefined }, 422],
      ];
      for (const [file, status] of codes) await beginDirect(fixture, file).expect(status);
      expect(await fixture.traces()).to.deep.equal(nothing);
      const refused = (await fixture.audit('document.refused')).slice(-2);
      expect(refused.map(({ metadata }) => metadata.reason)).to.deep.equal(['too_large', 'unsupported_type']);
    });

    it('is refused when it asks for parts that it does not have, or in an invalid way', async () => {
      const upload = await sendDirectly(fixture, large);
      const path = `/bookings/${fixture.bookingId}/documents/uploads`;
      const [claim] = upload.claims;
      for (const parts of [
        [],
        [{ ...claim, partNumber: 4 }],
        [{ ...claim, partNumber: 0 }],
        [{ ...claim, sha256: 'x' }],
        'x',
      ])
        await fixture.rita.post(`${path}/${upload.id}/parts`).send({ parts }).expect(422);
      await fixture.rita.post(`${path}/nonsense/parts`).send({ parts: upload.claims }).expect(404);
    });

    it('is refused when the person has too many open uploads', async () => {
      for (let n = 0; n < 20; n += 1) await beginDirect(fixture, { fileName: `${n}.pdf` }).expect(201);
      await beginDirect(fixture, { fileName: 'another.pdf' }).expect(422);
      await beginDirect(fixture, { fileName: '7.pdf' }).expect(200);
    });
  });

  describe('of another person', () => {
    let nadia: Agent;
    let rob: Agent;
    before(async () => {
      nadia = await fixture.app.signIn('nadia@northside-claims.example');
      rob = await fixture.app.signIn('rob@harbour-legal.example');
    });

    it('answers 404, and none can be started to a booking of another organisation', async () => {
      await beginDirect(fixture, {}, nadia).expect(404);
      const upload = await sendDirectly(fixture, large);
      await upload.send();
      await upload.complete(upload.claims, nadia).expect(404);
      await upload.complete(upload.claims, rob).expect(404);
      await upload.complete(upload.claims, fixture.app.anonymous()).expect(401);
      expect((await sendDirectly(fixture, large, {}, rob)).id).not.to.equal(upload.id);
      await upload.finish();
    });

    it('cannot be continued when the booking is cancelled', async () => {
      const bookingId = await fixture.newBooking();
      const upload = await sendDirectly({ ...fixture, bookingId }, large);
      await upload.send(1);
      await fixture.rita.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
      await upload.complete().expect(409);
      await beginDirect({ ...fixture, bookingId }, { fileName: 'next.pdf' }).expect(409);
    });

    it('is not stored when the booking is cancelled while the file is checked', async () => {
      const bookingId = await fixture.newBooking();
      const upload = await sendDirectly({ ...fixture, bookingId }, large);
      await upload.send();
      step = async (name) => {
        if (name === 'copied') await fixture.rita.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
      };
      await upload.complete().expect(409);
      expect(await fixture.traces()).to.deep.equal(nothing);
    });
  });

  it('is not offered when S3_BROWSER_ENDPOINT is none', async () => {
    const closed = await openDocumentFixture({ env: { S3_BROWSER_ENDPOINT: 'none' } });
    const refused = await beginDirect(closed, {}).expect(404);
    expect((refused.body as { detail: string }).detail).to.contain('Direct uploads are not configured');
    const page = await closed.rita.get(`/bookings/${closed.bookingId}`).set('Accept', 'text/html');
    expect(page.text).not.to.contain('data-direct');
    expect(page.headers['content-security-policy']).not.to.contain('connect-src');
    await closed.close();
  });
});

import { expect } from 'chai';
import { chunkBytes } from '../../src/documents/content/hashes.ts';
import { pdf, samples } from '../support/builders/files.ts';
import {
  cookieOf,
  download,
  openDocumentFixture,
  sha256,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';
import type { Agent } from '../support/app.ts';
import { untilBlocked } from '../support/locks.ts';
import { until } from '../support/until.ts';

const unknownId = '0192f000-0000-7000-8000-000000000009';

describe('a download', () => {
  let fixture: DocumentFixture;
  let sam: Agent;
  let ada: Agent;
  let rob: Agent;
  let nadia: Agent;
  const bytes = pdf(3 * chunkBytes + 4_567);
  let stored: UploadedDocument;

  before(async () => {
    fixture = await openDocumentFixture();
    sam = await fixture.app.signIn('sam@examdesk.example');
    ada = await fixture.app.signIn('ada@examdesk.example');
    rob = await fixture.app.signIn('rob@harbour-legal.example');
    nadia = await fixture.app.signIn('nadia@northside-claims.example');
    stored = await one({ 'Brief.pdf': bytes });
  });
  after(() => fixture.close());

  async function one(files: Record<string, Buffer>, more = {}): Promise<UploadedDocument> {
    const [first] = await fixture.upload(files, more);
    if (!first) throw new Error('Nothing was stored');
    return first;
  }
  const keyOf = async (id: string) => {
    const [key] = await fixture.app.db('documents').where({ id }).pluck('s3_key');
    return key ?? '';
  };

  it('sends the received bytes as an attachment that is neither cached nor executed', async () => {
    const answer = await download(fixture.rita, stored.url);
    expect(answer.status).to.equal(200);
    expect(sha256(answer.body as Buffer)).to.equal(stored.sha256);
    expect(answer.headers).to.include({
      'content-type': 'application/pdf',
      'content-length': String(bytes.length),
      'content-disposition': `attachment; filename="Brief.pdf"; filename*=UTF-8''Brief.pdf`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
      'accept-ranges': 'bytes',
      etag: `"${stored.sha256}"`,
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect(JSON.stringify(answer.headers)).not.to.match(/documents\/|X-Amz|127\.0\.0\.1/);
  });

  it('sends any range, also across chunk borders', async () => {
    const size = bytes.length;
    const cases: [string, number, number][] = [
      ['bytes=0-0', 0, 0],
      ['bytes=10-99', 10, 99],
      [`bytes=${chunkBytes - 1}-${chunkBytes}`, chunkBytes - 1, chunkBytes],
      [`bytes=${chunkBytes}-${2 * chunkBytes - 1}`, chunkBytes, 2 * chunkBytes - 1],
      [`bytes=5-${size + 100}`, 5, size - 1],
      [`bytes=${size - 1}-`, size - 1, size - 1],
      ['bytes=-100', size - 100, size - 1],
      [`bytes=-${size + 1}`, 0, size - 1],
    ];
    for (const [range, start, end] of cases) {
      const answer = await download(fixture.rita, stored.url, { Range: range });
      expect(answer.status, range).to.equal(206);
      expect(answer.headers['content-range']).to.equal(`bytes ${start}-${end}/${size}`);
      expect((answer.body as Buffer).equals(bytes.subarray(start, end + 1)), range).to.equal(true);
    }
  });

  it('answers 416 when the range is beyond the end, and ignores a range that it cannot parse', async () => {
    for (const range of [`bytes=${bytes.length}-`, 'bytes=-0', 'bytes=9-3']) {
      const answer = await fixture.rita.get(stored.url).set('Range', range);
      expect(answer.status, range).to.equal(416);
      expect(answer.headers['content-range']).to.equal(`bytes */${bytes.length}`);
    }
    for (const range of ['bytes=0-1,5-6', 'lines=1-2', 'bytes=a-b']) {
      expect((await download(fixture.rita, stored.url, { Range: range })).status, range).to.equal(200);
    }
  });

  it('continues with If-Range only when the document is the same', async () => {
    const same = { Range: 'bytes=100-', 'If-Range': `"${stored.sha256}"` };
    expect((await download(fixture.rita, stored.url, same)).status).to.equal(206);
    const other = { Range: 'bytes=100-', 'If-Range': '"another"' };
    expect((await download(fixture.rita, stored.url, other)).status).to.equal(200);
    expect((await fixture.rita.get(stored.url).set('If-None-Match', `"${stored.sha256}"`)).status).to.equal(
      304,
    );
    const head = await fixture.rita.head(stored.url).expect(200);
    expect(head.headers['content-length']).to.equal(String(bytes.length));
  });

  it('answers 304 when If-None-Match names it in a list, weakly, or as *', async () => {
    const tag = `"${stored.sha256}"`;
    for (const header of [tag, `W/${tag}`, `"other", ${tag}`, '*'])
      expect((await fixture.rita.get(stored.url).set('If-None-Match', header)).status, header).to.equal(304);
    for (const header of ['"other"', `"x${stored.sha256}"`, stored.sha256])
      expect((await fixture.rita.get(stored.url).set('If-None-Match', header)).status, header).to.equal(200);
  });

  it('answers HEAD and If-None-Match with the same rights as GET', async () => {
    const waiting = await one({ 'waiting.pdf': bytes });
    const heads = { 'If-None-Match': `"${waiting.sha256}"` };
    const becomes = (status: 'checking' | 'clean' | 'infected') =>
      fixture.app
        .db('documents')
        .where({ id: waiting.id })
        .update({ status, scanned_at: status === 'checking' ? null : new Date() });
    for (const status of ['checking', 'infected'] as const) {
      await becomes(status);
      expect((await fixture.rita.get(waiting.url)).body).to.include({ because: status });
      expect((await fixture.rita.get(waiting.url).set(heads)).body).to.include({ because: status });
      for (const url of [waiting.url, `${waiting.url}/view`])
        expect((await fixture.rita.head(url)).status, url).to.equal(409);
    }
    await becomes('clean');
    await fixture.rita.head(waiting.url).expect(200);
  });

  it('is recorded with the person every time', async () => {
    const before = (await fixture.audit('document.downloaded')).length;
    await download(rob, stored.url);
    await fixture.rita.head(stored.url);
    const rows = await fixture.audit('document.downloaded');
    expect(rows.length - before).to.equal(1);
    expect(rows.at(-1)).to.deep.include({ resource_id: stored.id, outcome: 'success' });
    const receipt = await fixture.rita.get(`${stored.url}/receipt`).set('Accept', 'text/html').expect(200);
    expect(receipt.text)
      .to.contain(stored.sha256)
      .and.to.match(/Downloaded[\s\S]*Rob/);
  });

  it('is allowed for the booking’s organisation and for staff, and answers 404 to others', async () => {
    for (const agent of [fixture.rita, rob, sam, ada]) await agent.get(stored.url).expect(200);
    const theirs = await nadia.get(stored.url);
    const none = await nadia.get(`/documents/${unknownId}`);
    expect([theirs.status, none.status]).to.deep.equal([404, 404]);
    expect({ ...(theirs.body as object), requestId: '' }).to.deep.equal({
      ...(none.body as object),
      requestId: '',
    });
    expect((await fixture.audit('access.denied')).at(-1)).to.include({ resource_id: stored.id });
    await nadia.delete(stored.url).expect(404);
    await nadia.get(`${stored.url}/receipt`).expect(404);
    await fixture.rita.get('/documents/nonsense').expect(404);
    await fixture.app.anonymous().get(stored.url).expect(401);
  });

  it('of a dictation is for staff only: lists, counts and errors hide it from referrers', async () => {
    const dictation = await one({ 'dictation.mp3': samples.mp3 }, { category: 'dictation', agent: sam });
    const report = await one({ 'report.pdf': pdf() }, { category: 'report', agent: sam });
    await sam.post(`${report.url}/release`).send({}).expect(200);
    await sam.get(dictation.url).expect(200);
    await fixture.rita.get(report.url).expect(200);
    for (const ask of ['get', 'delete', 'head'] as const) {
      const theirs = await fixture.rita[ask](dictation.url);
      const none = await fixture.rita[ask](`/documents/${unknownId}`);
      expect(theirs.status).to.equal(404);
      expect(theirs.status).to.equal(none.status);
    }
    const seen = await fixture.rita.get(`/bookings/${fixture.bookingId}`).expect(200);
    expect(JSON.stringify(seen.body))
      .to.contain(report.id)
      .and.not.to.match(/dictation/);
    expect(JSON.stringify(seen.body)).not.to.contain(dictation.id);
    const page = await fixture.rita
      .get(`/bookings/${fixture.bookingId}`)
      .set('Accept', 'text/html')
      .expect(200);
    expect(page.text).to.contain(report.id);
    expect(page.text).not.to.match(/dictation/i);
    const staff = await sam.get(`/bookings/${fixture.bookingId}`).expect(200);
    expect(JSON.stringify(staff.body)).to.contain(dictation.id);
    const openapi = await fixture.rita.get('/api/openapi.json').expect(200);
    expect(JSON.stringify(openapi.body)).not.to.match(/dictation/i);
  });

  describe('of an object that was changed in the bucket', () => {
    it('is refused and raises the alarm before the first byte when the first chunk is wrong', async () => {
      const small = await one({ 'small.txt': samples.txt });
      await fixture.storage.damage(await keyOf(small.id), 5);
      const answer = await fixture.rita.get(small.url);
      expect(answer.status).to.equal(409);
      expect(answer.body).to.include({ code: 'document_unavailable', because: 'damaged' });
      expect(fixture.app.logLines.join('')).to.contain('"alarm":"document_damaged"').and.to.contain(small.id);
      const found = (await fixture.audit('drift.found')).at(-1);
      expect(found).to.deep.include({ resource_id: small.id, outcome: 'failure' });
      const row = (await fixture.app.db('documents').where({ id: small.id }).first()) as {
        damaged_at: Date | null;
      };
      expect(row.damaged_at).to.be.an.instanceOf(Date);
    });

    const brokenDownload = async (url: string) => {
      const res = await fetch(fixture.app.url + url, {
        headers: { cookie: await cookieOf(fixture, 'rita@harbour-legal.example') },
      });
      const got: Buffer[] = [];
      let broke = false;
      try {
        for await (const piece of res.body ?? []) got.push(Buffer.from(piece as Uint8Array));
      } catch {
        broke = true;
      }
      return { status: res.status, broke, received: Buffer.concat(got) };
    };
    const ofDocument = async (action: string, id: string) =>
      (await fixture.audit(action))
        .filter(({ resource_id }) => resource_id === id)
        .map(({ outcome }) => outcome);

    it('breaks the connection before the wrong chunk, so that no wrong byte is sent', async () => {
      const large = await one({ 'large.pdf': bytes });
      await fixture.storage.damage(await keyOf(large.id), 2 * chunkBytes + 7);
      const { status, broke, received } = await brokenDownload(large.url);
      expect([status, broke]).to.deep.equal([200, true]);
      expect(received.length).to.be.at.most(2 * chunkBytes);
      expect(received.equals(bytes.subarray(0, received.length))).to.equal(true);
    });

    it('is refused at once from then on, and each refusal is recorded', async () => {
      const large = await one({ 'large.pdf': bytes });
      await fixture.storage.damage(await keyOf(large.id), 2 * chunkBytes + 7);
      await brokenDownload(large.url);
      expect(await ofDocument('document.downloaded', large.id)).to.deep.equal(['success', 'failure']);
      const asks: [string, Record<string, string>][] = [
        [large.url, {}],
        [large.url, { Range: 'bytes=0-99' }],
        [large.url, { Range: `bytes=${2 * chunkBytes}-` }],
        [`${large.url}/view`, {}],
      ];
      for (const [url, headers] of asks) {
        const answer = await fixture.rita.get(url).set(headers);
        expect(answer.status, url + JSON.stringify(headers)).to.equal(409);
        expect(answer.body).to.include({ code: 'document_unavailable', because: 'damaged' });
      }
      const same = { 'If-None-Match': `"${large.sha256}"` };
      expect((await fixture.rita.get(large.url).set(same)).status, 'known').to.equal(409);
      expect((await fixture.rita.head(large.url)).status, 'its head').to.equal(409);
      expect((await fixture.rita.head(`${large.url}/view`)).status, 'the view’s head').to.equal(409);
      expect(await ofDocument('document.downloaded', large.id)).to.have.length(6);
      expect(await ofDocument('drift.found', large.id)).to.deep.equal(['failure']);
      // The first download sent the undamaged chunks, the others no byte.
      const receipt = await fixture.rita.get(`${large.url}/receipt`).set('Accept', 'text/html').expect(200);
      expect(receipt.text.match(/Downloaded/g)).to.have.length(1);
    });

    const cuts: [string, number, number][] = [
      ['has lost all its bytes', 0, 409],
      ['is cut in its first piece', 1_000, 409],
      ['is cut between two pieces', chunkBytes, 200],
      ['is cut within a later piece', 2 * chunkBytes + 1_000, 200],
    ];
    for (const [what, size, expected] of cuts) {
      it(`raises the alarm when the object ${what}`, async () => {
        const cut = await one({ 'cut.pdf': bytes });
        await fixture.storage.shorten(await keyOf(cut.id), size);
        const { status, received } = await brokenDownload(cut.url);
        expect(status).to.equal(expected);
        if (status === 200) expect(received.equals(bytes.subarray(0, received.length))).to.equal(true);
        expect(await ofDocument('drift.found', cut.id)).to.deep.equal(['failure']);
        expect((await fixture.rita.get(cut.url)).body).to.include({ because: 'damaged' });
      });

      it(`raises the alarm on a range request when the object ${what}`, async () => {
        const cut = await one({ 'cut.pdf': bytes });
        await fixture.storage.shorten(await keyOf(cut.id), size);
        const answer = await fixture.rita.get(cut.url).set('Range', `bytes=${3 * chunkBytes}-`);
        expect(answer.status).to.equal(409);
        expect(answer.body).to.include({ because: 'damaged' });
      });
    }

    it('is refused when the object is gone', async () => {
      const gone = await one({ 'gone.txt': samples.txt });
      const { server, bucket } = fixture.storage;
      await server.files.remove(bucket, await keyOf(gone.id));
      expect((await fixture.rita.get(gone.url)).body).to.include({ because: 'damaged' });
    });

    it('raises no alarm when the store stops or breaks off, and works once the store does', async () => {
      const large = await one({ 'large.pdf': bytes });
      for (const body of ['stalls', 'breaks'] as const) {
        fixture.storage.server.injectFault = () => ({ body, after: 1_000 });
        await fixture.rita.get(large.url).expect(503);
        fixture.storage.server.injectFault = () => ({ body, after: 2 * chunkBytes + 1_000 });
        const { status, broke, received } = await brokenDownload(large.url);
        expect([status, broke], body).to.deep.equal([200, true]);
        expect(received.equals(bytes.subarray(0, received.length))).to.equal(true);
        fixture.storage.server.injectFault = null;
      }
      expect(await ofDocument('drift.found', large.id)).to.deep.equal([]);
      expect(sha256((await download(fixture.rita, large.url)).body as Buffer)).to.equal(large.sha256);
    });
  });

  describe('that nobody reads', () => {
    let large: UploadedDocument;
    before(async () => {
      large = await one({ 'large.pdf': bytes });
    });
    // Only the first bytes arrive; the store's answer stays open until the reader closes it.
    beforeEach(() => {
      fixture.storage.server.injectFault = () => ({ body: 'stalls', after: chunkBytes + 500_000 });
    });
    afterEach(() => {
      fixture.storage.server.injectFault = null;
    });
    const answering = () => fixture.storage.server.answering;

    for (const path of ['', '/view']) {
      it(`closes the store’s answer when the audit row cannot be written${path && ' (view)'}`, async () => {
        const { owner } = fixture.app.database;
        await owner.raw(`
          create function on_download() returns trigger language plpgsql as
            $$ begin if new.action = 'document.downloaded' then raise exception 'The disk is full'; end if; return new; end $$;
          create trigger on_download before insert on audit_log for each row execute function on_download()`);
        try {
          await fixture.rita.get(large.url + path).expect(500);
          await until(() => answering() === 0);
        } finally {
          await owner.raw('drop function on_download cascade');
        }
      });

      it(`closes the store’s answer when the client leaves before the first byte${path && ' (view)'}`, async () => {
        const cookie = await cookieOf(fixture, 'rita@harbour-legal.example');
        const { owner } = fixture.app.database;
        const hold = await owner.transaction();
        await hold.raw('lock table audit_log in exclusive mode');
        try {
          const leaving = new AbortController();
          const { signal } = leaving;
          const asked = fetch(fixture.app.url + large.url + path, { headers: { cookie }, signal });
          await untilBlocked(owner);
          expect(answering()).to.equal(1);
          leaving.abort();
          expect(await asked.catch((error: unknown) => (error as Error).name)).to.equal('AbortError');
        } finally {
          await hold.rollback();
        }
        await until(() => answering() === 0);
      });
    }
  });

  describe('of a deleted document', () => {
    it('answers 404 at once; the row and its history stay', async () => {
      const mine = await one({ 'mine.txt': samples.txt });
      await fixture.rita.delete(mine.url).expect(204);
      await fixture.rita.get(mine.url).expect(404);
      await fixture.rita.delete(mine.url).expect(404);
      await sam.get(mine.url).expect(404);
      const seen = await fixture.rita.get(`/bookings/${fixture.bookingId}`).expect(200);
      expect(JSON.stringify(seen.body)).not.to.contain(mine.id);
      expect(await fixture.storage.keys()).to.include(await keyOf(mine.id));
      const [row] = (await fixture.audit('document.deleted')).slice(-1);
      expect(row).to.include({ resource_id: mine.id, outcome: 'success' });
    });

    it('deletion is allowed for the uploader and for admins', async () => {
      const mine = await one({ 'mine.txt': samples.txt });
      for (const agent of [rob, sam]) {
        const answer = await agent.delete(mine.url);
        expect([answer.status, (answer.body as { code: string }).code]).to.deep.equal([403, 'forbidden']);
      }
      await ada.delete(mine.url).expect(204);
      const report = await one({ 'report.pdf': pdf() }, { category: 'report', agent: sam });
      await sam.post(`${report.url}/release`).send({}).expect(200);
      await fixture.rita.delete(report.url).expect(403);
    });
  });

  it('answers 503 while the store does not answer, and works afterwards', async () => {
    fixture.storage.server.injectFault = () => 'drop';
    const answer = await fixture.rita.get(stored.url);
    expect([answer.status, (answer.body as { code: string }).code]).to.deep.equal([
      503,
      'storage_unavailable',
    ]);
    expect(answer.headers['retry-after']).to.equal('30');
    const { body } = await fixture.rita.get('/readyz').expect(200);
    expect((body as { checks: object }).checks).to.include({ database: 'ok', storage: 'degraded' });
    fixture.storage.server.injectFault = null;
    await fixture.rita.get(stored.url).expect(200);
  });
});

import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { connectS3, createS3ObjectStore } from '../../../src/adapters/s3-object-store.ts';
import { ObjectStoreUnavailable, type ObjectStore } from '../../../src/ports/object-store.ts';
import { openTestStorage, testCredentials, type TestStorage } from '../../support/object-storage.ts';

const partBytes = 5 * 1024 * 1024;

describe('the object store', () => {
  let storage: TestStorage;
  let store: ObjectStore;
  before(async () => {
    storage = await openTestStorage();
    store = createS3ObjectStore(
      connectS3({
        bucket: storage.bucket,
        region: 'us-east-1',
        endpoint: storage.server.url,
        credentials: testCredentials,
        forcePathStyle: true,
        encryption: 'AES256',
        patienceMs: 5_000,
      }),
    );
  });
  after(async () => {
    store.close();
    await storage.close();
  });
  afterEach(() => {
    storage.server.trouble = null;
  });

  const read = async (key: string, range?: { start: number; end: number }): Promise<string | null> => {
    const found = await store.get(key, range);
    if (!found) return null;
    const pieces: Buffer[] = [];
    for await (const piece of found.stream as AsyncIterable<Buffer>) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };

  it('keeps, hands out, copies and removes; what is not there is null, or nothing', async () => {
    await store.put('a/one', Buffer.from('0123456789'));
    expect(await read('a/one')).to.equal('0123456789');
    expect(await read('a/one', { start: 3, end: 5 })).to.equal('345');
    expect(await store.head('a/one')).to.include({ key: 'a/one', size: 10 });
    expect(await store.copy('a/one', 'a/two')).to.equal(true);
    await store.remove(['a/one', 'a/never']);
    expect([
      await store.get('a/one'),
      await store.head('a/one'),
      await store.copy('a/one', 'x'),
    ]).to.deep.equal([null, null, false]);
    expect(await read('a/two')).to.equal('0123456789');
    expect((await storage.server.files.find(storage.bucket, 'a/two'))?.sse).to.equal('AES256');
  });

  it('lists and removes more than one page holds', async () => {
    const { files } = storage.server;
    const empty = {
      etag: '""',
      size: 0,
      lastModified: new Date().toISOString(),
      contentType: '',
      sse: null,
      crc32: null,
      metadata: {},
      files: [],
    };
    const keys = Array.from({ length: 1_203 }, (_, n) => `many/${String(n).padStart(5, '0')}`);
    for (const key of keys) await files.put(storage.bucket, key, empty);
    const listed: string[] = [];
    for await (const { key } of store.list('many/')) listed.push(key);
    expect(listed).to.deep.equal(keys);
    await store.remove(keys);
    expect(await storage.keys('many/')).to.deep.equal([]);
  });

  describe('for uploads from the browser', () => {
    const send = (address: string, body: Buffer, headers = {}) =>
      fetch(address, { method: 'PUT', body: new Uint8Array(body), headers });

    it('gives addresses for parts, and puts together what came', async () => {
      const uploadId = await store.startUpload('pending/direct');
      const [first, second] = [randomBytes(partBytes), randomBytes(1_000)];
      for (const [index, bytes] of [first, second].entries()) {
        const part = { partNumber: index + 1, size: bytes.length };
        const address = await store.partAddress('pending/direct', uploadId, part, 300);
        // Nothing in it may speak of bytes that it does not know: S3 would hold them against what comes.
        expect(address).not.to.match(/checksum/i);
        const sent = await send(address, bytes);
        expect(sent.status, await sent.text()).to.equal(200);
      }
      const parts = await store.parts('pending/direct', uploadId);
      expect(parts?.map(({ partNumber, size }) => [partNumber, size])).to.deep.equal([
        [1, partBytes],
        [2, 1_000],
      ]);
      await store.completeUpload('pending/direct', uploadId, parts ?? []);
      expect((await store.head('pending/direct'))?.size).to.equal(partBytes + 1_000);
      expect(await store.parts('pending/direct', uploadId)).to.equal(null);
      expect((await storage.server.files.find(storage.bucket, 'pending/direct'))?.sse).to.equal('AES256');
    });

    it('gives addresses for one part, one size and five minutes, and not for more', async () => {
      const uploadId = await store.startUpload('pending/strict');
      const part = { partNumber: 1, size: 100 };
      const address = await store.partAddress('pending/strict', uploadId, part, 3_600);
      expect(new URL(address).searchParams.get('X-Amz-Expires')).to.equal('300');
      expect((await send(address, Buffer.alloc(101))).status).to.equal(403);
      expect(
        (await send(address.replace('partNumber=1', 'partNumber=2'), Buffer.alloc(100))).status,
      ).to.equal(403);
      expect((await fetch(address)).status).to.equal(403);
      expect((await send(address, Buffer.alloc(100))).status).to.equal(200);
      await store.abortUpload('pending/strict', uploadId);
    });

    it('finds what is open, and aborts it', async () => {
      const uploadId = await store.startUpload('pending/open');
      const open = [];
      for await (const upload of store.openUploads('pending/')) open.push(upload);
      expect(open.map((one) => [one.key, one.uploadId])).to.deep.equal([['pending/open', uploadId]]);
      await store.abortUpload('pending/open', uploadId);
      await store.abortUpload('pending/open', uploadId);
      expect(await storage.openUploads()).to.deep.equal([]);
    });
  });

  it('says that it is away in one kind of error, by a code and no address', async () => {
    const asks: Record<string, () => Promise<unknown>> = {
      ping: () => store.ping(),
      put: () => store.put('secret-key', Buffer.from('x')),
      get: () => store.get('secret-key'),
      head: () => store.head('secret-key'),
      copy: () => store.copy('secret-key', 'b'),
      remove: () => store.remove(['secret-key']),
    };
    storage.server.trouble = () => 'drop';
    for (const [name, ask] of Object.entries(asks)) {
      const error = await ask().then(
        () => null,
        (failure: unknown) => failure,
      );
      expect(error, name).to.be.an.instanceOf(ObjectStoreUnavailable);
      expect(String(error)).not.to.match(/secret-key|127\.0\.0\.1/);
    }
  });

  it('gives up on a store that never answers', async () => {
    const release: (() => void)[] = [];
    storage.server.trouble = () => new Promise((resolve) => release.push(() => resolve('drop')));
    const error = await store.ping().then(
      () => null,
      (failure: unknown) => failure,
    );
    expect(error).to.be.an.instanceOf(ObjectStoreUnavailable);
    for (const go of release) go();
  });
});

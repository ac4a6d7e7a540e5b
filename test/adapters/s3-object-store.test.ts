import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { connectS3, createS3ObjectStore, type S3Settings } from '../../src/adapters/s3-object-store.ts';
import { freeBlock } from '../../src/lib/blocks.ts';
import { ObjectStoreUnavailable, type ObjectStore, type PartAddress } from '../../src/ports/object-store.ts';
import { openTestStorage, testCredentials, type TestStorage } from '../support/object-storage.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/listen.ts';

const partBytes = 5 * 1024 * 1024;

describe('the object store', () => {
  let storage: TestStorage;
  let store: ObjectStore;
  before(async () => {
    storage = await openTestStorage();
    store = createS3ObjectStore(connectS3(ourSettings()));
  });
  const ourSettings = (): S3Settings => ({
    bucket: storage.bucket,
    region: 'us-east-1',
    endpoint: storage.server.url,
    browserEndpoint: storage.server.url,
    credentials: testCredentials,
    forcePathStyle: true,
    encryption: 'AES256',
    timeoutMs: 5_000,
  });
  after(async () => {
    store.close();
    await storage.close();
  });
  afterEach(() => {
    storage.server.injectFault = null;
  });

  const read = async (key: string, range?: { start: number; end: number }): Promise<string | null> => {
    const found = await store.get(key, range);
    if (!found) return null;
    const pieces: Buffer[] = [];
    for await (const piece of found.stream as AsyncIterable<Buffer>) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };

  it('puts, gets, copies and removes objects, and returns null for absent ones', async () => {
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

  it('lists and removes more objects than one page holds', async () => {
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

  describe('for direct uploads', () => {
    const send = ({ url, headers }: PartAddress, body: Buffer) =>
      fetch(url, { method: 'PUT', body: new Uint8Array(body), headers });
    const partOf = (partNumber: number, bytes: Buffer) => ({
      partNumber,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });

    it('gives addresses for parts, and joins the parts that arrived', async () => {
      const uploadId = await store.startUpload('pending/direct');
      const [first, second] = [randomBytes(partBytes), randomBytes(1_000)];
      for (const [index, bytes] of [first, second].entries()) {
        const address = await store.partAddress('pending/direct', uploadId, partOf(index + 1, bytes), 300);
        // In the address S3 would not look at it; and CRC-32 is not what the upload was begun with.
        expect(address.url).not.to.match(/checksum-(sha256=|crc32)/i);
        const sent = await send(address, bytes);
        expect(sent.status, await sent.text()).to.equal(200);
      }
      const parts = await store.parts('pending/direct', uploadId);
      expect(parts?.map(({ partNumber, size, sha256 }) => ({ partNumber, size, sha256 }))).to.deep.equal([
        partOf(1, first),
        partOf(2, second),
      ]);
      expect(await store.completeUpload('pending/direct', uploadId, parts ?? [])).to.equal(true);
      expect((await store.head('pending/direct'))?.size).to.equal(partBytes + 1_000);
      expect(await store.parts('pending/direct', uploadId)).to.equal(null);
      expect(await store.completeUpload('pending/direct', uploadId, parts ?? [])).to.equal(false);
      expect((await storage.server.files.find(storage.bucket, 'pending/direct'))?.sse).to.equal('AES256');
    });

    it('gives addresses for one part, one size, these bytes and five minutes only', async () => {
      const uploadId = await store.startUpload('pending/strict');
      const bytes = randomBytes(100);
      const address = await store.partAddress('pending/strict', uploadId, partOf(1, bytes), 3_600);
      const { url, headers } = address;
      expect(new URL(url).searchParams.get('X-Amz-Expires')).to.equal('300');
      expect(new URL(url).origin).to.equal(store.browserOrigin);
      const other = randomBytes(100);
      const otherHash = { 'x-amz-checksum-sha256': createHash('sha256').update(other).digest('base64') };
      expect((await send(address, Buffer.alloc(101))).status, 'longer').to.equal(403);
      expect((await send(address, other)).status, 'other bytes').to.equal(400);
      expect((await send({ url, headers: otherHash }, other)).status, 'another hash').to.equal(403);
      expect((await send({ url, headers: {} }, bytes)).status, 'no hash').to.equal(403);
      const second = url.replace('partNumber=1', 'partNumber=2');
      expect((await send({ url: second, headers }, bytes)).status, 'another part').to.equal(403);
      expect((await fetch(url, { headers })).status, 'to read').to.equal(403);
      expect((await send(address, bytes)).status).to.equal(200);
      await store.abortUpload('pending/strict', uploadId);
    });

    it('browserOrigin is the origin of the addresses', async () => {
      const browserEndpoint = 'https://s3.eu-west-1.amazonaws.com';
      for (const forcePathStyle of [true, false]) {
        const settings = {
          bucket: 'examdesk-documents',
          region: 'eu-west-1',
          browserEndpoint,
          forcePathStyle,
        };
        const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' };
        const other = createS3ObjectStore(connectS3({ ...settings, credentials, encryption: 'AES256' }));
        const { url } = await other.partAddress('pending/x', 'upload', partOf(1, Buffer.alloc(1)), 60);
        expect(other.browserOrigin).to.equal(new URL(url).origin);
        other.close();
      }
    });

    it('lists open uploads and aborts them', async () => {
      const uploadId = await store.startUpload('pending/open');
      const open = [];
      for await (const upload of store.openUploads('pending/')) open.push(upload);
      expect(open.map((one) => [one.key, one.uploadId])).to.deep.equal([['pending/open', uploadId]]);
      await store.abortUpload('pending/open', uploadId);
      await store.abortUpload('pending/open', uploadId);
      expect(await storage.openUploads()).to.deep.equal([]);
    });
  });

  it('returns no bytes for a range behind the end, and the rest for one across it', async () => {
    await store.put('a/short', Buffer.from('0123456789'));
    await store.put('a/empty', Buffer.alloc(0));
    expect(await read('a/short', { start: 8, end: 20 })).to.equal('89');
    expect(await read('a/short', { start: 10, end: 20 })).to.equal('');
    expect(await read('a/empty', { start: 0, end: 20 })).to.equal('');
    expect(await store.get('a/never', { start: 0, end: 20 })).to.equal(null);
  });

  it('throws ObjectStoreUnavailable with a code and no address when the store is unreachable', async () => {
    const asks: Record<string, () => Promise<unknown>> = {
      ping: () => store.ping(),
      put: () => store.put('secret-key', Buffer.from('x')),
      get: () => store.get('secret-key'),
      head: () => store.head('secret-key'),
      copy: () => store.copy('secret-key', 'b'),
      remove: () => store.remove(['secret-key']),
    };
    storage.server.injectFault = () => 'drop';
    for (const [name, ask] of Object.entries(asks)) {
      const error = await ask().then(
        () => null,
        (failure: unknown) => failure,
      );
      expect(error, name).to.be.an.instanceOf(ObjectStoreUnavailable);
      expect(String(error)).not.to.match(/secret-key|127\.0\.0\.1/);
    }
  });

  it('frees what the connection read once it is passed on', async () => {
    const block = Buffer.alloc(1024 * 1024, 'x');
    const count = 48;
    const server = createServer((_req, res) => {
      res.setHeader('Content-Length', count * block.length);
      for (let sent = 0; sent < count; sent += 1) res.write(block);
      res.end();
    });
    const port = await listen(server);
    const connection = connectS3({ ...ourSettings(), endpoint: `http://127.0.0.1:${port}` });
    const large = createS3ObjectStore(connection);
    const before = process.memoryUsage().arrayBuffers;
    let [received, most] = [0, 0];
    const found = await large.get('large');
    for await (const piece of (found?.stream ?? []) as AsyncIterable<Buffer>) {
      received += piece.length;
      freeBlock(piece);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    large.close();
    server.close();
    expect(received).to.equal(count * block.length);
    expect(most, 'bytes').to.be.below(16 * 1024 * 1024);
  });

  describe('with a store that stops in mid-answer', () => {
    const size = 3_000_000;
    const bytes = randomBytes(size);
    const timeoutMs = 1_000;
    let impatientStore: ObjectStore;
    before(async () => {
      impatientStore = createS3ObjectStore(connectS3({ ...ourSettings(), timeoutMs }));
      await store.put('a/large', bytes);
    });
    after(() => impatientStore.close());
    const outcome = async (work: Promise<unknown>) => {
      const startedAt = Date.now();
      const error: unknown = await work.then(
        () => null,
        (failure: unknown) => failure,
      );
      return { error, ms: Date.now() - startedAt };
    };
    const drain = async () => {
      const found = await impatientStore.get('a/large');
      for await (const _ of found?.stream ?? []);
    };

    it('fails in time, for an object and for a list', async () => {
      storage.server.injectFault = () => ({ body: 'stalls', after: 1_000_000 });
      const stalled = await outcome(drain());
      expect(stalled.error).to.be.an.instanceOf(ObjectStoreUnavailable);
      expect(stalled.ms).to.be.above(0.9 * timeoutMs);
      storage.server.injectFault = () => ({ body: 'breaks', after: 1_000_000 });
      expect((await outcome(drain())).error).to.be.an.instanceOf(Error);

      const half = createServer(
        (_, res) => void res.writeHead(200, { 'Content-Length': 500 }).write('<?xml'),
      );
      const endpoint = `http://127.0.0.1:${await listen(half)}`;
      const other = createS3ObjectStore(connectS3({ ...ourSettings(), endpoint, timeoutMs }));
      const listed = await outcome(other.list('a/')[Symbol.asyncIterator]().next());
      expect(listed.error).to.be.an.instanceOf(ObjectStoreUnavailable);
      expect(listed.ms).to.be.below(10_000);
      other.close();
      half.closeAllConnections();
      half.close();
    });

    it('reads to the end when the bytes arrive slowly', async () => {
      storage.server.injectFault = () => ({ body: 'drips', everyMs: 150 });
      const startedAt = Date.now();
      await drain();
      expect(Date.now() - startedAt).to.be.above(1.2 * timeoutMs);
    });

    it('reads to the end when the reader pauses for longer than the time-out', async () => {
      const found = await impatientStore.get('a/large');
      const pieces: Buffer[] = [];
      for await (const piece of (found as { stream: AsyncIterable<Buffer> }).stream) {
        if (pieces.length % 16 === 0) await sleep(1.2 * timeoutMs);
        pieces.push(piece);
      }
      expect(Buffer.concat(pieces).equals(bytes)).to.equal(true);
    });

    it('closes the connection when the stream is destroyed', async () => {
      storage.server.injectFault = () => ({ body: 'stalls', after: 1_000_000 });
      // Its own time-out would close it too, but only after the test.
      const patientStore = createS3ObjectStore(connectS3({ ...ourSettings(), timeoutMs: 60_000 }));
      const found = await patientStore.get('a/large');
      const closed = new Promise((resolve) => found?.stream.once('close', resolve));
      found?.stream.destroy();
      await closed;
      await until(() => Promise.resolve(storage.server.answering === 0));
      patientStore.close();
    });
  });

  it('fails when the store never answers', async () => {
    const release: (() => void)[] = [];
    storage.server.injectFault = () => new Promise((resolve) => release.push(() => resolve('drop')));
    const impatient = createS3ObjectStore(connectS3({ ...ourSettings(), timeoutMs: 300 }));
    const error = await impatient.ping().then(
      () => null,
      (failure: unknown) => failure,
    );
    impatient.close();
    expect(error).to.be.an.instanceOf(ObjectStoreUnavailable);
    for (const go of release) go();
  });
});

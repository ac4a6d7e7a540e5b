// What Examdesk asks of an S3, seventeen promises. By default they are asked of our own small server; to ask a real
// bucket, set S3_CONTRACT_BUCKET, and S3_CONTRACT_REGION, S3_CONTRACT_ENDPOINT, S3_CONTRACT_PATH_STYLE=true,
// S3_CONTRACT_ACCESS_KEY_ID and S3_CONTRACT_SECRET_ACCESS_KEY as it needs. Everything is put below one prefix, and
// removed again.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect } from 'chai';
import { openTestStorage, type TestStorage } from '../support/object-storage.ts';

const partBytes = 5 * 1024 * 1024;

interface Asked {
  Bucket: string;
  client: S3Client;
  /** The same bucket, with a key that it does not know. */
  stranger: S3Client;
}

describe('the S3 contract', () => {
  let storage: TestStorage | null = null;
  let asked: Asked;
  const prefix = `contract-${randomUUID()}/`;
  const key = (name: string) => prefix + name;

  before(async () => {
    const bucket = process.env.S3_CONTRACT_BUCKET;
    storage = bucket ? null : await openTestStorage();
    asked = connect(storage?.env ?? contractEnv());
  });
  after(async () => {
    const { client, Bucket } = asked;
    const left = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }));
    for (const { Key } of left.Contents ?? []) await client.send(new DeleteObjectCommand({ Bucket, Key }));
    const open = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix }));
    for (const { Key, UploadId } of open.Uploads ?? []) {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
    client.destroy();
    asked.stranger.destroy();
    await storage?.close();
  });

  const put = (name: string, Body: Buffer | string, more = {}) =>
    asked.client.send(new PutObjectCommand({ Bucket: asked.Bucket, Key: key(name), Body, ...more }));
  const read = async (name: string, more = {}) => {
    const found = await asked.client.send(
      new GetObjectCommand({ Bucket: asked.Bucket, Key: key(name), ...more }),
    );
    return { ...found, bytes: Buffer.from((await found.Body?.transformToByteArray()) ?? []) };
  };
  const begin = async (name: string) => {
    const { UploadId } = await asked.client.send(
      new CreateMultipartUploadCommand({ Bucket: asked.Bucket, Key: key(name) }),
    );
    return { Bucket: asked.Bucket, Key: key(name), UploadId };
  };
  const nameOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'no error',
      (error: unknown) => (error as Error).name,
    );

  it('1. refuses an unknown access key and a wrong secret', async () => {
    const { Bucket, stranger } = asked;
    const outcome = await nameOf(stranger.send(new ListObjectsV2Command({ Bucket })));
    expect(outcome).to.be.oneOf(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'AccessDenied']);
  });

  it('2. reports whether the bucket exists', async () => {
    const { client, Bucket } = asked;
    await client.send(new HeadBucketCommand({ Bucket }));
    const other = new HeadBucketCommand({ Bucket: `none-${randomUUID()}` });
    expect(await nameOf(client.send(other))).to.be.oneOf(['NotFound', 'NoSuchBucket', 'Forbidden', '403']);
  });

  it('3. returns the stored bytes with length and ETag', async () => {
    const bytes = randomBytes(100_000);
    await put('whole', bytes, { ContentType: 'application/pdf' });
    const found = await read('whole');
    expect(found.bytes.equals(bytes)).to.equal(true);
    expect(found.ContentLength).to.equal(bytes.length);
    expect(found.ContentType).to.equal('application/pdf');
    expect(found.ETag).to.match(/^"[0-9a-f]{32}"$/);
  });

  it('4. stores a stream with a checksum trailer, without its frames', async () => {
    const bytes = randomBytes(300_000);
    const body = Readable.from([bytes.subarray(0, 70_001), bytes.subarray(70_001)], { objectMode: false });
    await put('trailer', body as unknown as Buffer, {
      ContentLength: bytes.length,
      ChecksumAlgorithm: 'CRC32',
    });
    expect((await read('trailer')).bytes.equals(bytes)).to.equal(true);
  });

  it('5. refuses bytes that do not match their checksum', async () => {
    const wrong = Buffer.alloc(4);
    wrong.writeUInt32BE(crc32('something else'));
    expect(await nameOf(put('wrong', 'bytes', { ChecksumCRC32: wrong.toString('base64') }))).to.equal(
      'BadDigest',
    );
    expect(await nameOf(read('wrong'))).to.equal('NoSuchKey');
  });

  it('6. returns ranges from the start, the middle and the end of an object', async () => {
    await put('range', '0123456789');
    for (const [Range, wanted, told] of [
      ['bytes=0-3', '0123', 'bytes 0-3/10'],
      ['bytes=4-', '456789', 'bytes 4-9/10'],
      ['bytes=-2', '89', 'bytes 8-9/10'],
    ]) {
      const found = await read('range', { Range });
      expect(found.bytes.toString()).to.equal(wanted);
      expect(found.ContentRange).to.equal(told);
    }
    expect(await nameOf(read('range', { Range: 'bytes=10-' }))).to.equal('InvalidRange');
  });

  it('7. answers HEAD for an object, and 404 when there is none', async () => {
    const { client, Bucket } = asked;
    await put('head', 'abc');
    const found = await client.send(new HeadObjectCommand({ Bucket, Key: key('head') }));
    expect(found.ContentLength).to.equal(3);
    expect(found.LastModified?.getTime()).to.be.closeTo(Date.now(), 120_000);
    expect(await nameOf(client.send(new HeadObjectCommand({ Bucket, Key: key('none') })))).to.equal(
      'NotFound',
    );
  });

  it('8. encrypts when asked', async () => {
    const stored = await put('encrypted', 'abc', { ServerSideEncryption: 'AES256' });
    expect(stored.ServerSideEncryption).to.equal('AES256');
    expect((await read('encrypted')).ServerSideEncryption).to.equal('AES256');
  });

  it('9. does not overwrite with If-None-Match: *', async () => {
    await put('once', 'first', { IfNoneMatch: '*' });
    expect(await nameOf(put('once', 'second', { IfNoneMatch: '*' }))).to.equal('PreconditionFailed');
    expect((await read('once')).bytes.toString()).to.equal('first');
  });

  it('10. copies an object, also over an existing one', async () => {
    const { client, Bucket } = asked;
    await put('original', 'the original');
    await put('copy', 'something before');
    await client.send(
      new CopyObjectCommand({ Bucket, Key: key('copy'), CopySource: `${Bucket}/${key('original')}` }),
    );
    await client.send(new DeleteObjectCommand({ Bucket, Key: key('original') }));
    expect((await read('copy')).bytes.toString()).to.equal('the original');
    const none = new CopyObjectCommand({ Bucket, Key: key('x'), CopySource: `${Bucket}/${key('none')}` });
    expect(await nameOf(client.send(none))).to.equal('NoSuchKey');
  });

  it('11. deletes one and many objects, also absent ones', async () => {
    const { client, Bucket } = asked;
    await Promise.all(['d1', 'd2', 'd3'].map((name) => put(name, name)));
    await client.send(new DeleteObjectCommand({ Bucket, Key: key('d1') }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: key('d1') }));
    const Objects = ['d2', 'd3', 'never'].map((name) => ({ Key: key(name) }));
    const { Errors } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    expect(Errors ?? []).to.deep.equal([]);
    expect(await nameOf(read('d2'))).to.equal('NoSuchKey');
  });

  it('12. lists the keys of a prefix in order, page by page', async () => {
    const { client, Bucket } = asked;
    const names = ['list/b', 'list/a', 'list/_', 'list/Z', 'list/c'];
    await Promise.all(names.map((name) => put(name, name)));
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page: { Contents?: { Key?: string }[]; NextContinuationToken?: string } = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: key('list/'), MaxKeys: 2, ContinuationToken }),
      );
      expect(page.Contents?.length).to.be.at.most(2);
      found.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    expect(found).to.deep.equal(names.map(key).sort());
  });

  it('13. joins parts in the order of their numbers', async () => {
    const { client } = asked;
    const upload = await begin('parts');
    const [first, second] = [randomBytes(partBytes), randomBytes(1_000)];
    const b = await client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: second }));
    const a = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: first }));
    const { Parts } = await client.send(new ListPartsCommand(upload));
    expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).to.deep.equal([
      [1, partBytes],
      [2, 1_000],
    ]);
    const parts = [
      { PartNumber: 1, ETag: a.ETag },
      { PartNumber: 2, ETag: b.ETag },
    ];
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
    const found = await read('parts');
    expect(digest(found.bytes)).to.equal(digest(Buffer.concat([first, second])));
    expect(found.ETag).to.match(/^"[0-9a-f]{32}-2"$/);
    const border = await read('parts', { Range: `bytes=${partBytes - 2}-${partBytes + 1}` });
    expect(border.bytes.equals(Buffer.concat([first.subarray(-2), second.subarray(0, 2)]))).to.equal(true);
  });

  it('14. refuses to complete with an absent part or one that is too small', async () => {
    const { client } = asked;
    const upload = await begin('refused');
    const small = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'small' }));
    const last = await client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'last' }));
    const complete = (Parts: { PartNumber: number; ETag: string | undefined }[]) =>
      nameOf(client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })));
    expect(await complete([{ PartNumber: 3, ETag: last.ETag }])).to.equal('InvalidPart');
    const both = [
      { PartNumber: 1, ETag: small.ETag },
      { PartNumber: 2, ETag: last.ETag },
    ];
    expect(await complete(both)).to.equal('EntityTooSmall');
  });

  it('15. aborts a multipart upload and leaves nothing of it', async () => {
    const { client } = asked;
    const upload = await begin('aborted');
    await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'part' }));
    await client.send(new AbortMultipartUploadCommand(upload));
    expect(await nameOf(client.send(new ListPartsCommand(upload)))).to.equal('NoSuchUpload');
    const late = client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'late' }));
    expect(await nameOf(late)).to.equal('NoSuchUpload');
    expect(await nameOf(read('aborted'))).to.equal('NoSuchKey');
  });

  it('16. lists open uploads with their start', async () => {
    const { client, Bucket } = asked;
    const upload = await begin('open');
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: key('open') }));
    expect(Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).to.deep.equal([
      [upload.Key, upload.UploadId],
    ]);
    expect(Uploads?.[0]?.Initiated?.getTime()).to.be.closeTo(Date.now(), 120_000);
  });

  it('17. accepts a presigned address for exactly its request, until it expires', async () => {
    const { client, Bucket } = asked;
    await put('presigned', 'for whoever has the address');
    const command = new GetObjectCommand({
      Bucket,
      Key: key('presigned'),
      ResponseContentDisposition: 'attachment; filename="x.txt"',
    });
    const url = await getSignedUrl(client, command, { expiresIn: 60 });
    const answer = await fetch(url);
    expect(await answer.text()).to.equal('for whoever has the address');
    expect(answer.headers.get('content-disposition')).to.equal('attachment; filename="x.txt"');
    expect((await fetch(url.replace('presigned', 'whole'))).status).to.equal(403);
    expect((await fetch(url, { method: 'DELETE' })).status).to.equal(403);
    const long = url.replace('X-Amz-Expires=60', 'X-Amz-Expires=600');
    expect((await fetch(long)).status).to.equal(403);
    const past = await getSignedUrl(client, command, {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 120_000),
    });
    expect((await fetch(past)).status).to.equal(403);
  });
});

function contractEnv(): Record<string, string> {
  const names = ['BUCKET', 'REGION', 'ENDPOINT', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'];
  const given = names.map((name): [string, string] => [
    `S3_${name}`,
    process.env[`S3_CONTRACT_${name}`] ?? '',
  ]);
  return Object.fromEntries([...given, ['S3_FORCE_PATH_STYLE', process.env.S3_CONTRACT_PATH_STYLE ?? '']]);
}

function connect(env: Record<string, string>): Asked {
  const base = {
    region: env.S3_REGION || 'us-east-1',
    forcePathStyle: env.S3_FORCE_PATH_STYLE === 'true',
    ...(env.S3_ENDPOINT && { endpoint: env.S3_ENDPOINT }),
  };
  const credentials = {
    accessKeyId: env.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: env.S3_SECRET_ACCESS_KEY ?? '',
  };
  return {
    Bucket: env.S3_BUCKET ?? '',
    client: new S3Client({ ...base, ...(credentials.accessKeyId && { credentials }) }),
    stranger: new S3Client({
      ...base,
      credentials: {
        accessKeyId: credentials.accessKeyId || 'AKIAEXAMPLE',
        secretAccessKey: 'not-the-secret',
      },
    }),
  };
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

// What each request to the small S3 does.
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { bodyOf } from './s3-body.ts';
import type { ObjectRecord, S3Files, Written } from './s3-files.ts';
import { S3Fault, xml, xmlTexts, type XmlNode } from './s3-faults.ts';

export interface S3Call {
  method: string;
  bucket: string;
  key: string;
  query: URLSearchParams;
  req: IncomingMessage;
  res: ServerResponse;
}

const minPartBytes = 5 * 1024 * 1024;
const metadataPrefix = 'x-amz-meta-';

export async function answerTo(files: S3Files, call: S3Call): Promise<void> {
  const { method, bucket, key, query } = call;
  if (bucket === '') throw new S3Fault(501, 'NotImplemented');
  if (key === '' && method === 'PUT') return createBucket(files, call);
  if (!(await files.hasBucket(bucket))) throw new S3Fault(404, 'NoSuchBucket');
  if (key === '') return answerBucket(files, call);
  const uploadId = query.get('uploadId');
  if (uploadId !== null) return answerUpload(files, call, uploadId);
  if (method === 'POST' && query.has('uploads')) return startUpload(files, call);
  if (method === 'PUT') return call.req.headers['x-amz-copy-source'] ? copy(files, call) : put(files, call);
  if (method === 'GET' || method === 'HEAD') return get(files, call);
  if (method === 'DELETE') {
    await files.remove(bucket, key);
    return void call.res.writeHead(204).end();
  }
  throw new S3Fault(405, 'MethodNotAllowed');
}

export function answerCors(req: IncomingMessage, res: ServerResponse, allowed: string): void {
  const { origin } = req.headers;
  if (!origin || (allowed !== '*' && allowed !== origin)) return;
  res.setHeader('Access-Control-Allow-Origin', origin);
  res.setHeader('Access-Control-Expose-Headers', 'ETag');
  if (req.method !== 'OPTIONS') return;
  res.setHeader('Access-Control-Allow-Methods', 'GET, PUT');
  res.setHeader('Access-Control-Allow-Headers', req.headers['access-control-request-headers'] ?? '');
}

async function createBucket(files: S3Files, { bucket, res }: S3Call): Promise<void> {
  await files.createBucket(bucket);
  res.writeHead(200).end();
}

async function answerBucket(files: S3Files, call: S3Call): Promise<void> {
  const { method, query, res } = call;
  if (method === 'HEAD') return void res.writeHead(200).end();
  if (method === 'POST' && query.has('delete')) return removeMany(files, call);
  if (method !== 'GET') throw new S3Fault(405, 'MethodNotAllowed');
  return query.has('uploads') ? listUploads(files, call) : list(files, call);
}

async function put(files: S3Files, { bucket, key, req, res }: S3Call): Promise<void> {
  refuseAcl(req);
  const written = await receive(files, req);
  try {
    if (req.headers['if-none-match'] === '*' && (await files.find(bucket, key))) {
      throw new S3Fault(412, 'PreconditionFailed');
    }
    await files.put(bucket, key, {
      etag: `"${written.md5}"`,
      size: written.size,
      lastModified: new Date().toISOString(),
      ...describedBy(req),
      crc32: written.crc32,
      files: [written],
    });
  } catch (error) {
    await files.dropBytes([written]);
    throw error;
  }
  const sse = req.headers['x-amz-server-side-encryption'];
  res.writeHead(200, {
    ETag: `"${written.md5}"`,
    'x-amz-checksum-crc32': written.crc32,
    ...(sse && { 'x-amz-server-side-encryption': sse }),
  });
  res.end();
}

/** As every new bucket does: its owner owns what is in it, and lists of rights are switched off. */
function refuseAcl(req: IncomingMessage): void {
  if (req.headers['x-amz-acl'] !== undefined) throw new S3Fault(400, 'AccessControlListNotSupported');
}

/** The body as a file, when it is what its length, its hash and its checksums say. */
async function receive(files: S3Files, req: IncomingMessage): Promise<Written> {
  const mode = req.headers['x-amz-content-sha256'];
  if (typeof mode === 'string' && mode.startsWith('STREAMING-AWS4')) throw new S3Fault(501, 'NotImplemented');
  const body = bodyOf(req);
  const written = await files.write(body.bytes);
  const wrong = faultOf(written, (name) => body.sent(name), mode);
  if (!wrong) return written;
  await files.dropBytes([written]);
  throw new S3Fault(400, wrong);
}

function faultOf(
  written: Written,
  sent: (name: string) => string | undefined,
  mode: string | string[] | undefined,
): string | null {
  const length = sent('x-amz-decoded-content-length') ?? sent('content-length');
  if (length !== undefined && Number(length) !== written.size) return 'IncompleteBody';
  const crc = sent('x-amz-checksum-crc32');
  if (crc !== undefined && crc !== written.crc32) return 'BadDigest';
  const sha = sent('x-amz-checksum-sha256');
  if (sha !== undefined && sha !== Buffer.from(written.sha256, 'hex').toString('base64')) return 'BadDigest';
  const md5 = sent('content-md5');
  if (md5 !== undefined && md5 !== Buffer.from(written.md5, 'hex').toString('base64')) return 'BadDigest';
  const isHash = typeof mode === 'string' && /^[0-9a-f]{64}$/.test(mode);
  return isHash && mode !== written.sha256 ? 'XAmzContentSHA256Mismatch' : null;
}

async function copy(files: S3Files, { bucket, key, req, res }: S3Call): Promise<void> {
  const source = decodeURIComponent(String(req.headers['x-amz-copy-source'])).replace(/^\//, '');
  const slash = source.indexOf('/');
  const from = await files.find(source.slice(0, slash), source.slice(slash + 1));
  if (!from) throw new S3Fault(404, 'NoSuchKey');
  const sse = headerOf(req, 'x-amz-server-side-encryption') ?? null;
  const lastModified = new Date().toISOString();
  await files.put(bucket, key, { ...from, sse, lastModified, files: await files.link(from.files) });
  sendXml(res, xml('CopyObjectResult', { ETag: from.etag, LastModified: lastModified }));
}

async function get(files: S3Files, { method, bucket, key, query, req, res }: S3Call): Promise<void> {
  const found = await files.find(bucket, key);
  if (!found) throw new S3Fault(404, 'NoSuchKey');
  const range = rangeOf(headerOf(req, 'range'), found.size);
  if (range === 'unsatisfiable') {
    res.setHeader('Content-Range', `bytes */${found.size}`);
    throw new S3Fault(416, 'InvalidRange');
  }
  const { start, end } = range ?? { start: 0, end: found.size - 1 };
  res.writeHead(range ? 206 : 200, {
    ...headersOf(found),
    'Content-Length': end - start + 1,
    ...(range && { 'Content-Range': `bytes ${start}-${end}/${found.size}` }),
    ...overrides(query),
    ...(!range &&
      req.headers['x-amz-checksum-mode'] &&
      found.crc32 && { 'x-amz-checksum-crc32': found.crc32 }),
  });
  if (method === 'HEAD') return void res.end();
  await pipeline(files.read(found.files, start, end), res).catch(() => res.destroy());
}

function headersOf(found: ObjectRecord): Record<string, string> {
  return {
    ETag: found.etag,
    'Content-Type': found.contentType,
    'Last-Modified': new Date(found.lastModified).toUTCString(),
    'Accept-Ranges': 'bytes',
    ...(found.sse && { 'x-amz-server-side-encryption': found.sse }),
    ...Object.fromEntries(
      Object.entries(found.metadata).map(([name, value]) => [metadataPrefix + name, value]),
    ),
  };
}

function overrides(query: URLSearchParams): Record<string, string> {
  const given = ['content-type', 'content-disposition', 'cache-control'].map((name) => [
    name,
    query.get(`response-${name}`),
  ]);
  return Object.fromEntries(given.filter((pair): pair is [string, string] => pair[1] !== null));
}

function rangeOf(header: string | undefined, size: number) {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return null;
  const [, first = '', last = ''] = found;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start >= size || start > end ? ('unsatisfiable' as const) : { start, end };
}

async function removeMany(files: S3Files, { bucket, req, res }: S3Call): Promise<void> {
  const keys = xmlTexts(await textOf(req), 'Key');
  if (keys.length > 1000) throw new S3Fault(400, 'MalformedXML');
  for (const key of keys) await files.remove(bucket, key);
  sendXml(res, xml('DeleteResult', { Deleted: keys.map((key) => ({ Key: key })) }));
}

async function list(files: S3Files, { bucket, query, res }: S3Call): Promise<void> {
  const [prefix, after] = [
    query.get('prefix') ?? '',
    query.get('continuation-token') ?? query.get('start-after'),
  ];
  const max = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const keys = (await files.keys(bucket, prefix)).filter((key) => after === null || key > after);
  const page = keys.slice(0, max);
  const contents: XmlNode[] = [];
  for (const key of page) {
    const found = await files.find(bucket, key);
    if (found)
      contents.push({ Key: key, Size: found.size, ETag: found.etag, LastModified: found.lastModified });
  }
  const isTruncated = keys.length > page.length;
  sendXml(
    res,
    xml('ListBucketResult', {
      Name: bucket,
      Prefix: prefix,
      KeyCount: contents.length,
      MaxKeys: max,
      IsTruncated: isTruncated,
      NextContinuationToken: isTruncated ? page.at(-1) : undefined,
      Contents: contents,
    }),
  );
}

async function startUpload(files: S3Files, { bucket, key, req, res }: S3Call): Promise<void> {
  refuseAcl(req);
  const uploadId = randomUUID();
  await files.openUpload(bucket, { uploadId, key, initiated: new Date().toISOString(), ...describedBy(req) });
  sendXml(res, xml('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId }));
}

async function answerUpload(files: S3Files, call: S3Call, uploadId: string): Promise<void> {
  const upload = /^[0-9a-f-]{36}$/.test(uploadId) ? await files.findUpload(call.bucket, uploadId) : null;
  if (!upload || upload.key !== call.key) throw new S3Fault(404, 'NoSuchUpload');
  if (call.method === 'PUT') return putPart(files, call, uploadId);
  if (call.method === 'POST') return completeUpload(files, call, uploadId);
  if (call.method === 'GET') return listParts(files, call, uploadId);
  if (call.method !== 'DELETE') throw new S3Fault(405, 'MethodNotAllowed');
  await files.dropBytes(await files.parts(call.bucket, uploadId));
  await files.closeUpload(call.bucket, uploadId);
  call.res.writeHead(204).end();
}

async function putPart(files: S3Files, { bucket, query, req, res }: S3Call, uploadId: string): Promise<void> {
  const number = Number(query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Fault(400, 'InvalidArgument');
  const written = await receive(files, req);
  // Aborted or completed while the bytes came in.
  if (!(await files.findUpload(bucket, uploadId))) {
    await files.dropBytes([written]);
    throw new S3Fault(404, 'NoSuchUpload');
  }
  await files.putPart(bucket, uploadId, { ...written, number });
  res.writeHead(200, { ETag: `"${written.md5}"`, 'x-amz-checksum-crc32': written.crc32 }).end();
}

async function completeUpload(files: S3Files, call: S3Call, uploadId: string): Promise<void> {
  const { bucket, key, req, res } = call;
  const body = await textOf(req);
  const numbers = xmlTexts(body, 'PartNumber').map(Number);
  const etags = xmlTexts(body, 'ETag');
  const stored = await files.parts(bucket, uploadId);
  const upload = await files.findUpload(bucket, uploadId);
  if (!upload) throw new S3Fault(404, 'NoSuchUpload');
  if (numbers.length === 0) throw new S3Fault(400, 'MalformedXML');
  const parts = numbers.map((number, index) => {
    const part = stored.find((one) => one.number === number);
    if (!part || `"${part.md5}"` !== (etags[index] ?? '')) throw new S3Fault(400, 'InvalidPart');
    if (index > 0 && number <= (numbers[index - 1] ?? 0)) throw new S3Fault(400, 'InvalidPartOrder');
    return part;
  });
  if (parts.slice(0, -1).some(({ size }) => size < minPartBytes)) throw new S3Fault(400, 'EntityTooSmall');
  if (req.headers['if-none-match'] === '*' && (await files.find(bucket, key))) {
    throw new S3Fault(412, 'PreconditionFailed');
  }
  const digest = createHash('md5').update(Buffer.concat(parts.map(({ md5 }) => Buffer.from(md5, 'hex'))));
  const etag = `"${digest.digest('hex')}-${parts.length}"`;
  await files.put(bucket, key, {
    etag,
    size: parts.reduce((sum, { size }) => sum + size, 0),
    lastModified: new Date().toISOString(),
    contentType: upload.contentType,
    sse: upload.sse,
    metadata: upload.metadata,
    crc32: null,
    files: parts.map(({ file, size }) => ({ file, size })),
  });
  await files.closeUpload(bucket, uploadId);
  await files.dropBytes(stored.filter((part) => !parts.includes(part)));
  sendXml(res, xml('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: etag }));
}

async function listParts(files: S3Files, { bucket, key, res }: S3Call, uploadId: string): Promise<void> {
  const parts = await files.parts(bucket, uploadId);
  sendXml(
    res,
    xml('ListPartsResult', {
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      IsTruncated: false,
      Part: parts.map(({ number, md5, size }) => ({ PartNumber: number, ETag: `"${md5}"`, Size: size })),
    }),
  );
}

async function listUploads(files: S3Files, { bucket, query, res }: S3Call): Promise<void> {
  const prefix = query.get('prefix') ?? '';
  const uploads = await files.uploads(bucket, prefix);
  sendXml(
    res,
    xml('ListMultipartUploadsResult', {
      Bucket: bucket,
      Prefix: prefix,
      IsTruncated: false,
      Upload: uploads.map(({ key, uploadId, initiated }) => ({
        Key: key,
        UploadId: uploadId,
        Initiated: initiated,
      })),
    }),
  );
}

function describedBy(req: IncomingMessage): Pick<ObjectRecord, 'contentType' | 'sse' | 'metadata'> {
  const metadata = Object.entries(req.headers).filter(([name]) => name.startsWith(metadataPrefix));
  return {
    contentType: headerOf(req, 'content-type') ?? 'application/octet-stream',
    sse: headerOf(req, 'x-amz-server-side-encryption') ?? null,
    metadata: Object.fromEntries(
      metadata.map(([name, value]) => [name.slice(metadataPrefix.length), String(value)]),
    ),
  };
}

function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function textOf(req: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of bodyOf(req).bytes) {
    size += piece.length;
    if (size > 1024 * 1024) throw new S3Fault(400, 'MalformedXML');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function sendXml(res: ServerResponse, document: string): void {
  res.writeHead(200, { 'Content-Type': 'application/xml' }).end(document);
}

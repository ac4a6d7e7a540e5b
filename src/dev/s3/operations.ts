// The operations of the S3 stand-in.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeBlock } from '../../lib/blocks.ts';
import type { ObjectRecord, S3Files } from './files.ts';
import { S3Fault, xml, xmlTexts, type XmlNode } from './xml.ts';
import { describedBy, headerOf, receive, refuseAcl, sendXml, textOf, type S3Call } from './requests.ts';
import { answerUpload, listUploads, startUpload } from './uploads.ts';

export async function answerTo(files: S3Files, call: S3Call): Promise<void> {
  const { method, bucket, key, query } = call;
  if (bucket === '') throw new S3Fault(501, 'NotImplemented');
  if (key === '' && method === 'PUT' && !query.has('lifecycle')) return createBucket(files, call);
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

async function createBucket(files: S3Files, { bucket, res }: S3Call): Promise<void> {
  await files.createBucket(bucket);
  res.writeHead(200).end();
}

async function answerBucket(files: S3Files, call: S3Call): Promise<void> {
  const { method, query, res } = call;
  if (query.has('lifecycle')) return answerLifecycle(files, call);
  if (method === 'HEAD') return void res.writeHead(200).end();
  if (method === 'POST' && query.has('delete')) return removeMany(files, call);
  if (method !== 'GET') throw new S3Fault(405, 'MethodNotAllowed');
  return query.has('uploads') ? listUploads(files, call) : list(files, call);
}

/** Stores the rules and returns them unchanged; nothing applies them. */
async function answerLifecycle(files: S3Files, { method, bucket, req, res }: S3Call): Promise<void> {
  if (method === 'PUT') {
    await files.setLifecycle(bucket, await textOf(req));
    return void res.writeHead(200).end();
  }
  if (method !== 'GET') throw new S3Fault(405, 'MethodNotAllowed');
  const rules = await files.lifecycle(bucket);
  if (rules === null) throw new S3Fault(404, 'NoSuchLifecycleConfiguration');
  sendXml(res, rules);
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

async function get(files: S3Files, call: S3Call): Promise<void> {
  const { method, bucket, key, query, req, res } = call;
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
  await send(withBodyFault(files.read(found.files, start, end), call), res).catch(() => res.destroy());
}

/** Frees each piece once it is sent: nobody else may hold it. */
async function send(bytes: AsyncIterable<Buffer>, res: ServerResponse): Promise<void> {
  let wake: () => void = () => undefined;
  // A response that was closed does not drain.
  for (const event of ['drain', 'close']) res.on(event, () => wake());
  for await (const piece of bytes) {
    if (res.destroyed) return;
    const mayGoOn = res.write(piece, (error) => {
      if (!error) freeBlock(piece);
    });
    if (mayGoOn) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  res.end();
}

/** The bytes, with the injected fault: they stop, break off, or arrive slowly. */
async function* withBodyFault(
  bytes: AsyncIterable<Buffer>,
  { bodyFault, res }: Pick<S3Call, 'bodyFault' | 'res'>,
): AsyncGenerator<Buffer> {
  const isCut = bodyFault !== undefined && bodyFault.body !== 'drips';
  let left = isCut ? bodyFault.after : Number.POSITIVE_INFINITY;
  for await (const piece of bytes) {
    if (bodyFault?.body === 'drips') await sleep(bodyFault.everyMs);
    // Whoever takes the piece may free it.
    const { length } = piece;
    if (length < left) yield piece;
    else {
      yield piece.subarray(0, left);
      if (bodyFault?.body === 'stalls') await once(res, 'close');
      throw new Error('The body ends here');
    }
    left -= length;
  }
}

function headersOf(found: ObjectRecord): Record<string, string> {
  return {
    ETag: found.etag,
    'Content-Type': found.contentType,
    'Last-Modified': new Date(found.lastModified).toUTCString(),
    'Accept-Ranges': 'bytes',
    ...(found.sse && { 'x-amz-server-side-encryption': found.sse }),
    ...Object.fromEntries(
      Object.entries(found.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
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

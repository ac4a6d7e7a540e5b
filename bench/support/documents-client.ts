// The client of the document benches, in a process of its own: it imports the SDK alone, whose garbage is soon collected.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { get, request, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { timed } from './timed.ts';

/** A file of `bytes`, sent through the app (`url`, `cookie`) or by the SDK (`key`), or received. */
export type Transfer =
  | { kind: 'upload'; url: string; cookie: string; file: string; bytes: number }
  | { kind: 'upload by the SDK'; key: string; file: string }
  | { kind: 'download'; url: string; cookie: string; bytes: number }
  | { kind: 'download by the SDK'; bytes: number };

export interface Transferred {
  id: number;
  ms: number;
  /** Of an uploaded document. */
  url: string;
}

const { storage } = JSON.parse(process.argv[2] ?? '{}') as { storage: Record<string, string> };
const s3 = new S3Client({
  region: 'us-east-1',
  endpoint: storage.S3_ENDPOINT ?? '',
  forcePathStyle: true,
  credentials: {
    accessKeyId: storage.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: storage.S3_SECRET_ACCESS_KEY ?? '',
  },
});
const bucket = { Bucket: storage.S3_BUCKET };

process.on('disconnect', () => process.exit());
process.on('message', ({ id, transfer }: { id: number; transfer: Transfer }) => {
  void carryOut(id, transfer);
});
process.send?.('ready');

async function carryOut(id: number, transfer: Transfer): Promise<void> {
  let url = '';
  const key = transfer.kind === 'download by the SDK' ? await storedKey() : '';
  const ms = await timed(async () => {
    if (transfer.kind === 'upload') url = await upload(transfer);
    else if (transfer.kind === 'download') await download(transfer);
    else if (transfer.kind === 'download by the SDK') await downloadBySdk(key, transfer.bytes);
    else await uploadBySdk(transfer);
  });
  process.send?.({ id, ms, url } satisfies Transferred);
}

async function upload({ url, cookie, file, bytes }: Transfer & { kind: 'upload' }): Promise<string> {
  // As long as browsers make it: the parser looks at fewer bytes the longer it is.
  const boundary = '----WebKitFormBoundary0123456789abcdef';
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="category"\r\n\r\nbrief\r\n--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="bench.pdf"\r\nContent-Type: application/pdf\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const req = request(url, {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + bytes + tail.length,
      accept: 'application/json',
      origin: new URL(url).origin,
      cookie,
    },
  });
  const answered = once(req, 'response');
  req.write(head);
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    if (!req.write(piece)) await once(req, 'drain');
  }
  req.end(tail);
  const [res] = (await answered) as [AsyncIterable<Buffer> & { statusCode: number }];
  const body: Buffer[] = [];
  for await (const piece of res) body.push(piece);
  const text = Buffer.concat(body).toString();
  if (res.statusCode !== 201) throw new Error(`The upload answered ${res.statusCode}: ${text}`);
  const [document] = (JSON.parse(text) as { documents: { url: string }[] }).documents;
  return document?.url ?? '';
}

async function uploadBySdk({ key, file }: Transfer & { kind: 'upload by the SDK' }): Promise<void> {
  await new Upload({ client: s3, params: { ...bucket, Key: key, Body: createReadStream(file) } }).done();
}

async function download({ url, cookie, bytes }: Transfer & { kind: 'download' }): Promise<void> {
  // As the SDK reads: fetch would cost the client more than what is measured.
  const [res] = (await once(get(url, { headers: { cookie } }), 'response')) as [IncomingMessage];
  if (res.statusCode !== 200) throw new Error(`The download answered ${res.statusCode}`);
  await drain(res, bytes);
}

async function downloadBySdk(key: string, bytes: number): Promise<void> {
  const found = await s3.send(new GetObjectCommand({ ...bucket, Key: key }));
  await drain(found.Body as Readable, bytes);
}

/** Of the one document that was uploaded. */
async function storedKey(): Promise<string> {
  const { Contents: [object] = [] } = await s3.send(
    new ListObjectsV2Command({ ...bucket, Prefix: 'documents/' }),
  );
  return object?.Key ?? '';
}

async function drain(source: AsyncIterable<Uint8Array>, bytes: number): Promise<void> {
  let received = 0;
  for await (const piece of source) received += piece.length;
  if (received !== bytes) throw new Error(`${received} bytes came instead of ${bytes}`);
}

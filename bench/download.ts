// How much longer 200 MB take through the app, which verifies each piece before it sends it, than with the SDK.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { atLeast, type BenchResult } from './result.ts';
import { megabyte, openDocumentsBench } from './support/documents-bench.ts';
import { median, timed } from './support/timed.ts';
import { clientOf } from './upload.ts';

const bytes = 200 * megabyte;
const rounds = 7;
const goal = 0.8;

/** `ratio`: our throughput divided by the SDK's; 1 is as fast. */
export async function run(): Promise<BenchResult> {
  const bench = await openDocumentsBench();
  const client = clientOf(bench);
  try {
    const address = await bench.upload(await bench.file(bytes), bytes);
    const [object] =
      (await client.send(new ListObjectsV2Command({ Bucket: 'bench', Prefix: 'documents/' }))).Contents ?? [];
    const direct = async () => {
      const found = await client.send(new GetObjectCommand({ Bucket: 'bench', Key: object?.Key }));
      await drain(found.Body as Readable);
    };
    const through = async () => {
      // As the SDK reads: fetch would cost the client more than what is measured.
      const asked = get(bench.url + address, { headers: { cookie: bench.cookie } });
      const [res] = (await once(asked, 'response')) as [IncomingMessage];
      if (res.statusCode !== 200) throw new Error(`The download answered ${res.statusCode}`);
      await drain(res);
    };
    await through();
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(await timed(direct));
      ours.push(await timed(through));
    }
    const speed = (ms: number) => `${Math.round((bytes / megabyte / ms) * 1_000)} MB/s`;
    return atLeast(goal, {
      name: 'download of 200 MB: throughput over the SDK’s from the store',
      ratio: median(theirs) / median(ours),
      detail: `${speed(median(ours))} of ${speed(median(theirs))}`,
    });
  } finally {
    client.destroy();
    await bench.close();
  }
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  let received = 0;
  for await (const piece of source) received += piece.length;
  if (received !== bytes) throw new Error(`${received} bytes came instead of ${bytes}`);
}

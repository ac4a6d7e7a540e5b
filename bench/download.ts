// How much longer 200 MB take through the app, which verifies each piece before it sends it, than with the SDK.
import { atLeast, type BenchResult } from './result.ts';
import { megabyte, openDocumentsBench } from './support/documents-bench.ts';
import { median } from './support/timed.ts';

const bytes = 200 * megabyte;
const rounds = 7;
const goal = 0.8;

/** `ratio`: our throughput divided by the SDK's; 1 is as fast. */
export async function run(): Promise<BenchResult> {
  const bench = await openDocumentsBench();
  try {
    const { url } = await bench.upload(await bench.file(bytes), bytes);
    // Excludes the first connections.
    await bench.download(url, bytes);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push((await bench.downloadBySdk(bytes)).ms);
      ours.push((await bench.download(url, bytes)).ms);
    }
    const speed = (ms: number) => `${Math.round((bytes / megabyte / ms) * 1_000)} MB/s`;
    return atLeast(goal, {
      name: 'download of 200 MB: throughput over the SDK’s from the store',
      ratio: median(theirs) / median(ours),
      detail: `${speed(median(ours))} of ${speed(median(theirs))}`,
    });
  } finally {
    await bench.close();
  }
}

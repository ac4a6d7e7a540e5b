// How much longer 200 MB take through the app (session, rights, multipart, count, hashes, content, S3, copy, rows) than
// with the SDK's own upload from disk to the same store; and how much memory four at once need.
import { atLeast, atMost, type BenchResult } from './result.ts';
import { megabyte, openDocumentsBench } from './support/documents-bench.ts';
import { median } from './support/timed.ts';

const bytes = 200 * megabyte;
const rounds = 7;
const goal = 0.9;
const allowedGrowth = 64 * megabyte;

/** `ratio`: our throughput divided by the SDK's; 1 is as fast. */
export async function run(): Promise<BenchResult> {
  const bench = await openDocumentsBench();
  try {
    const file = await bench.file(bytes);
    const ours: number[] = [];
    const theirs: number[] = [];
    // Neither includes the first connections.
    await bench.upload(file, bytes);
    for (let round = 0; round < rounds; round += 1) {
      theirs.push((await bench.uploadBySdk(file, `direct/${round}`)).ms);
      ours.push((await bench.upload(file, bytes)).ms);
    }
    const speed = (ms: number) => `${Math.round((bytes / megabyte / ms) * 1_000)} MB/s`;
    return atLeast(goal, {
      name: 'upload of 200 MB: throughput over lib-storage’s from disk to the same store',
      ratio: median(theirs) / median(ours),
      detail: `${speed(median(ours))} of ${speed(median(theirs))}`,
    });
  } finally {
    await bench.close();
  }
}

/** `ratio`: growth of the app's resident memory, divided by what is allowed. */
export async function runMemory(): Promise<BenchResult> {
  const bench = await openDocumentsBench();
  try {
    const file = await bench.file(bytes);
    // Excludes what is loaded and compiled once.
    await bench.upload(file, bytes);
    const before = await bench.resident();
    let most = before;
    const done = Promise.all([1, 2, 3, 4].map(() => bench.upload(file, bytes))).then(() => 'done' as const);
    const pause = () => new Promise<'again'>((go) => setTimeout(go, 50, 'again'));
    while ((await Promise.race([done, pause()])) === 'again') most = Math.max(most, await bench.resident());
    const grown = most - before;
    return atMost(
      1,
      {
        name: 'four uploads of 200 MB at once: growth of the resident memory, over what is allowed',
        ratio: grown / allowedGrowth,
        detail: `from ${Math.round(before / megabyte)} MB by ${Math.round(grown / megabyte)} MB`,
      },
      `${allowedGrowth / megabyte} MB`,
    );
  } finally {
    await bench.close();
  }
}

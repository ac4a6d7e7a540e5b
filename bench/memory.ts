// Whether the memory of a web process stays stable: 50,000 mixed requests after a warm-up of 5,000. MEMORY_REQUESTS
// sets another number for a quick run.
//
// Not every growth of `rss` is a leak. V8 collects its old generation only after it has grown by a factor, and every
// request leaves some garbage there. This shows as a saw-tooth of `heap`; `rss` follows its peaks and then stays. The
// last line of the curve, after a forced collection, tells garbage (gone) from a leak (still there).
import { startWebProcess, type WebProcess } from './support/web-process.ts';
import type { MemoryReading } from './support/memory-probe.ts';

const warmUp = 5_000;
const requests = Number(process.env.MEMORY_REQUESTS || 50_000);
const step = Math.min(5_000, requests);
const connections = 10;
const megabyte = 1024 * 1024;
const allowedGrowth = 30 * megabyte;
const smallMachine = 512 * megabyte;

/**
 * What Node needs beside the old generation (code, young generation, buffers, ICU) fits into the other half of 512 MB.
 */
const limitedOptions = ['--max-old-space-size=224'];

interface Result {
  name: string;
  ratio: number;
  detail: string;
  failures: string[];
}

/** `ratio`: growth of resident memory after the warm-up, divided by the 30 MB allowed. */
export async function run(): Promise<Result> {
  const { warm, most } = await watch([]);
  const grown = most.rss - warm.rss;
  return {
    name: `resident memory over ${requests} mixed requests after ${warmUp}, against 30 MB of growth`,
    ratio: grown / allowedGrowth,
    detail: `from ${inMegabytes(warm.rss)} by at most ${inMegabytes(grown)} MB`,
    failures: grown > allowedGrowth ? [`grew by ${inMegabytes(grown)} MB`] : [],
  };
}

/** `ratio`: the highest resident memory of a process with the options of a small machine, divided by 512 MB. */
export async function runLimited(): Promise<Result> {
  const { last } = await watch(limitedOptions);
  return {
    name: `highest resident memory with ${limitedOptions.join(' ')}, against 512 MB`,
    ratio: last.peak / smallMachine,
    detail: `${inMegabytes(last.peak)} MB after ${warmUp + requests} requests`,
    failures: last.peak > smallMachine ? [`needed ${inMegabytes(last.peak)} MB`] : [],
  };
}

/** @returns the readings after the warm-up, at the maximum after that, and at the end */
async function watch(
  nodeOptions: string[],
): Promise<{ warm: MemoryReading; most: MemoryReading; last: MemoryReading }> {
  const watched = await startWebProcess({ nodeOptions });
  try {
    const asks = inTurns(watched.asks);
    printLine('start', await watched.memory());
    await watched.send(asks, warmUp, connections);
    const warm = await watched.memory();
    printLine(String(warmUp), warm);
    let most = warm;
    let last = warm;
    for (let done = step; done <= requests; done += step) {
      await watched.send(asks, step, connections);
      last = await watched.memory();
      if (last.rss > most.rss) most = last;
      printLine(String(warmUp + done), last);
    }
    printLine('collected', await watched.memoryCollected());
    return { warm, most, last };
  } finally {
    await watched.close();
  }
}

/** One request of each kind in turn; a kind with several alternates between them. */
function inTurns(asks: WebProcess['asks']): WebProcess['asks'][string] {
  const kinds = Object.values(asks);
  const rounds = Math.max(...kinds.map((kind) => kind.length));
  return Array.from({ length: rounds }, (_, round) =>
    kinds.flatMap((kind) => kind[round % kind.length] ?? []),
  ).flat();
}

function printLine(at: string, { rss, heap, external }: MemoryReading): void {
  const bar = '#'.repeat(Math.round(rss / megabyte / 10));
  const figures = [rss, heap, external].map((bytes) => inMegabytes(bytes).padStart(4));
  console.log(`${at.padStart(9)}  rss ${figures[0]}  heap ${figures[1]}  external ${figures[2]} MB  ${bar}`);
}

function inMegabytes(bytes: number): string {
  return String(Math.round(bytes / megabyte));
}

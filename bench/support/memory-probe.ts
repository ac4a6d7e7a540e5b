// Loaded before src/main.ts (`node --import`) into the process that bench/memory.ts watches: reports its memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes. */
export interface MemoryReading {
  rss: number;
  /** The highest `rss` since the start. */
  peak: number;
  heap: number;
  /** Memory of C++ objects that the collector tracks, buffers included. */
  external: number;
}

process.on('message', (message: unknown) => {
  if (message === 'memory') process.send?.(reading());
  if (message === 'collect') void collect().then(() => process.send?.(reading()));
});
process.on('disconnect', () => process.exit());

function reading(): MemoryReading {
  const { rss, heapUsed: heap, external } = process.memoryUsage();
  return { rss, peak: process.resourceUsage().maxRSS * 1024, heap, external };
}

/** Twice with a pause: finalisers run after a collection, and the next one frees what they release. */
async function collect(): Promise<void> {
  // Not with --expose-gc: the process runs as it is deployed until the figures are read.
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  await sleep(100);
  gc();
}

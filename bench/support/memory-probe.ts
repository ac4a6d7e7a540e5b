// Loaded into the process that bench/memory.ts watches, before src/main.ts (`node --import`): answers what that process holds.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes. */
export interface MemoryReading {
  rss: number;
  /** The highest `rss` since the start. */
  peak: number;
  heap: number;
  /** Memory of C++ objects that the collector knows about, buffers among them. */
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

/** Twice with a pause: finalisers run after a collection, and what they free goes with the next. */
async function collect(): Promise<void> {
  // Not by --expose-gc: the process runs as it is deployed until the figures are taken.
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  await sleep(100);
  gc();
}

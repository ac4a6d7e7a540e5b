// `npm run bench [name]`: every figure is a ratio, measured in one run against a well-known baseline.
import { run as availabilityHit } from './availability-hit.ts';
import { run as bookingOverhead } from './booking-overhead.ts';
import { run as download } from './download.ts';
import { run as memory, runLimited as memoryLimited } from './memory.ts';
import { run as reconcile } from './reconcile.ts';
import { run as referrerSearch } from './referrer-search.ts';
import { drain, intake } from './relay.ts';
import { run as upload, runMemory as uploadMemory } from './upload.ts';

export interface BenchResult {
  name: string;
  /** The measured value divided by its baseline. */
  ratio: number;
  detail: string;
  /** Promised limits that were exceeded: the run fails. */
  failures?: string[];
}

const benches: Record<string, () => Promise<BenchResult>> = {
  'availability-hit': availabilityHit,
  'booking-overhead': bookingOverhead,
  upload,
  'upload-memory': uploadMemory,
  download,
  'referrer-search': referrerSearch,
  'relay-intake': intake,
  'relay-drain': drain,
  reconcile,
  memory,
  'memory-limited': memoryLimited,
};

const wanted = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const result = await bench();
  console.log(`${result.name}: ${result.ratio.toFixed(2)}  (${result.detail})`);
  for (const failure of result.failures ?? []) {
    console.error(`FAILED: ${failure}`);
    process.exitCode = 1;
  }
}

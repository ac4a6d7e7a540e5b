// `npm run bench [-- NAME… | --short]`: prints one table, each figure against a well-known baseline, measured in one
// run. Without names it also writes the table to docs/performance.md. Exit code 1: a promised limit was missed.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run as auditVerify } from './audit-verify.ts';
import { run as bookingOverhead } from './booking-overhead.ts';
import { run as download } from './download.ts';
import { run as flat } from './flat.ts';
import { run as floor } from './floor.ts';
import { run as memory, runLimited as memoryLimited } from './memory.ts';
import { run as reconcile } from './reconcile.ts';
import { run as referrerSearch } from './referrer-search.ts';
import { drain, intake } from './relay.ts';
import type { BenchOptions, BenchResult } from './result.ts';
import { embedded, installed, outside, resident } from './start.ts';
import { timed } from './support/timed.ts';
import { machine, tableOf } from './table.ts';
import { run as upload, runMemory as uploadMemory } from './upload.ts';
import { run as upstream } from './upstream.ts';

type Bench = (options: BenchOptions) => Promise<BenchResult | BenchResult[]>;

const benches: Record<string, Bench> = {
  floor,
  'booking-overhead': bookingOverhead,
  upstream,
  upload,
  'upload-memory': uploadMemory,
  download,
  'referrer-search': referrerSearch,
  flat,
  'relay-intake': intake,
  'relay-drain': drain,
  reconcile,
  'audit-verify': auditVerify,
  start: outside,
  'start-embedded': embedded,
  resident,
  installed,
  memory,
  'memory-limited': memoryLimited,
};
/** What `--short` runs, in under three minutes. */
const shortBenches = ['floor', 'booking-overhead'];

const given = process.argv.slice(2);
const isShort = given.includes('--short');
const named = given.filter((word) => word !== '--short');
const unknown = named.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}`);
  process.exit(1);
}
const wanted = named.length > 0 ? named : isShort ? shortBenches : Object.keys(benches);

const results: BenchResult[] = [];
const broken: string[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (!wanted.includes(name)) continue;
  console.error(`${name} …`);
  const took = await timed(async () => {
    try {
      results.push(...[await bench({ isShort })].flat());
    } catch (error) {
      // The others took many minutes: their figures are printed all the same.
      console.error(error);
      broken.push(name);
    }
  });
  console.error(`${name}: ${Math.round(took / 1_000)} s`);
}
const table = tableOf(results);
console.log(`\n${table}`);
for (const failure of results.flatMap(({ failures = [] }) => failures)) {
  console.error(`FAILED: ${failure}`);
  process.exitCode = 1;
}
if (broken.length > 0) {
  console.error(`BROKEN: ${broken.join(', ')}`);
  process.exitCode = 1;
}
if (named.length === 0 && broken.length === 0) await writeNote(isShort ? 'the short form' : 'all of it');

/** Replaces what the last run wrote; the rest of the note is written by hand. */
async function writeNote(form: string): Promise<void> {
  const file = path.join(import.meta.dirname, '../docs/performance.md');
  const written = `${form}, ${new Date().toISOString().slice(0, 10)}, on ${machine()}:\n\n${table}\n`;
  const note = await readFile(file, 'utf8');
  const marks = /(<!-- begin: npm run bench -->\n).*(<!-- end -->)/s;
  if (!marks.test(note)) throw new Error(`${file} has no place for the table: ${marks.source}`);
  await writeFile(
    file,
    note.replace(marks, (_all, begin: string, end: string) => `${begin}\nLast run: ${written}\n${end}`),
  );
}

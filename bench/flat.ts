// Whether lists, searches and pages stay as fast as the data grows: the median of each over HTTP with a session, at 10⁶
// bookings against 10³, in turns so that other load meets both. Writes the plan of every query into .data/bench/flat.txt.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import type { BenchOptions, BenchResult } from './result.ts';
import { fillAgency, large, small, type AgencySize } from './support/agency-data.ts';
import { ask, visitsOf, type Visit } from './support/agency-visits.ts';
import { plansOf } from './support/plans.ts';
import { percentile } from './support/timed.ts';

/** How much of the large database the short form fills: a first look. */
const shortShare = 0.02;
const rounds = 11;
/** PostgreSQL plans a prepared statement five times before it keeps a plan. */
const warmUps = 6;
const boundRatio = 1.3;
const searchBoundMs = 30;
const plansFile = path.resolve(import.meta.dirname, '../.data/bench/flat.txt');

/** `ratio`: the worst of all. */
export async function run({ isShort }: BenchOptions): Promise<BenchResult> {
  const size = sizeOf(isShort ? shortShare : 1);
  const sides = [await open(small), await open(size)] as const;
  try {
    const results: Result[] = [];
    // Both apps compile their code before anything is measured: otherwise the first page would pay for what the others use.
    for (const { app, visits } of sides) for (const visit of Object.values(visits)) await ask(app, visit);
    for (const name of Object.keys(sides[0].visits)) results.push(await compare(name, sides));
    const plans = await plansOf(sides[1].app, sides[1].visits);
    await mkdir(path.dirname(plansFile), { recursive: true });
    await writeFile(plansFile, plans.map(({ name, plan }) => `## ${name}\n\n${plan}\n`).join('\n'));
    const worst = results.toSorted((a, b) => b.ratio - a.ratio);
    const searches = results.filter(({ name }) => name.includes('search')).flatMap(({ took }) => took);
    const p95 = percentile(searches, 0.95);
    for (const { name, smallMs, largeMs, ratio, bytes } of worst)
      console.log(
        `  ${name.padEnd(48)} ${ms(smallMs)} → ${ms(largeMs)} ms  ${ratio.toFixed(2)}  ${bytes.map((one) => (one / 1000).toFixed(1)).join(' → ')} KB`,
      );
    return {
      name: `lists, searches and pages with ${size.bookings.toLocaleString('en')} bookings against ${small.bookings.toLocaleString('en')}, medians`,
      goal: `at most ${boundRatio.toFixed(2)}`,
      ratio: worst[0]?.ratio ?? Number.NaN,
      detail: `the worst of ${results.length}; searches p95 ${p95.toFixed(1)} ms; plans in ${path.relative(process.cwd(), plansFile)}`,
      failures: [
        ...worst
          .filter(({ ratio }) => ratio > boundRatio)
          .map(({ name, ratio }) => `${name}: ${ratio.toFixed(2)} times as slow`),
        ...(p95 > searchBoundMs ? [`searches: p95 ${p95.toFixed(1)} ms, more than ${searchBoundMs} ms`] : []),
        ...plans.flatMap(({ name, scans }) => scans.map((table) => `${name}: reads all of ${table}`)),
        ...new Set(plans.flatMap(({ replanned }) => replanned)),
      ],
    };
  } finally {
    for (const { app } of sides) await app.close();
    await stopSharedPostgres();
  }
}

function sizeOf(share: number): AgencySize {
  const of = (count: number) => Math.round(count * share);
  return {
    ...large,
    bookings: of(large.bookings),
    people: of(large.people),
    auditRows: of(large.auditRows),
    documents: of(large.documents),
  };
}

interface Side {
  app: TestApp;
  visits: Record<string, Visit>;
}

async function open(size: AgencySize): Promise<Side> {
  const app = await startTestApp();
  await fillAgency(app.database.owner, size);
  return { app, visits: await visitsOf(app) };
}

interface Result {
  name: string;
  smallMs: number;
  largeMs: number;
  ratio: number;
  /** How long the answers are, without compression: a longer page takes longer. */
  bytes: [number, number];
  /** With the large database. */
  took: number[];
}

async function compare(name: string, sides: readonly [Side, Side]): Promise<Result> {
  const took: [number[], number[]] = [[], []];
  const bytes: [number, number] = [0, 0];
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const [at, { app, visits }] of sides.entries()) {
      const visit = visits[name];
      if (!visit) throw new Error(`No request ${name}`);
      const began = performance.now();
      const answer = await ask(app, visit);
      bytes[at as 0 | 1] = Buffer.byteLength(answer);
      if (round >= 0) took[at as 0 | 1].push(performance.now() - began);
    }
  }
  const [smallMs, largeMs] = [percentile(took[0], 0.5), percentile(took[1], 0.5)];
  return { name, smallMs, largeMs, ratio: largeMs / smallMs, bytes, took: took[1] };
}

function ms(value: number): string {
  return value.toFixed(1).padStart(6);
}

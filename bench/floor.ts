// How near signed-in reads come to the floor (support/floor-process.ts). Ours and the floor answer in turns, in short
// rounds: what else the machine does meanwhile slows both down.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { testSecret } from '../test/support/session.ts';
import type { BenchOptions, BenchResult } from './result.ts';
import type { FloorPlan } from './support/floor-process.ts';
import { median } from './support/timed.ts';
import { startWebProcess, type Ask, type WebProcess } from './support/web-process.ts';

const connections = 10;
const manyConnections = 50;
/** The slowest of a hundred requests may take this many times as long as the median. */
const longestTail = 3;

/** By the name of its requests in support/web-process.ts: what it is, and the promised share of the floor's throughput. */
const reads: Record<string, { name: string; goal: number }> = {
  availability: { name: 'free times from the cache', goal: 0.6 },
  'list as JSON': { name: 'list of bookings, JSON', goal: 0.6 },
  'detail as JSON': { name: 'one booking, JSON', goal: 0.5 },
  list: { name: 'list of bookings, page', goal: 0.35 },
};

interface Speed {
  perSecond: number;
  medianMs: number;
  p99Ms: number;
}

export async function run({ isShort }: BenchOptions): Promise<BenchResult[]> {
  const web = await startWebProcess();
  const floor = await startFloor(web);
  const results: BenchResult[] = [];
  const tails: Tail[] = [];
  try {
    for (const [kind, { name, goal }] of Object.entries(reads)) {
      const [ask] = web.asks[kind] ?? [];
      if (!ask) throw new Error(`The web process has no request named ${kind}`);
      results.push(resultOf(name, goal, await inTurns(web.url, floor.url, ask, isShort ? 6 : 24)));
      tails.push({ name, ...(await tailsInTurns(web.url, floor.url, ask, isShort ? [3, 1] : [7, 2])) });
    }
    return [...results, tailOf(tails)];
  } finally {
    await floor.close();
    await web.close();
  }
}

async function inTurns(oursUrl: string, floorUrl: string, ask: Ask, rounds: number) {
  const ours = { url: oursUrl, speeds: [] as number[] };
  const floor = { url: floorUrl, speeds: [] as number[] };
  for (const { url } of [ours, floor]) await measure(url, ask, connections, 2);
  for (let round = 0; round < rounds; round += 1) {
    // Each goes first as often as the other: a machine that gets busier slows down whoever comes second.
    for (const one of round % 2 === 0 ? [ours, floor] : [floor, ours])
      one.speeds.push((await measure(one.url, ask, connections, 1)).perSecond);
  }
  return { ours: median(ours.speeds), floor: median(floor.speeds) };
}

function resultOf(name: string, goal: number, { ours, floor }: { ours: number; floor: number }): BenchResult {
  const ratio = ours / floor;
  return {
    name: `${name}: throughput over the floor’s`,
    goal: `at least ${goal.toFixed(2)}`,
    ratio,
    detail: `${ours.toFixed(0)} of ${floor.toFixed(0)} requests/s at ${connections} connections`,
    failures: ratio < goal ? [`${name}: ${ratio.toFixed(2)} of the floor, promised ${goal}`] : [],
  };
}

interface Tail {
  name: string;
  ours: Speed[];
  floor: Speed[];
}

/** In rounds: whatever else the machine does for a moment makes one round slower, what the app does itself makes all slower. */
async function tailsInTurns(
  oursUrl: string,
  floorUrl: string,
  ask: Ask,
  [rounds, seconds]: [rounds: number, seconds: number],
) {
  const ours = { url: oursUrl, speeds: [] as Speed[] };
  const floor = { url: floorUrl, speeds: [] as Speed[] };
  for (const { url } of [ours, floor]) await measure(url, ask, manyConnections, 1);
  for (let round = 0; round < rounds; round += 1)
    for (const one of round % 2 === 0 ? [ours, floor] : [floor, ours])
      one.speeds.push(await measure(one.url, ask, manyConnections, seconds));
  return { ours: ours.speeds, floor: floor.speeds };
}

/** Of the kind with the longest tail. */
function tailOf(tails: Tail[]): BenchResult {
  const [worst] = tails.toSorted((a, b) => middle(b.ours).ratio - middle(a.ours).ratio);
  if (!worst) throw new Error('Nothing was measured');
  const { name } = worst;
  const [ours, floor] = [middle(worst.ours), middle(worst.floor)];
  return {
    name: `p99 over the median at ${manyConnections} connections`,
    goal: `at most ${longestTail.toFixed(2)}`,
    ratio: ours.ratio,
    detail: `${name}: ${ours.detail}; the floor’s ${floor.ratio.toFixed(2)}: ${floor.detail}`,
    failures: ours.ratio > longestTail ? [`${name}: p99 is ${ours.ratio.toFixed(1)} × the median`] : [],
  };
}

/** The round whose tail is the median of all rounds'. */
function middle(speeds: Speed[]): { ratio: number; detail: string } {
  const ratioOf = ({ p99Ms, medianMs }: Speed) => p99Ms / medianMs;
  const ratio = median(speeds.map(ratioOf));
  const round = speeds.find((one) => ratioOf(one) === ratio);
  const most = Math.max(...speeds.map(ratioOf)).toFixed(2);
  const detail = `${round?.p99Ms} ms over ${round?.medianMs} ms, median of ${speeds.length} rounds, the longest ${most}`;
  return { ratio, detail };
}

async function measure(url: string, ask: Ask, busy: number, duration: number): Promise<Speed> {
  const headers = { accept: ask.accept, cookie: ask.cookie };
  const result = await autocannon({ url: url + ask.path, headers, connections: busy, duration });
  // Requests in flight when the time is over are still answered.
  await sleep(100);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${ask.path}: ${result.non2xx} refused, ${result.errors} lost`);
  const { p50: medianMs, p99: p99Ms } = result.latency;
  return { perSecond: result.requests.total / result.duration, medianMs, p99Ms };
}

async function startFloor(web: WebProcess): Promise<{ url: string; close(): Promise<void> }> {
  const [ask] = web.asks.availability ?? [];
  if (!ask) throw new Error('The web process has no request for free times');
  const answer = await fetch(web.url + ask.path, { headers: { accept: ask.accept, cookie: ask.cookie } });
  const plan: FloorPlan = {
    databaseUrl: web.databaseUrl,
    secret: testSecret,
    slots: await answer.json(),
  };
  const child = fork(path.join(import.meta.dirname, 'support/floor-process.ts'), [JSON.stringify(plan)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [url] = (await once(child, 'message')) as [string];
  return {
    url,
    async close() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

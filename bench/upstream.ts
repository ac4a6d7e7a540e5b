// What people wait for while Acuity's quota is used up: bookings beside reads of free times and work in the background;
// and how many calls a stampede on one day makes.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aBookingRequest } from '../test/support/builders/booking-request.ts';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import { redisForTests } from '../test/support/redis.ts';
import type { BenchOptions, BenchResult } from './result.ts';
import { startAcuity, type AcuityProcess } from './support/acuity-process.ts';
import { quietLog } from './support/quiet-log.ts';
import { median, timed } from './support/timed.ts';

/** The median of a booking over Acuity's own reply. */
const mostRatio = 1.2;
/** About the times that the real service takes. */
const bookMs = 250;
const readMs = 100;
const bookingsASecond = 3;
const readsASecond = 12;
/** As many as Acuity's quota of calls in the background lets run at once. */
const backgroundAtOnce = 6;
const stampede = 1_000;
const processes = 3;

export async function run(options: BenchOptions): Promise<BenchResult[]> {
  return [await bookBesideOthers(options), await stampedeOnADay()];
}

async function bookBesideOthers({ isShort }: BenchOptions): Promise<BenchResult> {
  const acuity = await startAcuity();
  const redis = await redisForTests();
  const log = quietLog();
  const app = await startTestApp({
    env: { ACUITY_BASE_URL: acuity.url, ...(redis && { REDIS_URL: redis.url }) },
    overrides: { log },
  });
  try {
    const seconds = isShort ? 8 : 20;
    await acuity.slowDown(
      { method: 'POST', path: '/appointments', delayMs: bookMs },
      { method: 'GET', path: '/availability/times', delayMs: readMs },
      { method: 'GET', path: '/appointments/', delayMs: readMs },
    );
    const load = await startLoad(app);
    await sleep(2_000);
    const { ours, theirs, refused } = await book(app, acuity, seconds * bookingsASecond);
    const loaded = await load.stop();
    const ratio = median(ours) / median(theirs);
    const most = Math.max(...ours);
    return {
      name: 'booking while the quota is used up, over Acuity’s own reply',
      goal: `at most ${mostRatio.toFixed(2)}, none refused`,
      ratio,
      failures: [
        ...(ratio > mostRatio ? [`a booking takes ${ratio.toFixed(2)} times Acuity’s own reply`] : []),
        ...(refused > 0 ? [`${refused} bookings were refused`] : []),
      ],
      detail:
        `${median(ours).toFixed(0)} ms over ${median(theirs).toFixed(0)} ms, medians of ${ours.length} at ` +
        `${bookingsASecond}/s, slowest ${most.toFixed(0)} ms; beside ${readsASecond} reads/s ` +
        `(${loaded.read} answered, ${loaded.refused} refused) and ${loaded.background} calls in the background`,
    };
  } finally {
    await app.close();
    await redis?.stop();
    await acuity.stop();
    await stopSharedPostgres();
  }
}

/** More than the quota: free times of days that are not cached, and appointments followed in the background. */
async function startLoad(app: TestApp) {
  const agent = await app.signIn('rob@harbour-legal.example');
  const specialists = await app.db('specialists').whereNot({ acuity_calendar_id: 7001 }).pluck('id');
  const counts = { read: 0, refused: 0, background: 0 };
  const load = { isOver: false };
  const reads: Promise<void>[] = [];

  async function readFree(day: number): Promise<void> {
    const id = specialists[day % specialists.length];
    const date = dayAfter(2 + Math.floor(day / specialists.length));
    const answer = await agent.get(`/specialists/${id}/availability?type=in_person&date=${date}`);
    if (answer.status === 200) counts.read += 1;
    else counts.refused += 1;
  }
  async function keepReading(): Promise<void> {
    for (let day = 0; !load.isOver; day += 1) {
      reads.push(readFree(day));
      await sleep(1_000 / readsASecond);
    }
  }
  async function keepFollowing(first: number): Promise<void> {
    // Appointments that Acuity does not know: each is read a few times, and nothing is written.
    for (let id = first; !load.isOver; id += backgroundAtOnce) {
      await app.system.services.convergence.converge(id, { source: 'acuity' });
      counts.background += 1;
    }
  }

  const all = [
    keepReading(),
    ...Array.from({ length: backgroundAtOnce }, (_, i) => keepFollowing(900_000 + i)),
  ];
  return {
    async stop() {
      load.isOver = true;
      await Promise.all(all);
      await Promise.all(reads);
      return counts;
    },
  };
}

/** Books at an even pace, whatever the answers take; every third time also without us, for comparison. */
async function book(app: TestApp, acuity: AcuityProcess, count: number) {
  const agent = await app.signIn('rita@harbour-legal.example');
  const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
    id: string;
  };
  const times = await timesToBook(acuity, count * 2);
  const ours: number[] = [];
  const theirs: number[] = [];
  let refused = 0;
  const all: Promise<unknown>[] = [];
  for (let made = 0; made < count; made += 1) {
    const [mine = '', other = ''] = times.slice(made * 2);
    const { startsAt: _startsAt, ...rest } = aBookingRequest(id, new Date(mine));
    const send = async () => {
      const answer = await agent.post('/bookings').send({ ...rest, startsAt: mine });
      if (answer.status !== 201) refused += 1;
    };
    all.push(timed(send).then((ms) => ours.push(ms)));
    if (made % 3 === 0) all.push(timed(() => acuity.bookDirectly(other)).then((ms) => theirs.push(ms)));
    await sleep(1_000 / bookingsASecond);
  }
  await Promise.all(all);
  return { ours, theirs, refused };
}

async function timesToBook(acuity: AcuityProcess, count: number): Promise<string[]> {
  const times: string[] = [];
  for (let day = 3; times.length < count; day += 1) {
    const free = await acuity.freeTimes(dayAfter(day));
    // Far enough apart, so that no booking takes the time of another.
    times.push(...free.filter((_, at) => at % 3 === 0));
  }
  return times;
}

async function stampedeOnADay(): Promise<BenchResult> {
  const name = `calls for ${stampede.toLocaleString('en')} readers of a day in ${processes} processes`;
  const redis = await redisForTests();
  if (!redis)
    throw new Error('Install redis-server, or set REDIS_URL: processes share what was read in Redis');
  const acuity = await startAcuity();
  await acuity.slowDown({ method: 'GET', path: '/availability/times', delayMs: bookMs });
  const program = path.resolve(import.meta.dirname, '../test/support/processes/availability-reader.ts');
  const children = Array.from({ length: processes }, () =>
    fork(program, [redis.url, acuity.url, dayAfter(10), '7001'], { stdio: 'inherit' }),
  );
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    const before = await acuity.countCalls();
    const ms = await timed(() =>
      Promise.all(children.map((child) => ask(child, Math.ceil(stampede / processes)))),
    );
    const calls = (await acuity.countCalls()) - before;
    return {
      name,
      goal: 'one',
      ratio: calls,
      failures: calls === 1 ? [] : [`a stampede made ${calls} calls`],
      detail: `${calls} in ${ms.toFixed(0)} ms, of which Acuity’s reply takes ${bookMs} ms`,
    };
  } finally {
    for (const child of children) child.kill();
    await acuity.stop();
    await redis.stop();
  }
}

async function ask(child: ChildProcess, count: number): Promise<void> {
  const answered = once(child, 'message');
  child.send({ ask: count });
  await answered;
}

function dayAfter(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

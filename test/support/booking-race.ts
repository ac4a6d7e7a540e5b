// Many requests for one time, to three real web processes that share a database, and Redis if it is installed.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from '../../src/dev/free-port.ts';
import { openBookingStack, type BookingStack } from './booking-stack.ts';
import { processEnv } from './process-env.ts';
import { redisForTests } from './redis.ts';
import { mintSession } from './session.ts';
import { bookingBody } from './builders/booking-request.ts';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');

export interface RaceResult {
  statuses: Map<number, number>;
  bodies: { status: number; code?: string; nearest?: unknown[] }[];
  bookings: number;
  appointments: number;
  disagreements: string[];
}

export async function race(requests: number): Promise<{ result: RaceResult; withRedis: boolean }> {
  const redis = await redisForTests();
  const stack = await openBookingStack(redis ? { REDIS_URL: redis.url } : {});
  const processes: ChildProcess[] = [];
  try {
    const urls = await Promise.all(
      [0, 1, 2].map(async (index) => {
        const port = await freePort();
        processes.push(await startWeb(stack, port, index === 0));
        return `http://127.0.0.1:${port}`;
      }),
    );
    const result = await runRace(stack, urls, requests);
    return { result, withRedis: redis !== null };
  } finally {
    await Promise.all(processes.map(stopWeb));
    await stack.close();
    await redis?.stop();
  }
}

async function startWeb(stack: BookingStack, port: number, worksJobs: boolean): Promise<ChildProcess> {
  const started = fork(main, [], {
    env: {
      ...processEnv,
      ...stack.env,
      PORT: String(port),
      BASE_URL: `http://127.0.0.1:${port}`,
      RUN_WORKER: String(worksJobs),
      DATABASE_POOL_MAX: '10',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await Promise.race([
    once(started, 'message'),
    once(started, 'exit').then(() => {
      throw new Error('A web process ended before it was ready');
    }),
  ]);
  return started;
}

async function stopWeb(web: ChildProcess): Promise<void> {
  if (web.exitCode !== null || web.signalCode !== null) return;
  const ended = once(web, 'exit');
  web.kill('SIGTERM');
  await ended;
}

async function runRace(stack: BookingStack, urls: string[], requests: number): Promise<RaceResult> {
  const session = await mintSession(stack.db, 'rita@harbour-legal.example');
  const cookie = `${session.name}=${session.value}`;
  const startsAt = (await stack.freeTime()).toISOString();
  const bodies = await Promise.all(
    Array.from({ length: requests }, async (_, index) => {
      const which = index % urls.length;
      return post(urls[which] ?? '', cookie, stack.specialistId, startsAt, index);
    }),
  );
  const statuses = new Map<number, number>();
  for (const { status } of bodies) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const found = await stack.acuity.findAppointments({ which: 'all', max: 1_000 });
  if (!found.ok) throw new Error('The simulator does not answer');
  const wanted = found.value.filter(
    (one) => one.calendarId === 7001 && one.startsAt.toISOString() === startsAt,
  );
  const bookings: unknown[] = await stack.db('bookings').select('id');
  return {
    statuses,
    bodies,
    bookings: bookings.length,
    appointments: wanted.length,
    disagreements: await orphans(stack),
  };
}

async function orphans(stack: BookingStack): Promise<string[]> {
  const open: unknown[] = await stack.db('booking_attempts').where({ state: 'open' }).select('id');
  return open.map(() => 'an attempt is still open');
}

async function post(url: string, cookie: string, specialistId: string, startsAt: string, index: number) {
  const answer = await fetch(`${url}/bookings`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      origin: url,
      cookie,
      'idempotency-key': `racer ${index}`,
    },
    body: JSON.stringify(bookingBody(specialistId, startsAt)),
  });
  const body = (await answer.json()) as { code?: string; nearest?: unknown[] };
  return { status: answer.status, ...body };
}

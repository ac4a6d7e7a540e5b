// The web process as it is deployed (src/main.ts), on a real PostgreSQL with bookings, and the requests sent to it.
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/knex.ts';
import { freePort } from '../../src/dev/free-port.ts';
import { startSimulator } from '../../src/simulator/index.ts';
import { openSeededDatabase } from '../../test/support/database.ts';
import { createFakeAcuity } from '../../test/support/fakes/acuity.ts';
import { stopSharedPostgres } from '../../test/support/postgres.ts';
import { readImagePlan } from '../../test/support/image.ts';
import { mintSession, testSecret } from '../../test/support/session.ts';
import type { MemoryReading } from './memory-probe.ts';
import { aBookingRequest } from '../../test/support/builders/booking-request.ts';
import { ritaOf } from './rita.ts';
import { timed } from './timed.ts';

const root = path.resolve(import.meta.dirname, '../..');
const plan = readImagePlan();
/** Node's options of the image. */
export const deployed = plan.command.slice(1, -1);
const probe = path.join(import.meta.dirname, 'memory-probe.ts');
const bookingsMade = 40;

export interface Ask {
  path: string;
  accept: 'text/html' | 'application/json';
  cookie: string;
}

export interface WebProcess {
  url: string;
  databaseUrl: string;
  /** The most frequent requests of people and programs, one of each; the bench sends them in turn. */
  asks: Record<string, Ask[]>;
  /** @throws Error when any answer is not 200 */
  send(asks: Ask[], count: number, connections: number): Promise<void>;
  memory(): Promise<MemoryReading>;
  /** The same reading after a forced collection. */
  memoryCollected(): Promise<MemoryReading>;
  /** Milliseconds until another process, of the same services, is ready. */
  timeStart(): Promise<number>;
  close(): Promise<void>;
}

export interface WebOptions {
  /** Such as `--max-old-space-size=…`. */
  nodeOptions?: string[];
  /** Where compiled code is kept. Unset: a folder that outlives the run. */
  compiled?: string;
}

export async function startWebProcess({
  nodeOptions = [],
  compiled = path.join(root, 'node_modules/.cache/compiled'),
}: WebOptions = {}): Promise<WebProcess> {
  const database = await openSeededDatabase();
  const simulator = await startSimulator({ port: 0, userId: '11100001', apiKey: 'demo-acuity-key' });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    NODE_ENV: 'test',
    BASE_URL: url,
    DATABASE_URL: database.url,
    BETTER_AUTH_SECRET: testSecret,
    SMTP_URL: 'smtp://127.0.0.1:9',
    ACUITY_BASE_URL: simulator.url,
    ACUITY_USER_ID: '11100001',
    ACUITY_API_KEY: 'demo-acuity-key',
    DEMO_ACCOUNTS: 'true',
    RUN_WORKER: 'false',
    NODE_COMPILE_CACHE: compiled,
    // The in-process cache: what it keeps is part of the measurement.
    REDIS_URL: '',
  };
  const ids = await makeBookings(env);
  const specialist = (await database.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
    id: string;
  };
  const start = async (at: number): Promise<ChildProcess> => {
    const started = fork(path.join(root, 'src/main.ts'), {
      cwd: root,
      env: { ...process.env, ...env, PORT: String(at) },
      execArgv: [...deployed, '--import', probe, ...nodeOptions],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await hear(started);
    return started;
  };
  const child = await start(port);
  return {
    url,
    databaseUrl: database.url,
    asks: await asksOf(database.db, ids, specialist.id),
    async send(asks, count, connections) {
      // New connections each time: the server closes connections that were idle for five seconds.
      const agent = new Agent({ keepAlive: true, maxSockets: connections });
      let next = 0;
      const sendInTurn = async (): Promise<void> => {
        for (let at = next++; at < count; at = next++) {
          const ask = asks[at % asks.length];
          if (ask) await get(agent, url, ask);
        }
      };
      try {
        await Promise.all(Array.from({ length: connections }, sendInTurn));
      } finally {
        agent.destroy();
      }
    },
    async memory() {
      child.send('memory');
      return (await hear(child)) as MemoryReading;
    },
    async memoryCollected() {
      child.send('collect');
      return (await hear(child)) as MemoryReading;
    },
    async timeStart() {
      const another = await freePort();
      let started: ChildProcess | null = null;
      const ms = await timed(async () => {
        started = await start(another);
      });
      if (started) await end(started);
      return ms;
    },
    async close() {
      await end(child);
      await simulator.close();
      await database.close();
      await stopSharedPostgres();
    },
  };
}

/** Fills a folder as the image has it, and with the probe. */
export function compileInto(folder: string): void {
  const env = { ...process.env, NODE_COMPILE_CACHE: folder };
  for (const args of [plan.compile.split(' ').slice(1), ['--import', probe, '--eval', '']]) {
    const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
    if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** The next message. @throws Error when the process ends instead */
async function hear(child: ChildProcess): Promise<unknown> {
  const done = new AbortController();
  const { signal } = done;
  const ended = once(child, 'exit', { signal }).then(([code, by]: unknown[]) => {
    throw new Error(`The watched process ended: exit code ${String(code)}, signal ${String(by)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
    return message;
  } finally {
    ended.catch(() => undefined);
    done.abort();
  }
}

function get(agent: Agent, url: string, { path: asked, accept, cookie }: Ask): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${asked}`, { agent, headers: { accept, cookie } }, (answer) => {
      answer.resume();
      answer.once('error', reject);
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`GET ${asked} answered ${answer.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

async function makeBookings(env: Record<string, string>): Promise<string[]> {
  const acuity = createFakeAcuity();
  const system = compose(readConfig(env), { acuity, log: pino({ level: 'silent' }) });
  const { services } = system;
  try {
    const rita = await ritaOf(services.db);
    const specialist = await services.specialists.findByCalendar(7001);
    const ids: string[] = [];
    const firstHour = Math.ceil(Date.now() / 3_600_000 + 48) * 3_600_000;
    for (let made = 0; made < bookingsMade; made += 1) {
      const startsAt = new Date(firstHour + made * 7 * 3_600_000);
      acuity.offer(7001, startsAt.toISOString());
      const booked = await services.attempts.book(
        rita,
        aBookingRequest(specialist?.id ?? '', startsAt),
        null,
      );
      if (!booked.ok) throw new Error(`Not booked: ${booked.reason}`);
      ids.push(booked.value.id);
    }
    return ids;
  } finally {
    await system.close();
  }
}

async function asksOf(
  db: Database,
  bookingIds: string[],
  specialistId: string,
): Promise<Record<string, Ask[]>> {
  const cookieOf = async (email: string): Promise<string> => {
    const { name, value } = await mintSession(db, email);
    return `${name}=${value}; tz=${encodeURIComponent('Australia/Perth')}`;
  };
  const cookie = await cookieOf('rita@harbour-legal.example');
  const staff = await cookieOf('sam@examdesk.example');
  const page = (at: string, as = cookie): Ask => ({ path: at, accept: 'text/html', cookie: as });
  const data = (at: string, as = cookie): Ask => ({ path: at, accept: 'application/json', cookie: as });
  const days = Array.from({ length: 14 }, (_, index) =>
    new Date(Date.now() + (index + 10) * 86_400_000).toISOString().slice(0, 10),
  );
  return {
    list: [page('/bookings')],
    'list as JSON': [data('/bookings')],
    detail: bookingIds.map((id) => page(`/bookings/${id}`)),
    'detail as JSON': bookingIds.map((id) => data(`/bookings/${id}`)),
    availability: days.map((day) =>
      data(`/specialists/${specialistId}/availability?type=in_person&date=${day}`),
    ),
    home: [page('/')],
    calendar: [page('/bookings?view=calendar')],
    console: [page('/admin', staff), data('/admin/api/resources/bookings/actions/list', staff)],
  };
}

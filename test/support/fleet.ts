// Processes of the product behind a proxy, on one database, and requests to them at a steady rate.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/dev/free-port.ts';
import { openBookingStack, type BookingStack } from './booking-stack.ts';
import { openProxy, type Proxy } from './keep-alive-proxy.ts';
import { processEnv } from './process-env.ts';
import { mintSession } from './session.ts';

export interface Member {
  port: number;
  /** Stops it as a deployment does, and starts another in its place. @returns the old one's exit */
  restart(): Promise<number | null>;
}

export interface Fleet {
  proxy: Proxy;
  stack: BookingStack;
  start(entry: 'main' | 'worker' | 'relay-process'): Promise<Member>;
  close(): Promise<void>;
}

export interface Load {
  /** Stops the load, and waits for the last answers. */
  stop(): Promise<{ sent: number; booked: number; failed: string[] }>;
}

const root = path.resolve(import.meta.dirname, '../..');

export async function openFleet(
  env: Record<string, string>,
  { keepsConnections }: { keepsConnections: boolean },
): Promise<Fleet> {
  const proxy = await openProxy({ keepsConnections });
  const stack = await openBookingStack({ BASE_URL: proxy.url, RUN_WORKER: 'false', ...env });
  const running = new Set<ChildProcess>();

  async function launch(entry: string, port: number): Promise<ChildProcess> {
    const child = fork(path.join(root, `src/${entry}.ts`), [], {
      env: {
        ...processEnv,
        ...stack.env,
        PORT: String(port),
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    let said = '';
    child.stdout?.on('data', (text) => (said = `${said}${String(text)}`.slice(-2_000)));
    running.add(child);
    child.once('exit', () => running.delete(child));
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${entry} ended with ${code} before it was ready: ${said}`);
      }),
    ]);
    return child;
  }

  return {
    proxy,
    stack,
    async start(entry) {
      const port = await freePort();
      let child = await launch(entry, port);
      return {
        port,
        async restart() {
          const ended = once(child, 'exit');
          child.kill('SIGTERM');
          const [code] = (await ended) as [number | null];
          child = await launch(entry, port);
          return code;
        },
      };
    },
    async close() {
      await Promise.all(
        [...running].map(async (child) => {
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          await ended;
        }),
      );
      await proxy.close();
      await stack.close();
    },
  };
}

/** Rita's requests: every `bookingEvery`th books a time, the others read lists. Slow answers make them concurrent. */
export async function startLoad(
  { stack, proxy }: Fleet,
  { perSecond, bookingEvery }: { perSecond: number; bookingEvery: number },
): Promise<Load> {
  const { name, value } = await mintSession(stack.db, 'rita@harbour-legal.example');
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    cookie: `${name}=${value}`,
    origin: proxy.url,
  };
  const failed: string[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  const stopped = new AbortController();
  let [sent, booked] = [0, 0];

  async function send(init: RequestInit, expected: number, what: string): Promise<void> {
    try {
      const answer = await fetch(`${proxy.url}/bookings`, { ...init, headers });
      const text = await answer.text();
      if (answer.status !== expected) failed.push(`${what}: ${answer.status} ${text.slice(0, 200)}`);
    } catch (error) {
      failed.push(`${what}: ${String((error as Error).cause ?? error)}`);
    }
  }

  async function book(index: number): Promise<void> {
    const body = JSON.stringify({
      specialistId: stack.specialistId,
      type: 'in_person',
      startsAt: (await stack.freeTime()).toISOString(),
      timezone: 'Australia/Sydney',
      examinee: { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' },
    });
    booked += 1;
    await send({ method: 'POST', body }, 201, `booking ${index}`);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      sent += 1;
      const request = sent % bookingEvery === 0 ? book(sent) : send({}, 200, `list ${sent}`);
      const settled = request.finally(() => underWay.delete(settled));
      underWay.add(settled);
      await sleep(Math.max(1, startedAt + (sent * 1_000) / perSecond - performance.now()));
    }
  }

  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
      await Promise.all(underWay);
      return { sent, booked, failed };
    },
  };
}

// How much slower a free-times request from the cache is than a bare Express route that reads the same value from the
// same cache: the cost of sessions, database, headers and our code.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import autocannon from 'autocannon';
import express from 'express';
import { pino } from 'pino';
import { createMemoryCache } from '../src/adapters/memory-cache.ts';
import { createRedisCache } from '../src/adapters/redis-cache.ts';
import { shiftDays } from '../src/lib/dates.ts';
import { demoPassword } from '../seeds/demo.ts';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { createFakeAcuity } from '../test/support/fakes/acuity.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import { redisForTests } from '../test/support/redis.ts';

const seconds = 3;
const rounds = 3;
const connections = 10;

/** `ratio`: our time for a request divided by the bare route's; the median of the rounds. */
export async function run(): Promise<{ name: string; ratio: number; detail: string }> {
  const redis = await redisForTests();
  const cache = redis ? createRedisCache(redis.url) : createMemoryCache();
  const acuity = createFakeAcuity();
  const log = pino({ level: 'info' }, pino.destination('/dev/null'));
  const app = await startTestApp({ overrides: { acuity, cache, log } });
  const { specialists, availability } = app.system.services;
  const date = shiftDays(new Date().toISOString().slice(0, 10), 14);
  for (let hour = 9; hour < 17; hour += 1) {
    acuity.offer(7001, `${date}T${String(hour).padStart(2, '0')}:00:00+11:00`);
  }
  const specialist = await specialists.findByCalendar(7001);
  if (!specialist) throw new Error('The demo has no specialist with calendar 7001');
  const path = `/specialists/${specialist.id}/availability?type=in_person&date=${date}`;

  const bare = express();
  bare.get('/specialists/:id/availability', async (_req, res) => {
    res.type('json').send(await cache.get(`availability:7001:0:8001:${date}`));
  });
  const room = express();
  room.get('/specialists/:id/availability', async (_req, res) => {
    res.json(await availability.day(specialist, { type: 'in_person', date }));
  });
  const servers = { bare: await listen(bare), room: await listen(room) };
  try {
    const headers = { accept: 'application/json', cookie: await signIn(app) };
    const warm = await fetch(`${app.url}${path}`, { headers });
    if (warm.headers.get('x-cache') !== 'MISS')
      throw new Error(`The warm-up request answered: ${warm.status}`);

    const results: { ours: number; room: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      results.push({
        bare: await measure(`${servers.bare.url}${path}`, headers),
        room: await measure(`${servers.room.url}${path}`, headers),
        ours: await measure(`${app.url}${path}`, headers),
      });
    }
    const ratio = median(results.map((result) => result.ours / result.bare));
    const ofRoom = median(results.map((result) => result.room / result.bare));
    const ms = (which: 'ours' | 'bare') => median(results.map((result) => result[which])).toFixed(2);
    return {
      name: 'availability HIT against a bare Express route reading the same value',
      ratio,
      detail: `${ms('ours')} ms against ${ms('bare')} ms a request at ${connections} connections, ${redis ? 'Redis' : 'memory'}; without session, specialist and headers ${ofRoom.toFixed(2)}`,
    };
  } finally {
    await servers.bare.close();
    await servers.room.close();
    await app.close();
    await cache.close();
    await redis?.stop();
    await stopSharedPostgres();
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Milliseconds of wall time per request with all connections busy. */
async function measure(url: string, headers: Record<string, string>): Promise<number> {
  const result = await autocannon({ url, headers, connections, duration: seconds, workers: 1 });
  // Requests in flight when the time is over are still answered.
  await new Promise((go) => setTimeout(go, 200));
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refused, ${result.errors} lost`);
  return (result.duration * 1_000) / result.requests.total;
}

async function signIn({ url }: TestApp): Promise<string> {
  const res = await fetch(`${url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ email: 'rita@harbour-legal.example', password: demoPassword }),
  });
  if (!res.ok) throw new Error(`Sign-in answered ${res.status}`);
  return res.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ');
}

async function listen(handler: RequestListener): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(handler);
  await new Promise<void>((go) => {
    server.listen(0, '127.0.0.1', go);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((go) => {
        server.close(go);
      });
    },
  };
}

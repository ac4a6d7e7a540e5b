// What booking costs beyond Acuity's own reply: the session, the attempt, the transaction, the audit row, the mail's
// job. The simulator runs in its own process, so that its work is not counted.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import type { BenchOptions, BenchResult } from './result.ts';

/** What we may add to Acuity’s own reply, in the median. */
const mostMs = 12;
/** Acuity allows ten calls a second: without a pause the wait for the limiter would be measured. */
const pauseMs = 500;
/** About the time that the real service takes to book. */
const usualReplyMs = 250;
const apiKey = 'demo-acuity-key';
const rita = 'rita@harbour-legal.example';

/** What POST /bookings takes longer than the same request sent straight to a simulator that answers at once. */
export async function run({ isShort }: BenchOptions): Promise<BenchResult> {
  const rounds = isShort ? 15 : 25;
  const folder = await mkdtemp(path.join(tmpdir(), 'examdesk-bench-'));
  const acuity = await startAcuity(folder);
  const log = pino({ level: 'info' }, pino.destination('/dev/null'));
  const app = await startTestApp({ env: { ACUITY_BASE_URL: acuity.url }, overrides: { log } });
  try {
    const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
      id: string;
    };
    const bare = await measure(app, id, acuity.url, { firstDay: 3, rounds });
    await control(acuity.url, usualReplyMs);
    const usual = await measure(app, id, acuity.url, { firstDay: 60, rounds });
    const added = bare.ours - bare.theirs;
    return {
      name: 'booking beyond Acuity’s own reply, over what it may add',
      goal: `at most ${mostMs} ms`,
      ratio: added / mostMs,
      failures: added > mostMs ? [`a booking adds ${added.toFixed(1)} ms to Acuity’s reply`] : [],
      detail:
        `${added.toFixed(1)} ms: ` +
        `${bare.ours.toFixed(1)} ms over ${bare.theirs.toFixed(1)} ms, medians of ${bare.count}; ` +
        `with an Acuity that takes ${usualReplyMs} ms ${(usual.ours / usual.theirs).toFixed(2)} ` +
        `(${usual.ours.toFixed(0)} ms over ${usual.theirs.toFixed(0)} ms)`,
    };
  } finally {
    await app.close();
    acuity.process.kill();
    await once(acuity.process, 'exit');
    await rm(folder, { recursive: true });
    await stopSharedPostgres();
  }
}

async function startAcuity(folder: string): Promise<{ url: string; process: ChildProcess }> {
  const file = path.resolve(import.meta.dirname, '../src/dev/acuity.ts');
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH, ACUITY_SIM_PORT: '0', DATA_DIR: folder, ACUITY_API_KEY: apiKey },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\/\/[\d.:]+/.exec(line) ?? [];
    if (url) return { url, process: child };
  }
  throw new Error('The simulator did not start');
}

async function control(url: string, delayMs: number): Promise<void> {
  await fetch(`${url}/_sim/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rules: [{ method: 'POST', path: '/appointments', effect: { delayMs } }] }),
  });
}

async function measure(
  app: TestApp,
  specialistId: string,
  acuityUrl: string,
  { firstDay, rounds }: { firstDay: number; rounds: number },
) {
  const agent = await app.signIn(rita);
  const { name, value } = await app.sessionCookie(rita);
  const cookie = `${name}=${value}`;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const date = new Date(Date.now() + (firstDay + round) * 86_400_000).toISOString().slice(0, 10);
    const free = await agent.get(`/specialists/${specialistId}/availability?type=in_person&date=${date}`);
    const { slots } = free.body as { slots: { startsAt: string }[] };
    const [first, last] = [slots[0], slots.at(-1)];
    // The clinic is closed at weekends.
    if (!first || !last || first === last) continue;
    await sleep(pauseMs);
    const examinee = { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' };
    const request = { specialistId, type: 'in_person', startsAt: first.startsAt, examinee };
    ours.push(await timed(() => book(app, cookie, request)));
    theirs.push(await timed(() => bookDirectly(acuityUrl, last.startsAt)));
  }
  return { ours: median(ours), theirs: median(theirs), count: ours.length };
}

/** As `bookDirectly` does: both clients cost the same. */
async function book({ url }: TestApp, cookie: string, request: object): Promise<void> {
  const answer = await fetch(`${url}/bookings`, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', origin: url, cookie },
    body: JSON.stringify(request),
  });
  if (answer.status !== 201) throw new Error(`We answered ${answer.status}`);
  await answer.json();
}

async function bookDirectly(url: string, datetime: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/appointments`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`11100001:${apiKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      datetime,
      appointmentTypeID: 8001,
      calendarID: 7001,
      firstName: 'Rita',
      lastName: 'Alvarez',
      email: 'rita@harbour-legal.example',
      fields: [{ id: 9101, value: 'EX-AAAAA2' }],
    }),
  });
  if (!answer.ok) throw new Error(`Acuity answered ${answer.status}`);
  await answer.json();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

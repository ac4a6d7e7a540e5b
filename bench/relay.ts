// What receiving an event costs, compared with a bare Express route that only inserts the same row; and how fast a
// backlog is worked off: delivered over HTTP, Acuity called (in memory), the booking written, the outcome stored.
import { fork } from 'node:child_process';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import type { Pool } from 'pg';
import { openPool, type Database } from '../src/db/knex.ts';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { createFakeAcuity, type FakeAcuity } from '../test/support/fakes/acuity.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import { atLeast, type BenchOptions, type BenchResult } from './result.ts';
import { quietLog } from './support/quiet-log.ts';
import { median } from './support/timed.ts';

const rounds = 5;
const intakeGoal = 0.6;
const eventsARound = 2_000;
/** After this time the rest is left. */
const drainLimitMs = 120_000;
const drainGoal = 300;
const eventsAnAppointment = 4;
const apiKey = 'demo-acuity-key';

/** `ratio`: events a second through the app, divided by the bare route's; the median of the rounds. */
export async function intake(): Promise<BenchResult> {
  const app = await openApp(createFakeAcuity());
  // Its own connections, as many as the app has.
  const pool = openPool(app.database.url, 10, 0);
  const bare = await openBareRoute(pool);
  try {
    await load(`${app.url}/automation/acuity`, 300, 1);
    await load(bare.url, 300, 1);
    const results: { ours: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const firstId = 1_000 + round * eventsARound;
      results.push({
        bare: await load(bare.url, eventsARound, firstId),
        ours: await load(`${app.url}/automation/acuity`, eventsARound, firstId),
      });
    }
    const perSecond = (which: 'ours' | 'bare') =>
      Math.round(1_000 / median(results.map((one) => one[which])));
    return atLeast(intakeGoal, {
      name: 'relay intake: throughput over a bare prepared insert’s',
      ratio: median(results.map((result) => result.bare / result.ours)),
      detail: `${perSecond('ours')} of ${perSecond('bare')} events/s at 10 connections`,
    });
  } finally {
    await bare.close();
    await pool.end();
    await app.close();
    await stopSharedPostgres();
  }
}

/** `ratio`: events a second until the backlog is empty, or the time is over, divided by what was promised. */
export async function drain({ isShort }: BenchOptions): Promise<BenchResult> {
  const backlog = isShort ? 4_000 : 20_000;
  const acuity = createFakeAcuity();
  const app = await openApp(acuity);
  try {
    await fillBacklog(app.db, acuity, backlog);
    const startedAt = performance.now();
    const cpuBefore = process.cpuUsage();
    app.system.relay.start();
    let done = 0;
    while (done < backlog && performance.now() - startedAt < drainLimitMs) {
      await sleep(1_000);
      done = await processed(app.db);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    await app.system.relay.stop();
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpu = ((user + system) / 1_000 / done).toFixed(2);
    const [row] = (await app.db('bookings').count('id as count')) as { count: number | string }[];
    const left = done < backlog ? `; ${backlog - done} were left` : '';
    const result = atLeast(
      1,
      {
        name: `backlog of ${backlog} events worked off: events a second, over the goal`,
        ratio: done / seconds / drainGoal,
        detail: `${(done / seconds).toFixed(0)} events/s, ${row?.count} bookings made on the way; app and relay in one process: ${cpu} ms of its processor time each${left}`,
      },
      `${drainGoal} events/s`,
    );
    if (left) result.failures = [`${result.name}: ${result.detail}`];
    return result;
  } finally {
    await app.close();
    await stopSharedPostgres();
  }
}

function openApp(acuity: FakeAcuity): Promise<TestApp> {
  const log = quietLog();
  return startTestApp({ overrides: { acuity, log } });
}

const bareInsert = `insert into webhook_events
  (id, channel, state, received_at, body, headers, body_digest, next_attempt_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`;

async function openBareRoute(pool: Pool): Promise<{ url: string; close(): Promise<void> }> {
  const app = express();
  app.post('/automation/acuity', express.raw({ type: () => true }), async (req, res) => {
    const id = randomUUID();
    const body = req.body as Buffer;
    const digest = createHash('sha256').update('bare').update(body).digest();
    const headers = JSON.stringify({ 'content-type': req.get('content-type') });
    const values = [id, 'relay', 'waiting', new Date(), body, headers, digest, new Date()];
    await pool.query({ name: 'bare', text: bareInsert, values });
    res.status(202).json({ eventId: id });
  });
  const server = createServer(app);
  await new Promise<void>((go) => {
    server.listen(0, '127.0.0.1', go);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/automation/acuity`,
    async close() {
      server.closeAllConnections();
      await new Promise((go) => {
        server.close(go);
      });
    },
  };
}

/** Milliseconds of wall time per event with all connections busy. */
async function load(url: string, count: number, firstId: number): Promise<number> {
  const file = path.join(import.meta.dirname, 'relay-load.ts');
  const child = fork(file, [url, apiKey, String(count), String(firstId)]);
  const [[said]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  return (said as { milliseconds: number }).milliseconds / count;
}

/** Appointments without a booking here, and the events about them. */
async function fillBacklog(db: Database, acuity: FakeAcuity, backlog: number): Promise<void> {
  const firstDay = Date.UTC(2027, 0, 4);
  const actions = ['scheduled', 'changed', 'rescheduled', 'updated'];
  const rows = Array.from({ length: backlog }, (_, index) => {
    const appointmentId = 2_000_000_000 + Math.floor(index / eventsAnAppointment);
    const action = actions[index % eventsAnAppointment] ?? 'changed';
    const body = Buffer.from(`action=${action}&id=${appointmentId}&calendarID=7001&appointmentTypeID=8001`);
    acuity.appointments.set(appointmentId, {
      id: appointmentId,
      appointmentTypeId: 8001,
      calendarId: 7001,
      startsAt: new Date(firstDay + (appointmentId % 5_000) * 3_600_000),
      durationMinutes: 60,
      calendarTimezone: 'Australia/Sydney',
      canceled: false,
      noShow: false,
      client: { firstName: 'Clinic', lastName: 'Desk', email: null, phone: null },
      location: null,
      notes: null,
      scheduledBy: null,
      answers: new Map(),
    });
    return {
      id: randomUUID(),
      channel: 'relay',
      state: 'waiting',
      received_at: new Date(),
      action,
      appointment_id: appointmentId,
      body,
      headers: JSON.stringify({
        'content-type': 'application/x-www-form-urlencoded',
        'x-acuity-signature': createHmac('sha256', apiKey).update(body).digest('base64'),
      }),
      body_digest: createHash('sha256').update(body).digest(),
      next_attempt_at: new Date(),
    };
  });
  await db.batchInsert('webhook_events', rows, 1_000);
}

async function processed(db: Database): Promise<number> {
  const [row] = (await db('webhook_events').where({ state: 'processed' }).count('id as count')) as {
    count: number | string;
  }[];
  return Number(row?.count);
}

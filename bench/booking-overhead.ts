// What booking costs beyond Acuity's own reply: the session, the attempt, the transaction, the audit row, the mail's
// job.
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import type { BenchOptions, BenchResult } from './result.ts';
import { startAcuity, type AcuityProcess } from './support/acuity-process.ts';
import { quietLog } from './support/quiet-log.ts';
import { median, timed } from './support/timed.ts';

/** What we may add to Acuity’s own reply, in the median. */
const mostMs = 12;
/** What the booking before left to do is done by then. The limiter lets all calls through. */
const pauseMs = 200;
/** About the time that the real service takes to book. */
const usualReplyMs = 250;
const rita = 'rita@harbour-legal.example';

/** What POST /bookings takes longer than the same request sent straight to a simulator that answers at once. */
export async function run({ isShort }: BenchOptions): Promise<BenchResult> {
  // A median of ten varied by 2 ms from run to run.
  const rounds = isShort ? 45 : 70;
  const acuity = await startAcuity();
  const log = quietLog();
  const app = await startTestApp({ env: { ACUITY_BASE_URL: acuity.url }, overrides: { log } });
  try {
    const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
      id: string;
    };
    // Code that ran once or twice is not compiled yet, and PostgreSQL plans a statement anew the first five times on each
    // connection: a process books so for its first minutes only.
    await measure(app, id, acuity, { firstDay: 120, rounds: 60 });
    const bare = await measure(app, id, acuity, { firstDay: 3, rounds });
    await acuity.slowDown({ method: 'POST', path: '/appointments', delayMs: usualReplyMs });
    const usual = await measure(app, id, acuity, { firstDay: 80, rounds: 20 });
    const added = bare.ours - bare.theirs;
    return {
      name: 'booking beyond Acuity’s own reply, over what it may add',
      goal: `at most ${mostMs} ms`,
      ratio: added / mostMs,
      failures: added > mostMs ? [`a booking adds ${added.toFixed(1)} ms to Acuity’s reply`] : [],
      detail:
        `${added.toFixed(1)} ms: ` +
        `${bare.ours.toFixed(1)} ms over ${bare.theirs.toFixed(1)} ms, medians of ${bare.count} (quarters ${bare.quarters}); ` +
        `with an Acuity that takes ${usualReplyMs} ms ${(usual.ours / usual.theirs).toFixed(2)} ` +
        `(${usual.ours.toFixed(0)} ms over ${usual.theirs.toFixed(0)} ms)`,
    };
  } finally {
    await app.close();
    await acuity.stop();
    await stopSharedPostgres();
  }
}

async function measure(
  app: TestApp,
  specialistId: string,
  acuity: AcuityProcess,
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
    theirs.push(await timed(() => acuity.bookDirectly(last.startsAt)));
  }
  const sorted = ours.toSorted((a, b) => a - b);
  const quarters = [0.25, 0.75].map((at) => sorted[Math.floor(sorted.length * at)]?.toFixed(1)).join(' to ');
  return { ours: median(ours), theirs: median(theirs), count: ours.length, quarters };
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

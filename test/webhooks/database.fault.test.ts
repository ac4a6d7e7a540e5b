import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createPgJobQueue } from '../../src/adapters/pg-job-queue.ts';
import type { Database } from '../../src/db/knex.ts';
import { sweepEmailsJob } from '../../src/email/index.ts';
import { kill } from '../support/child-pool.ts';
import { openDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import {
  differencesOf,
  openWebhookProcessFixture,
  type WebhookProcessFixture,
} from '../support/webhook-process.ts';

const outageMs = 30_000;

/**
 * The outage may lose the answer that gives a worker a job, which then stays locked. In production the sweep of each minute
 * mends that, once a message has waited for half a minute; a worker of tests runs nothing by the time of day.
 */
async function sweepUntil(db: Database, signal: AbortSignal): Promise<void> {
  const jobs = createPgJobQueue(db);
  for (; !signal.aborted; await sleep(5_000))
    await jobs.add(sweepEmailsJob, {}, { key: `cron:${sweepEmailsJob.name}` });
}

describe('relay without its database for 30 seconds', function () {
  this.timeout(300_000);
  let fixture: WebhookProcessFixture;
  let proxy: DatabaseProxy;
  let child: ChildProcess;

  before(async () => {
    fixture = await openWebhookProcessFixture();
    proxy = await openDatabaseProxy(fixture.stack.databaseUrl);
    child = await fixture.start({ DATABASE_URL: proxy.url });
  });
  after(async () => {
    // Its connections of the outage may still hang: a stop would wait for them.
    await kill(child);
    await proxy.close();
    await fixture.close();
  });

  it('answers 2xx only for events that it stored, and delivers each of them later', async () => {
    const [kept, refused] = [await fixture.makeAppointment(), await fixture.makeAppointment()];
    expect(await fixture.deliver('scheduled', kept)).to.equal(202);
    proxy.block();
    const backAt = Date.now() + outageMs;
    const answers: (number | null)[] = [];
    while (Date.now() < backAt || answers.length < 3) {
      answers.push(await fixture.deliver('scheduled', refused));
      await sleep(1_000);
    }
    // A 5xx or a time-out makes Acuity send the event again.
    expect(answers.filter((status) => status !== null && status < 500)).to.deep.equal([]);
    proxy.unblock();
    await fixture.deliverUntilAccepted('scheduled', refused);
    // An event that was claimed just before the outage is claimed again when its lease is over, after a minute.
    const waiting = new AbortController();
    await Promise.all([
      fixture.quiet(180_000).finally(() => waiting.abort()),
      sweepUntil(fixture.stack.db, waiting.signal),
    ]);
    for (const id of [kept, refused]) {
      expect(await differencesOf(fixture, id, { confirmations: 1, moves: 0 })).to.deep.equal([]);
    }
    expect(child.exitCode, 'the same process went on').to.equal(null);
  });
});

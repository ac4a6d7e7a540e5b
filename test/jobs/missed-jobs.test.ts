import { expect } from 'chai';
import { pino } from 'pino';
import { z } from 'zod';
import { createPgJobQueue } from '../../src/adapters/pg-job-queue.ts';
import { createWorker } from '../../src/jobs/index.ts';
import type { CronEntry } from '../../src/ports/job-queue.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

describe('a daily job', () => {
  let database: TestDatabase;
  const done: string[] = [];

  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.close());

  // Two hours ago, in UTC.
  const schedule = `0 ${(new Date().getUTCHours() + 22) % 24} * * *`;
  const daily = (name: string, isMadeUp: boolean): CronEntry => ({
    schedule,
    job: { name, payload: z.object({}) },
    isMadeUp,
  });
  const cron = [daily('made_up', true), daily('left_out', false)];
  const startWorker = async () => {
    const worker = createWorker({
      databaseUrl: database.url,
      handlers: cron.map(({ job: { name } }) => ({
        name,
        formerNames: [],
        run: async () => void done.push(name),
      })),
      jobs: createPgJobQueue(database.db),
      log: pino({ level: 'silent' }),
      cron,
      pollMs: 100,
    });
    await worker.start();
    return worker;
  };

  it('runs at the start of a worker, once, when none ran at its time', async () => {
    const first = await startWorker();
    const crontabs = database.owner('graphile_worker._private_known_crontabs');
    await until(async () => (await crontabs.clone().pluck('identifier')).length === 2);
    await first.stop();
    expect(done, 'new jobs').to.deep.equal([]);
    await crontabs.clone().update({ known_since: database.db.raw(`now() - interval '3 days'`) });
    for (let starts = 0; starts < 2; starts += 1) {
      const worker = await startWorker();
      await until(() => Promise.resolve(done.includes('made_up')));
      await worker.stop();
    }
    expect(done).to.deep.equal(['made_up']);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import { z } from 'zod';
import { createPgJobQueue } from '../../src/adapters/pg-job-queue.ts';
import { createWorker, type JobWorker } from '../../src/jobs/index.ts';
import type { JobDefinition } from '../../src/ports/job-queue.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { openDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import { until } from '../support/until.ts';

const aJob: JobDefinition<{ n: number }> = {
  name: 'of_a_test',
  payload: z.object({ n: z.number() }),
  maxAttempts: 1,
};

describe('a worker whose database is lost', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let worker: JobWorker;
  const begun: number[] = [];
  const finish = new Map<number, () => void>();

  before(async () => {
    database = await openTestDatabase();
    proxy = await openDatabaseProxy(database.url);
    worker = createWorker({
      databaseUrl: proxy.url,
      handlers: [
        {
          name: aJob.name,
          formerNames: [],
          run: async (payload: unknown) => {
            const { n } = aJob.payload.parse(payload);
            begun.push(n);
            await new Promise<void>((resolve) => finish.set(n, resolve));
          },
        },
      ],
      jobs: createPgJobQueue(database.db),
      log: pino({ level: 'silent' }),
      cron: [],
      abortMs: 500,
    });
    await worker.start();
  });
  after(async () => {
    for (const end of finish.values()) end();
    await worker.stop();
    await proxy.close();
    await database.close();
  });

  it('works again when the results of two jobs were lost while a third was running', async () => {
    const jobs = createPgJobQueue(database.db);
    for (const n of [1, 2, 3]) await jobs.add(aJob, { n }, { key: String(n) });
    await until(() => begun.length === 3);
    proxy.freeze();
    for (const n of [1, 2]) {
      finish.get(n)?.();
      // A result is sent in a turn of the event loop of its own, unless two are ready in the same one.
      await sleep(50);
    }
    // The third job is running: the end waits for it, and begins to wait for the results after both are lost.
    proxy.block();
    await until(() => !worker.isWorking());
    proxy.thaw();
    proxy.unblock();
    await jobs.add(aJob, { n: 4 }, { key: '4' });
    await until(() => begun.includes(4));
    expect(worker.isWorking()).to.equal(true);
  });
});

import { expect } from 'chai';
import { pino } from 'pino';
import { z } from 'zod';
import { createPgJobQueue } from '../../src/adapters/pg-job-queue.ts';
import { createWorker, type Worker } from '../../src/jobs/index.ts';
import type { JobDefinition } from '../../src/ports/job-queue.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const aJob: JobDefinition<{ n: number }> = {
  name: 'of_a_test',
  payload: z.object({ n: z.number() }),
  maxAttempts: 1,
};

describe('a job that is replaced while it runs', () => {
  let database: TestDatabase;
  let worker: Worker;
  let fail: () => void = () => undefined;
  const done: number[] = [];

  before(async () => {
    database = await openTestDatabase();
    const failing = new Promise<never>((_, reject) => {
      fail = () => reject(new Error('of a test'));
    });
    failing.catch(() => undefined);
    const run = async (payload: unknown) => {
      const { n } = aJob.payload.parse(payload);
      if (n === 1) await failing;
      if (n === 3) throw new Error('of a test');
      done.push(n);
    };
    worker = createWorker({
      databaseUrl: database.url,
      handlers: [{ name: aJob.name, formerNames: ['once_of_a_test'], run }],
      jobs: createPgJobQueue(database.db),
      log: pino({ level: 'silent' }),
      cron: [],
    });
    await worker.start();
  });
  after(async () => {
    await worker.stop();
    await database.close();
  });

  const rows = () =>
    database
      .db('graphile_worker.jobs')
      .orderBy('id')
      .select('key', 'attempts', 'max_attempts', 'locked_at') as Promise<
      { key: string | null; locked_at: Date | null }[]
    >;

  it('is removed once it has failed, and stays for staff when it failed without being replaced', async () => {
    const jobs = createPgJobQueue(database.db);
    await jobs.add(aJob, { n: 1 }, { key: 'replaced' });
    await until(async () => (await rows()).some(({ locked_at }) => locked_at !== null));
    await jobs.add(aJob, { n: 2 }, { key: 'replaced' });
    await jobs.add(aJob, { n: 3 }, { key: 'failed' });
    await until(async () => done.includes(2) && (await rows()).length === 2);
    expect(await jobs.removeSuperseded(), 'while it runs').to.equal(0);
    fail();
    await until(async () => (await rows()).every(({ locked_at }) => locked_at === null));
    expect((await rows()).map(({ key }) => key)).to.have.members([null, 'failed']);
    expect(await jobs.removeSuperseded()).to.equal(1);
    expect((await rows()).map(({ key }) => key)).to.deep.equal(['failed']);
  });

  it('is worked under its new name when an earlier version queued it under another', async () => {
    await database.db.raw(`select graphile_worker.add_job('once_of_a_test', '{"n": 4}')`);
    await until(async () => done.includes(4));
  });
});

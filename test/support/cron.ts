// Keeps the worker of tests from running jobs by the time of day. Otherwise a test that runs across a quarter of an
// hour would get a reconciliation, a digest or a sweep that others do not.
import { cron } from '../../src/jobs/index.ts';
import { checkSubscriptionsJob } from '../../src/sync/index.ts';
import type { CronEntry } from '../../src/ports/job-queue.ts';

const never = '0 0 31 2 *';

/** Jobs that run when a worker starts still do, except the one for webhooks: tests decide which webhooks Acuity has. */
export const onlyAtStart: CronEntry[] = cron
  .filter(({ alsoAtStart, job }) => alsoAtStart && job !== checkSubscriptionsJob)
  .map((entry) => ({ ...entry, schedule: never }));

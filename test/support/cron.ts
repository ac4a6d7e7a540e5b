// The worker of tests. It does not run jobs by the time of day: otherwise a test that runs across a quarter of an hour
// would get a reconciliation, a digest or a sweep that others do not.
import { fillNextFreeJob } from '../../src/availability/index.ts';
import { cron } from '../../src/jobs/index.ts';
import { checkSubscriptionsJob } from '../../src/sync/index.ts';
import { offerFreedTimesJob } from '../../src/waiting/index.ts';
import type { CronEntry } from '../../src/ports/job-queue.ts';

const never = '0 0 31 2 *';

/** Tests decide which webhooks Acuity has, and what is called in it. */
const callAcuity = new Set<unknown>([checkSubscriptionsJob, fillNextFreeJob, offerFreedTimesJob]);

/** Jobs that run when a worker starts still do, except those that call Acuity. */
const onlyAtStart: CronEntry[] = cron
  .filter(({ alsoAtStart, job }) => alsoAtStart && !callAcuity.has(job))
  .map((entry) => ({ ...entry, schedule: never }));

/** Finds jobs that have become due five times as soon as in production. */
export const testJobs = { cron: onlyAtStart, pollMs: 200 };

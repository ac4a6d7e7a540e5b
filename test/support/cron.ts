// The worker of a test starts no job because of the time of day: a test that runs across a quarter of an hour would meet
// a reconciliation, a digest or a sweep that others do not.
import { cron } from '../../src/jobs/index.ts';
import { checkSubscriptionsJob } from '../../src/sync/index.ts';
import type { CronEntry } from '../../src/ports/job-queue.ts';

const never = '0 0 31 2 *';

/** What runs when a worker starts still does; but each test says itself which webhooks Acuity has. */
export const onlyAtStart: CronEntry[] = cron
  .filter(({ alsoAtStart, job }) => alsoAtStart && job !== checkSubscriptionsJob)
  .map((entry) => ({ ...entry, schedule: never }));

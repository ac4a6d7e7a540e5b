// A process that books, reschedules, cancels, runs jobs, or one run of a job, as each plan says, and stops at the steps of the plan.
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { carryOut } from '../booking-plan.ts';
import { shortTimings, type Answered, type ChildPlan } from '../booking-stack.ts';
import { createStops, onPlan } from '../child-pool.ts';
import { testJobs } from '../cron.ts';

const stops = createStops();
const { onStep } = stops;

const system = compose(readConfig(), {
  jobs: testJobs,
  bookings: { timings: shortTimings, onStep },
  emails: { firstPauseMs: 100, sweepAfterMs: 0, onStep },
  waiting: { onStep },
  nextFree: { onStep },
});
const { waitListOffers, nextFreeFiller } = system.services;

onPlan((given) => {
  const plan = given as ChildPlan;
  stops.plan(plan.killAt);
  if (plan.does === 'work') void system.worker.start();
  else if (plan.does === 'offer') void waitListOffers.offerFreed();
  else if (plan.does === 'fill') void nextFreeFiller.fill();
  else void carryOut(system.services, plan).then((answer) => process.send?.({ answer } satisfies Answered));
});

// The whole app in one process: HTTP, relay and jobs. Its work stops at the steps of the test's plans.
import { createServer } from 'node:http';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { createStops, onPlan } from '../child-pool.ts';
import { testJobs } from '../cron.ts';
import { relayPlaces, type WebhookPlan } from '../webhook-process.ts';
import { shortTimings } from '../booking-stack.ts';

const config = readConfig();
const stops = createStops();
const { onStep } = stops;

const system = compose(config, {
  jobs: testJobs,
  bookings: { timings: shortTimings, onStep },
  emails: { firstPauseMs: 100, sweepAfterMs: 0, onStep },
  webhooks: { onStep },
  relay: { ...relayPlaces, onStep },
});
const server = createServer(system.app);
let started: Promise<void> | undefined;

onPlan((given) => {
  const plan = given as WebhookPlan;
  stops.plan(plan.stopAt === null ? [] : [plan.stopAt]);
  started ??= start();
  void started.then(() => process.send?.('ready'));
});

async function start(): Promise<void> {
  await new Promise<void>((resolve) => {
    server.listen(config.PORT, '127.0.0.1', resolve);
  });
  await system.worker.start();
}

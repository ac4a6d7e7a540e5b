// The whole app in one process: HTTP, relay and jobs. Its work stops at the steps of the test's plans.
import { createServer } from 'node:http';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { createStops, onPlan } from '../child-pool.ts';
import { testJobs } from '../cron.ts';
import type { WebhookPlan } from '../webhook-process.ts';
import { shortTimings } from '../booking-stack.ts';

const config = readConfig();
const stops = createStops();
const { onStep } = stops;
let clockAheadMs = 0;

const system = compose(config, {
  // Leases of a dead process expire after a while; this process's clock is later already.
  clock: { now: () => new Date(Date.now() + clockAheadMs) },
  jobs: testJobs,
  bookings: { timings: shortTimings, onStep },
  emails: { firstPauseMs: 100, sweepAfterMs: 0, onStep },
  webhooks: { onStep },
  // Deliveries that have stopped keep their places.
  relay: { pollMs: 50, concurrency: 20, onStep },
});
const server = createServer(system.app);
let started: Promise<void> | undefined;

onPlan((given) => {
  const plan = given as WebhookPlan;
  clockAheadMs = plan.clockAheadMs;
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

process.on('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => {
    void system.worker
      .stop()
      .then(() => system.close())
      .then(() => process.exit(0));
  });
});

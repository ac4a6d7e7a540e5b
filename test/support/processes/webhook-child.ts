// The whole app in one process: HTTP, relay and jobs. SIGKILL ends it at a chosen step.
import { createServer } from 'node:http';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { killedAt, nextPlan } from '../child-pool.ts';
import { onlyAtStart } from '../cron.ts';
import type { WebhookPlan } from '../webhook-process.ts';
import { shortTimings } from '../booking-stack.ts';

const config = readConfig();
const plan = await nextPlan<WebhookPlan>();
const onStep = killedAt(() => plan.killAt);

const system = compose(config, {
  // Leases of a dead process expire after a while; this process's clock is later already.
  clock: { now: () => new Date(Date.now() + plan.clockAheadMs) },
  jobs: { cron: onlyAtStart },
  bookings: { timings: shortTimings, onStep },
  emails: { firstPauseMs: 100, sweepAfterMs: 0, onStep },
  webhooks: { onStep },
  relay: { pollMs: 50, timeoutMs: 5_000, onStep },
});
const server = createServer(system.app);
server.listen(config.PORT, '127.0.0.1', () => {
  void system.worker.start().then(() => process.send?.('ready'));
});
process.on('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => {
    void system.worker
      .stop()
      .then(() => system.close())
      .then(() => process.exit(0));
  });
});

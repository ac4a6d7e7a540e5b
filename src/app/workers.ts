// The background work: jobs, and the relay's deliveries. Each regularly records that it is alive.
import type { Config } from '../config.ts';
import {
  createJobHandlers,
  createWorker,
  withSignOfLife,
  type JobServices,
  type Worker,
  type WorkerDeps,
} from '../jobs/index.ts';
import type { Meters } from '../metrics/index.ts';
import type { Relay } from '../relay/index.ts';
import type { Ground } from './ground.ts';

export interface Workers {
  /** Starts jobs, and the relay's deliveries unless RUN_RELAY is off. */
  worker: Worker;
  /** Starts only the relay's deliveries. */
  relayWorker: Worker;
}

interface WorkerParts {
  services: JobServices;
  relay: Relay;
  meters: Pick<Meters, 'job'>;
  overrides: Pick<WorkerDeps, 'cron' | 'pollMs'> | undefined;
}

export function createWorkers(
  { db, jobs, ids, log }: Ground,
  config: Pick<Config, 'DATABASE_URL' | 'RUN_RELAY'>,
  { services, relay, meters, overrides }: WorkerParts,
): Workers {
  const jobWorker = createWorker({
    databaseUrl: config.DATABASE_URL,
    handlers: createJobHandlers(services),
    jobs,
    log,
    watch: (labels, seconds) => meters.job(labels, seconds),
    ...overrides,
  });
  const worker = withSignOfLife(jobWorker, {
    db,
    id: ids.uuid(),
    kind: 'jobs',
    isWorking: () => jobWorker.isWorking(),
  });
  const relayWorker = withSignOfLife(
    { start: () => Promise.resolve(relay.start()), stop: () => relay.stop() },
    { db, id: ids.uuid(), kind: 'relay', isWorking: () => true },
  );
  return { worker: config.RUN_RELAY ? startBoth(relayWorker, worker) : worker, relayWorker };
}

function startBoth(first: Worker, second: Worker): Worker {
  return {
    async start() {
      await first.start();
      await second.start();
    },
    async stop() {
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}

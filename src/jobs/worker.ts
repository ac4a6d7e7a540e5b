import { setTimeout as sleep } from 'node:timers/promises';
import { Logger as WorkerLogger, parseCronItems, run, type Runner } from 'graphile-worker';
import type { Logger } from 'pino';
import { errorFacts } from '../lib/error-facts.ts';
import type { CronEntry, JobQueue } from '../ports/job-queue.ts';
import { cron as usualCron, type RunnableJob } from './handlers.ts';

export interface WorkerDeps {
  databaseUrl: string;
  handlers: RunnableJob[];
  jobs: JobQueue;
  log: Logger;
  cron?: CronEntry[];
  /** Jobs at once. Default 4. */
  concurrency?: number;
}

export interface Worker {
  /** Resolves when it listens. */
  start(): Promise<void>;
  /** Lets running jobs end; gives back what is not done within a few seconds. */
  stop(): Promise<void>;
}

export function createWorker(deps: WorkerDeps): Worker {
  let runner: Runner | null = null;
  return {
    async start() {
      const cron = deps.cron ?? usualCron;
      runner = await run({
        connectionString: deps.databaseUrl,
        concurrency: deps.concurrency ?? 4,
        maxPoolSize: (deps.concurrency ?? 4) + 2,
        // New jobs are announced by NOTIFY; the poll finds those whose time has come.
        pollInterval: 1_000,
        noHandleSignals: true,
        gracefulShutdownAbortTimeout: 5_000,
        logger: quietLogger(deps.log),
        taskList: Object.fromEntries(deps.handlers.map((handler) => [handler.name, taskFor(deps, handler)])),
        parsedCronItems: parseCronItems(
          cron.map(({ schedule, job }) => ({
            task: job.name,
            match: schedule,
            options: { maxAttempts: 1, jobKey: `cron:${job.name}` },
          })),
        ),
      });
      runner.promise.catch((error: unknown) => {
        deps.log.error({ err: errorFacts(error) }, 'The worker stopped by itself');
      });
      // Whatever a process left open when it died need not wait for the next full minute.
      for (const { job } of cron) await deps.jobs.add(job, {}, { key: `cron:${job.name}` });
    },

    async stop() {
      const stopping = runner;
      runner = null;
      if (!stopping) return;
      // A job that hangs must not hold up the stop: its lock is given back by kill.
      const isStopped = await Promise.race([
        stopping.stop().then(() => true),
        sleep(8_000, false, { ref: false }),
      ]);
      if (!isStopped) await stopping.kill();
    },
  };
}

function taskFor({ log }: WorkerDeps, handler: RunnableJob) {
  return async (payload: unknown, helpers: { job: { id: string; attempts: number } }): Promise<void> => {
    const { id: jobId, attempts } = helpers.job;
    const startedAt = performance.now();
    const failed = await handler.run(payload).then(() => null, errorFacts);
    const ms = Math.round(performance.now() - startedAt);
    if (!failed) return log.debug({ job: handler.name, jobId, ms }, 'A job is done');
    log.error({ job: handler.name, jobId, attempts, err: failed }, 'A job failed');
    // The queue keeps what is thrown, and messages of drivers can quote what people typed.
    throw new Error(failed.code ?? failed.name);
  };
}

/** graphile-worker's own words go to our log, without what jobs carry. */
function quietLogger(log: Logger): WorkerLogger {
  return new WorkerLogger((scope) => (level, message) => {
    const facts = { worker: scope.workerId, job: scope.taskIdentifier };
    if (level === 'error') log.error(facts, message);
    else if (level === 'warning') log.warn(facts, message);
    else log.debug(facts, message);
  });
}

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CronItem, LogFunctionFactory, Runner } from 'graphile-worker';
import type { Logger } from 'pino';
import { databaseTrouble } from '../db/trouble.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { withTimeout } from '../lib/timeout.ts';
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
  /** The pause between two polls for jobs that have become due. Default one second. */
  pollMs?: number;
  /** How long running jobs may take once a stop has begun. Default five seconds. */
  abortMs?: number;
  /** Called after every run. */
  watch?: (labels: { task: string; outcome: 'done' | 'failed' | 'given_back' }, seconds: number) => void;
}

export interface Worker {
  /** Resolves when the worker listens for jobs. */
  start(): Promise<void>;
  /** Waits for running jobs; gives those back to the queue that take longer than a few seconds. */
  stop(): Promise<void>;
}

export interface JobWorker extends Worker {
  /** False while its connections are lost. */
  isWorking(): boolean;
}

/** Between two attempts to reconnect. */
const reconnectPauseMs = 1_000;
const usualAbortMs = 5_000;

export function createWorker(deps: WorkerDeps): JobWorker {
  let runner: Runner | null = null;
  let reconnecting: Promise<void> = Promise.resolve();
  let isWanted = false;
  /** After this time a stop has ended, or never does. */
  const shutdownMs = 3 * (deps.abortMs ?? usualAbortMs);

  async function launch(): Promise<void> {
    const launched = await launchRunner(deps);
    runner = launched;
    // The runner stops when its connections break: a short outage of the database must not stop jobs for good.
    void watch(launched);
  }

  async function watch(launched: Runner): Promise<void> {
    const err = await ended(launched, shutdownMs, deps.log).then(() => null, errorFacts);
    if (!isWanted || runner !== launched) return;
    runner = null;
    deps.log.error({ err }, 'The worker lost its database connections; reconnecting every second');
    reconnecting = reconnect();
  }

  async function reconnect(): Promise<void> {
    for (;;) {
      await sleep(reconnectPauseMs);
      if (!isWanted) return;
      try {
        await launch();
        deps.log.info('The worker is running again');
        return;
      } catch (error) {
        // An unavailable database has been logged already.
        if (databaseTrouble(error)) continue;
        deps.log.warn({ err: errorFacts(error) }, 'The worker cannot restart yet');
      }
    }
  }

  return {
    isWorking: () => runner !== null,

    async start() {
      isWanted = true;
      await launch();
    },

    async stop() {
      isWanted = false;
      await reconnecting;
      const stopping = runner;
      runner = null;
      if (stopping) await withTimeout(stopping.stop(), shutdownMs, () => undefined);
    },
  };
}

/**
 * Settles when the runner has ended, or should have. graphile-worker 0.18 shuts down when it cannot store the result of a
 * job. When two results are lost it may never end: each takes one more from the number of results that are being stored
 * than it has added (`batch` in its main.js), and the end waits for zero.
 */
async function ended(runner: Runner, shutdownMs: number, log: Logger): Promise<void> {
  const limit = new AbortController();
  const overdue = once(runner.events, 'pool:gracefulShutdown', limit).then(() =>
    sleep(shutdownMs, 'overdue', limit),
  );
  const end = await Promise.race([runner.promise, overdue]).finally(() => limit.abort());
  if (end !== 'overdue') return;
  // Ends what is left of it, its timetable and its idle connections. Not awaited: a timetable that has met the outage, too,
  // sleeps for up to a minute before it ends.
  runner.stop().catch((error: unknown) => {
    log.warn({ err: errorFacts(error) }, 'A worker that was given up could not be stopped');
  });
}

async function launchRunner(deps: WorkerDeps): Promise<Runner> {
  const cron = deps.cron ?? usualCron;
  // graphile-worker is loaded only here, because a web process may leave jobs to others.
  const { Logger: WorkerLogger, parseCronItems, run } = await import('graphile-worker');
  const runner = await run({
    connectionString: deps.databaseUrl,
    concurrency: deps.concurrency ?? 4,
    maxPoolSize: (deps.concurrency ?? 4) + 2,
    // NOTIFY announces new jobs; polling finds jobs that have become due.
    pollInterval: deps.pollMs ?? 1_000,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: deps.abortMs ?? usualAbortMs,
    // Batches make a stop wait until the results of the last jobs are stored.
    preset: { worker: { failJobBatchDelay: 0, completeJobBatchDelay: 0 } },
    logger: new WorkerLogger(quietLog(deps.log)),
    taskList: taskListOf(deps),
    parsedCronItems: parseCronItems(cronItemsOf(cron)),
  });
  try {
    for (const { job, alsoAtStart } of cron)
      if (alsoAtStart) await deps.jobs.add(job, {}, { key: `cron:${job.name}` });
  } catch (error) {
    await runner.stop();
    throw error;
  }
  return runner;
}

const dayMs = 86_400_000;

export function cronItemsOf(cron: CronEntry[]): CronItem[] {
  return cron.map(({ schedule, job, maxAttempts = 1, isMadeUp = false }) => ({
    task: job.name,
    match: schedule,
    options: { maxAttempts, jobKey: `cron:${job.name}`, backfillPeriod: isMadeUp ? dayMs : 0 },
  }));
}

interface Helpers {
  job: { id: string; attempts: number };
  abortSignal?: AbortSignal;
}

function taskListOf(deps: WorkerDeps): Record<string, ReturnType<typeof taskFor>> {
  return Object.fromEntries(
    deps.handlers.flatMap((handler) => {
      const task = taskFor(deps, handler);
      return [handler.name, ...handler.formerNames].map((name) => [name, task]);
    }),
  );
}

function taskFor({ log, watch }: WorkerDeps, handler: RunnableJob) {
  return async (payload: unknown, { job, abortSignal }: Helpers): Promise<void> => {
    const facts = { job: handler.name, jobId: job.id, attempts: job.attempts };
    const startedAt = performance.now();
    // A job that hangs is given back when the worker stops; another worker repeats it, which every job allows.
    const outcome = await Promise.race([
      handler.run(payload).then(() => null, errorFacts),
      givenBack(abortSignal),
    ]);
    const ms = Math.round(performance.now() - startedAt);
    const word = outcome === null ? 'done' : outcome === 'given back' ? 'given_back' : 'failed';
    watch?.({ task: handler.name, outcome: word }, ms / 1_000);
    if (outcome === null) return log.debug({ ...facts, ms }, 'A job is done');
    if (outcome === 'given back') log.warn({ ...facts, ms }, 'A job is given back');
    else log.error({ ...facts, err: outcome }, 'A job failed');
    // The queue stores the message, and messages of drivers can quote what people typed.
    throw new Error(outcome === 'given back' ? outcome : (outcome.code ?? outcome.name));
  };
}

function givenBack(signal: AbortSignal | undefined): Promise<'given back'> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve('given back'), { once: true });
  });
}

/** graphile-worker logs these for each connection and each attempt to connect. */
const lostConnection = /client generated error|notify listener|attempting to UNLISTEN/;
const logAgainMs = 60_000;

/** Passes graphile-worker's messages to our log, without payloads of jobs. */
function quietLog(log: Logger): LogFunctionFactory {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (scope) => (level, message) => {
    const facts = { worker: scope.workerId, job: scope.taskIdentifier };
    if (level === 'error' && lostConnection.test(message)) {
      if (performance.now() - loggedAt > logAgainMs)
        log.error('The worker has no connection to the database');
      loggedAt = performance.now();
    } else if (level === 'error') log.error(facts, message);
    else if (level === 'warning') log.warn(facts, message);
    else log.debug(facts, message);
  };
}

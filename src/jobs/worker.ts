import { setTimeout as sleep } from 'node:timers/promises';
import {
  Logger as WorkerLogger,
  parseCronItems,
  run,
  type ParsedCronItem,
  type Runner,
} from 'graphile-worker';
import type { Logger } from 'pino';
import { databaseTrouble } from '../db/trouble.ts';
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
  /** Is told of every run. */
  watch?: (labels: { task: string; outcome: 'done' | 'failed' | 'given_back' }, seconds: number) => void;
}

export interface Worker {
  /** Resolves when it listens. */
  start(): Promise<void>;
  /** Lets running jobs end; gives back what is not done within a few seconds. */
  stop(): Promise<void>;
}

export interface JobWorker extends Worker {
  /** Not while it has lost its connections. */
  isWorking(): boolean;
}

/** Between two tries to come back when the database is away. */
const comeBackMs = 1_000;

export function createWorker(deps: WorkerDeps): JobWorker {
  let runner: Runner | null = null;
  let comingBack: Promise<void> = Promise.resolve();
  let isWanted = false;

  async function launch(): Promise<void> {
    const launched = await launchRunner(deps);
    runner = launched;
    // It stops by itself when its connections break: a database that was away for a moment must not end the jobs.
    void watch(launched);
  }

  async function watch(launched: Runner): Promise<void> {
    const err = await launched.promise.then(() => null, errorFacts);
    if (!isWanted || runner !== launched) return;
    runner = null;
    deps.log.error({ err }, 'The worker lost its connections: trying again every second');
    comingBack = comeBack();
  }

  async function comeBack(): Promise<void> {
    for (;;) {
      await sleep(comeBackMs);
      if (!isWanted) return;
      try {
        await launch();
        deps.log.info('The worker works again');
        return;
      } catch (error) {
        // A database that is away was logged once already.
        if (databaseTrouble(error)) continue;
        deps.log.warn({ err: errorFacts(error) }, 'The worker cannot come back yet');
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
      await comingBack;
      const stopping = runner;
      runner = null;
      await stopping?.stop();
    },
  };
}

async function launchRunner(deps: WorkerDeps): Promise<Runner> {
  const cron = deps.cron ?? usualCron;
  const runner = await run({
    connectionString: deps.databaseUrl,
    concurrency: deps.concurrency ?? 4,
    maxPoolSize: (deps.concurrency ?? 4) + 2,
    // New jobs are announced by NOTIFY; the poll finds those whose time has come.
    pollInterval: 1_000,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: 5_000,
    // With a batch, however short, a stop waits until the queue knows how the last jobs ended.
    preset: { worker: { failJobBatchDelay: 0, completeJobBatchDelay: 0 } },
    logger: quietLogger(deps.log),
    taskList: Object.fromEntries(deps.handlers.map((handler) => [handler.name, taskFor(deps, handler)])),
    parsedCronItems: cronItemsOf(cron),
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

export function cronItemsOf(cron: CronEntry[]): ParsedCronItem[] {
  return parseCronItems(
    cron.map(({ schedule, job, maxAttempts = 1 }) => ({
      task: job.name,
      match: schedule,
      options: { maxAttempts, jobKey: `cron:${job.name}` },
    })),
  );
}

interface Helpers {
  job: { id: string; attempts: number };
  abortSignal?: AbortSignal;
}

function taskFor({ log, watch }: WorkerDeps, handler: RunnableJob) {
  return async (payload: unknown, { job, abortSignal }: Helpers): Promise<void> => {
    const facts = { job: handler.name, jobId: job.id, attempts: job.attempts };
    const startedAt = performance.now();
    // A job that hangs is given back when the worker stops: another takes it up, and finds it as safe to repeat.
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
    // The queue keeps what is thrown, and messages of drivers can quote what people typed.
    throw new Error(outcome === 'given back' ? outcome : (outcome.code ?? outcome.name));
  };
}

function givenBack(signal: AbortSignal | undefined): Promise<'given back'> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve('given back'), { once: true });
  });
}

/** It says so for each connection, and with every try to make one. */
const lostConnection = /client generated error|notify listener|attempting to UNLISTEN/;
const saidAgainMs = 60_000;

/** graphile-worker's own words go to our log, without what jobs carry. */
function quietLogger(log: Logger): WorkerLogger {
  let saidAt = Number.NEGATIVE_INFINITY;
  return new WorkerLogger((scope) => (level, message) => {
    const facts = { worker: scope.workerId, job: scope.taskIdentifier };
    if (level === 'error' && lostConnection.test(message)) {
      if (performance.now() - saidAt > saidAgainMs) log.error('The worker has no connection to the database');
      saidAt = performance.now();
    } else if (level === 'error') log.error(facts, message);
    else if (level === 'warning') log.warn(facts, message);
    else log.debug(facts, message);
  });
}

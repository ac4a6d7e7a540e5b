import type { Knex } from 'knex';
import type { z } from 'zod';

/** The definition of a job, apart from its handler: its name and the shape of its payload. */
export interface JobDefinition<Payload> {
  /** snake_case. The payload carries ids only, never health information. */
  name: string;
  /** Names that earlier versions gave this job: what they left in the queue is worked as this job. */
  formerNames?: readonly string[];
  payload: z.ZodType<Payload>;
  /** Attempts before the job is left for staff. Default 25. */
  maxAttempts?: number;
}

export interface AddJobOptions {
  /** Adds the job in this transaction: it exists exactly when the transaction commits. */
  trx?: Knex.Transaction;
  runAt?: Date;
  /** Instead of `runAt`: a delay from now, by the database's clock. */
  delayMs?: number;
  /** Replaces a waiting job with the same key; one that is running loses its key to the new one. */
  key: string;
  /** A waiting job with the same key keeps its time. For sweeps, which must not shorten a wait. */
  keepRunAt?: boolean;
}

export interface JobQueue {
  add<Payload>(job: JobDefinition<Payload>, payload: Payload, options: AddJobOptions): Promise<void>;
  /** The query of `add`, to be sent together with others (src/db/statements.ts). */
  addQuery<Payload>(
    job: JobDefinition<Payload>,
    payload: Payload,
    options: Omit<AddJobOptions, 'trx'> & {
      /** Adds the job only if this e-mail is stored by then. */
      ofEmail?: string;
    },
  ): { name: string; text: string; values: unknown[] };
  /**
   * Gives a job that used up its attempts all of them again, the first at once. False when there is none or it is
   * running.
   */
  runAgain(jobId: string, trx: Knex.Transaction): Promise<boolean>;
  /**
   * Removes jobs that will never run again because a newer job took their key while they ran. If such a job then fails,
   * or its worker dies, it would stay among the failed jobs for ever. Returns how many.
   */
  removeSuperseded(): Promise<number>;
}

export interface JobHandler<Payload> {
  job: JobDefinition<Payload>;
  handle(payload: Payload): Promise<void>;
}

export interface CronEntry {
  /** Cron expression of five fields, in UTC. */
  schedule: string;
  job: JobDefinition<Record<string, never>>;
  /** Attempts before the next scheduled time. Default 1: most schedules run again soon. */
  maxAttempts?: number;
  /**
   * Also runs when a worker starts, so that work left by a process that died does not wait for the next scheduled time.
   */
  alsoAtStart?: boolean;
  /** Runs when a worker starts if none ran at the scheduled time, within the last day. */
  isMadeUp?: boolean;
}

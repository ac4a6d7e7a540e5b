import type { Knex } from 'knex';
import type { z } from 'zod';

/** A job's definition, apart from its handler: the name and the shape of its payload. */
export interface JobDefinition<Payload> {
  /** snake_case; carries ids only, never health information. */
  name: string;
  payload: z.ZodType<Payload>;
  /** How often it is tried before it is left for staff. Default 25. */
  maxAttempts?: number;
}

export interface AddJobOptions {
  /** Written in this transaction: it is there exactly when the transaction commits. */
  trx?: Knex.Transaction;
  runAt?: Date;
  /** Instead of `runAt`: so long after now, by the database's own clock. */
  delayMs?: number;
  /** A waiting job of the same key is replaced; one that runs just now loses its key to the new one. */
  key: string;
  /** A waiting job of the same key keeps its time: for sweeps, which must not cut a wait short. */
  keepRunAt?: boolean;
}

export interface JobQueue {
  add<Payload>(job: JobDefinition<Payload>, payload: Payload, options: AddJobOptions): Promise<void>;
  /** Gives a job that failed all its tries again, the first one now. False when there is none, or it runs just now. */
  runAgain(jobId: string, trx: Knex.Transaction): Promise<boolean>;
  /**
   * Removes jobs that will never run again because a newer job of the same key took their place while they ran. A worker
   * that then failed, or died, would leave them among the failed for ever. Returns how many.
   */
  removeSuperseded(): Promise<number>;
}

export interface JobHandler<Payload> {
  job: JobDefinition<Payload>;
  handle(payload: Payload): Promise<void>;
}

export interface CronEntry {
  /** Five fields, UTC. */
  schedule: string;
  job: JobDefinition<Record<string, never>>;
  /** How often it is tried before its next time is waited for. Default 1: for what comes back soon anyway. */
  maxAttempts?: number;
  /** When a worker starts, too: what a process left open when it died need not wait for its next time. */
  alsoAtStart?: boolean;
}

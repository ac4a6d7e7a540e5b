import type { Logger } from 'pino';
import type { AuditLog } from '../audit/index.ts';
import type { AvailabilityService } from '../availability/index.ts';
import type { Announce, IntakeDeps } from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import type { Statements } from '../db/statements.ts';
import type { Acuity } from '../ports/acuity.ts';
import type { KeyedDigests } from '../lib/keyed-digests.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Questions } from '../questions/index.ts';
import type { SpecialistRepository } from '../specialists/index.ts';

/** In milliseconds, measured by the database's clock. */
export interface AttemptTimings {
  /** When the worker settles an attempt whose request should have ended. */
  settleAfterMs: number;
  /** An attempt that never called Acuity counts as abandoned after this age: its process died. */
  uncalledMs: number;
  /** Longer than any call to Acuity can take, including the wait for the rate limit. */
  inFlightMs: number;
  /** Pause between two attempts to reach Acuity while it does not answer. */
  retryMs: number;
  /** The sweep picks up open attempts older than this. */
  sweepAfterMs: number;
  /** When to ask Acuity again about an attempt that failed. */
  lateChecksMs: readonly number[];
  /** How long a repeated request waits for the first one's answer. */
  patienceMs: number;
}

export const usualTimings: AttemptTimings = {
  settleAfterMs: 25_000,
  uncalledMs: 10_000,
  inFlightMs: 20_000,
  retryMs: 15_000,
  sweepAfterMs: 30_000,
  lateChecksMs: [120_000, 600_000, 3_600_000],
  patienceMs: 8_000,
};

export interface AttemptDeps extends IntakeDeps {
  db: Database;
  statements: Statements;
  acuity: Acuity;
  availability: AvailabilityService;
  questions: Questions;
  specialists: SpecialistRepository;
  audit: AuditLog;
  digests: KeyedDigests;
  jobs: JobQueue;
  clock: Clock;
  ids: Ids;
  log: Logger;
  announce: Announce;
  /**
   * URL of the page that finds the booking with this reference: sent to Acuity as the answer to a question for a file.
   */
  addressOf: (reference: string) => string;
  timings?: Partial<AttemptTimings>;
  /** For tests that kill the process here: called with the name of the step that was reached. */
  onStep?: (step: string) => Promise<void> | void;
}

export function timingsOf(deps: AttemptDeps): AttemptTimings {
  return { ...usualTimings, ...deps.timings };
}

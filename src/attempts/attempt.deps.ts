import type { Logger } from 'pino';
import type { AuditLog } from '../audit/index.ts';
import type { AvailabilityService } from '../availability/index.ts';
import type { Announce, IntakeDeps } from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import type { Acuity } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Questions } from '../questions/index.ts';
import type { SpecialistRepository } from '../specialists/index.ts';

/** Milliseconds, all by the database's clock. */
export interface AttemptTimings {
  /** When the worker settles an attempt whose request should long be over. */
  settleAfterMs: number;
  /** After this age an attempt that was never called is taken for abandoned: its process died. */
  uncalledMs: number;
  /** Longer than any call to Acuity can take, including the wait for the rate limit. */
  inFlightMs: number;
  /** Between two tries while Acuity is out of reach. */
  retryMs: number;
  /** The sweep takes open attempts that are older. */
  sweepAfterMs: number;
  /** When Acuity is asked again about an attempt that failed. */
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
  acuity: Acuity;
  availability: AvailabilityService;
  questions: Questions;
  specialists: SpecialistRepository;
  audit: AuditLog;
  jobs: JobQueue;
  clock: Clock;
  ids: Ids;
  log: Logger;
  announce: Announce;
  /** The page that finds the booking of this reference: sent to Acuity as the answer to a question for a file. */
  addressOf: (reference: string) => string;
  timings?: Partial<AttemptTimings>;
  /** For tests that end the process here; called with the name of the step just reached. */
  onStep?: (step: string) => Promise<void> | void;
}

export function timingsOf(deps: AttemptDeps): AttemptTimings {
  return { ...usualTimings, ...deps.timings };
}

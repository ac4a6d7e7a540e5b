import type { Logger } from 'pino';
import type { AuditLog } from '../audit/index.ts';
import type { AvailabilityService } from '../availability/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import type { Acuity } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Questions } from '../questions/index.ts';
import type { SpecialistRepository } from '../specialists/index.ts';

export const bookingMailKinds = [
  'booking_confirmation',
  'booking_rescheduled',
  'booking_cancelled',
  'booking_failed',
  'booking_no_show',
  'booking_reminder',
  'document_added',
  'report_ready',
] as const;
export type BookingMailKind = (typeof bookingMailKinds)[number];

/**
 * What happened, and to which booking. Who is told follows from the kind (src/email/email.audience.ts), in the caller's
 * transaction. The same occasion announced twice is one message for each recipient.
 */
export interface Announcement {
  kind: BookingMailKind;
  /** Null: an attempt to book that failed. */
  bookingId: string | null;
  /** The attempt that led to it; null or left out when Acuity told us and nobody here asked for it. */
  intentionId?: string | null;
  /** The document that it is about. */
  documentId?: string;
  /** Tells messages of one kind about one booking apart. Default: the attempt, else the document, else the booking. */
  occasion?: string;
  /** These people and nobody else; who switched the kind off is still left out. */
  recipientIds?: readonly string[];
  /** Who did it, and need not be told. */
  exceptId?: string;
  /** Of an examination that moved: when it was before. */
  previousStartsAt?: Date;
}

export type Announce = (trx: Transaction, announcement: Announcement) => Promise<void>;

/** Milliseconds, all by the database's clock. */
export interface BookingTimings {
  /** When the worker looks after an intention whose request should long be over. */
  settleAfterMs: number;
  /** An intention for which Acuity was not called by then never will be: its process is gone. */
  uncalledMs: number;
  /** Longer than any call to Acuity can be under way, waiting for its turn included. */
  inFlightMs: number;
  /** Between two looks while Acuity is out of reach. */
  retryMs: number;
  /** The sweep takes what is open and older. */
  sweepAfterMs: number;
  /** When a failed intention is looked at again. */
  lateChecksMs: readonly number[];
  /** How long a repeated request waits for the first one's answer. */
  patienceMs: number;
}

export const usualTimings: BookingTimings = {
  settleAfterMs: 25_000,
  uncalledMs: 10_000,
  inFlightMs: 20_000,
  retryMs: 15_000,
  sweepAfterMs: 30_000,
  lateChecksMs: [120_000, 600_000, 3_600_000],
  patienceMs: 8_000,
};

export interface BookingDeps {
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
  /** Where the booking of this reference is found: sent to Acuity for a document that will be uploaded to it. */
  addressOf: (reference: string) => string;
  /** Overrides the row `reference` of intake_fields. */
  referenceFieldId?: number | undefined;
  /** The question of Acuity's form whose answer is the referrer's address; unset: the client's own. */
  referrerFieldId?: number | undefined;
  timings?: Partial<BookingTimings>;
  /** For tests that end the process here; called with the name of the step just reached. */
  onStep?: (step: string) => Promise<void> | void;
}

export function timingsOf(deps: BookingDeps): BookingTimings {
  return { ...usualTimings, ...deps.timings };
}

import type { Logger } from 'pino';
import type { AuditLog } from '../audit/index.ts';
import type { Announce } from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import type { Statements } from '../db/statements.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Scanner } from '../ports/scanner.ts';
import type { DocumentKind } from './content/index.ts';

export interface DocumentLimits {
  maxBytes: number;
  maxFiles: number;
  kinds: readonly DocumentKind[];
}

export interface DocumentTimings {
  /** A request that takes longer is refused, because the sweep may already remove its objects. */
  uploadMs: number;
  /** The sweep removes pending objects that are older. Must be longer than `uploadMs`. */
  abandonedMs: number;
  /** A document that has waited longer for its scan gets a new job. */
  scanOverdueMs: number;
}

export const usualTimings: DocumentTimings = {
  uploadMs: 6 * 3_600_000,
  abandonedMs: 24 * 3_600_000,
  scanOverdueMs: 15 * 60_000,
};

export interface DocumentDeps {
  db: Database;
  statements: Statements;
  store: ObjectStore;
  /** Null: uploads are not scanned. */
  scanner: Scanner | null;
  audit: AuditLog;
  jobs: JobQueue;
  clock: Clock;
  ids: Ids;
  log: Logger;
  announce: Announce;
  limits: DocumentLimits;
  /** How long a deleted document's bytes are kept; null: for ever. */
  retentionDays: number | null;
  timings?: Partial<DocumentTimings>;
  /** For tests that end the process here; called with the name of the step just reached. */
  onStep?: (step: string) => Promise<void> | void;
}

export function timingsOf(deps: Pick<DocumentDeps, 'timings'>): DocumentTimings {
  return { ...usualTimings, ...deps.timings };
}

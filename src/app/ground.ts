// What nearly every room needs: opened once, handed to each.
import { pino, type Logger } from 'pino';
import { createPgJobQueue } from '../adapters/pg-job-queue.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemIds } from '../adapters/system-ids.ts';
import { auditLog, type AuditLog } from '../audit/index.ts';
import type { Config } from '../config.ts';
import { openDatabase, type Database } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';

export interface Ground {
  db: Database;
  audit: AuditLog;
  jobs: JobQueue;
  clock: Clock;
  ids: Ids;
  log: Logger;
}

export function openGround(config: Config, overrides: { log?: Logger; clock?: Clock }): Ground {
  const db = openDatabase(
    config.DATABASE_URL,
    config.DATABASE_POOL_MAX,
    config.DATABASE_STATEMENT_TIMEOUT_MS,
  );
  return {
    db,
    audit: auditLog,
    jobs: createPgJobQueue(db),
    clock: overrides.clock ?? systemClock,
    ids: systemIds,
    log: overrides.log ?? pino({ level: config.LOG_LEVEL, base: null }),
  };
}

// What nearly every room needs: opened once, handed to each.
import type { Pool } from 'pg';
import { pino, type Logger } from 'pino';
import { createPgJobQueue } from '../adapters/pg-job-queue.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemIds } from '../adapters/system-ids.ts';
import { auditLog, type AuditLog } from '../audit/index.ts';
import type { Config } from '../config.ts';
import { logOutput } from './log.ts';
import { createKeptVersion, type KeptVersion } from '../db/kept-version.ts';
import { openDatabase, openPool, type Database } from '../db/knex.ts';
import { createStatements, type Statements } from '../db/statements.ts';
import { createKeyedDigests, type KeyedDigests } from '../lib/keyed-digests.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';

export interface Connections {
  db: Database;
  /** A second pool besides that of knex, for better-auth and `statements`. */
  pool: Pool;
}

export interface Ground extends Connections {
  statements: Statements;
  keptVersion: KeptVersion;
  audit: AuditLog;
  digests: KeyedDigests;
  jobs: JobQueue;
  clock: Clock;
  ids: Ids;
  log: Logger;
}

export interface GroundOverrides {
  log?: Logger;
  clock?: Clock;
  /** Ended with the system, like its own. */
  connections?: Connections;
}

export function openGround(config: Config, overrides: GroundOverrides): Ground {
  const log = overrides.log ?? pino({ level: config.LOG_LEVEL, base: null }, logOutput());
  const { db, pool } = overrides.connections ?? openConnections(config, log);
  return {
    db,
    pool,
    statements: createStatements(pool),
    keptVersion: createKeptVersion(),
    audit: auditLog,
    digests: createKeyedDigests(config.ENCRYPTION_KEYS),
    jobs: createPgJobQueue(db),
    clock: overrides.clock ?? systemClock,
    ids: systemIds,
    log,
  };
}

export function openConnections(config: Config, log: Logger): Connections {
  const { DATABASE_URL, DATABASE_POOL_MAX, DATABASE_STATEMENT_TIMEOUT_MS } = config;
  const db = openDatabase(DATABASE_URL, DATABASE_POOL_MAX, DATABASE_STATEMENT_TIMEOUT_MS);
  const pool = openPool(DATABASE_URL, DATABASE_POOL_MAX, DATABASE_STATEMENT_TIMEOUT_MS);
  pool.on('error', () => log.warn('A database connection was lost while idle'));
  return { db, pool };
}

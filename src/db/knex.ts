import knexModule from 'knex';
import type { Knex } from 'knex';
import pg from 'pg';

// Appointment ids and sequences fit a double. Calendar days stay strings, instead of midnights in some zone.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.DATE, (day) => day);

export type Database = Knex;
export type Transaction = Knex.Transaction;
/** For reads and writes that can join a transaction. */
export type Queryable = Knex | Knex.Transaction;

/** How long a request may wait for a new connection, and for a free one of the pool. */
const connectMs = 5_000;
const acquireMs = 10_000;
/** How long after the server's own limit an answer is awaited: the server hangs, or the network to it is gone. */
const silentMs = 5_000;
/** Ends transactions of a process that hangs between two statements, so that it does not keep its locks. */
const idleInTransactionMs = 300_000;

/** @param statementTimeoutMs after which the server cancels a statement; 0: never, for commands that read everything */
export function openDatabase(url: string, poolMax = 10, statementTimeoutMs = 0): Database {
  // Statements of a transaction may be sent together: see sendTogether in statements.ts.
  const connection = { ...connectionOf(url, statementTimeoutMs), pipeline: true };
  return knexModule.knex({
    client: 'pg',
    connection,
    pool: { min: 0, max: poolMax },
    acquireConnectionTimeout: acquireMs,
    // Without this knex prints every lost connection with its stack. The caller gets the error and logs it once.
    log: { warn: () => undefined, error: () => undefined },
  });
}

/** For better-auth, which cannot use knex, and for prepared statements (statements.ts). */
export function openPool(url: string, poolMax: number, statementTimeoutMs: number): pg.Pool {
  const connection = connectionOf(url, statementTimeoutMs);
  return new pg.Pool({ ...connection, max: poolMax, connectionTimeoutMillis: acquireMs });
}

// No lock_timeout: statement_timeout also ends a statement that waits for a lock.
function connectionOf(url: string, statementTimeoutMs: number) {
  return {
    connectionString: url,
    application_name: 'examdesk',
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    // Its connection is closed: what still arrives there would answer another query.
    ...(statementTimeoutMs > 0 && { query_timeout: statementTimeoutMs + silentMs }),
    idle_in_transaction_session_timeout: statementTimeoutMs > 0 ? idleInTransactionMs : 0,
  };
}

/** How many connections of the pool are in use. */
export function databaseUsage(db: Database): { used: number; idle: number; waiting: number } {
  const { pool } = db.client as {
    pool: { numUsed(): number; numFree(): number; numPendingAcquires(): number };
  };
  return { used: pool.numUsed(), idle: pool.numFree(), waiting: pool.numPendingAcquires() };
}

export function poolUsage(pool: pg.Pool): { used: number; idle: number; waiting: number } {
  const { totalCount, idleCount, waitingCount } = pool;
  return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

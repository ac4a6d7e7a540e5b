import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
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
/** An answer that is later than the server's own limit by this much never comes: the server or the network has failed. */
const silentMs = 5_000;
/** Ends transactions of a process that hangs between two statements, so that it does not keep its locks. */
const idleInTransactionMs = 300_000;

/** @param statementTimeoutMs after which the server cancels a statement; 0: never, for commands that read everything */
export function openDatabase(url: string, poolMax = 10, statementTimeoutMs = 0): Database {
  return knexModule.knex({
    client: 'pg',
    connection: connectionOf(url, statementTimeoutMs),
    pool: {
      min: 0,
      max: poolMax,
      afterCreate(client: pg.ClientBase, done: (error: null, client: pg.ClientBase) => void) {
        endOnFatalError(client);
        done(null, client);
      },
      validate: isOpen,
    },
    acquireConnectionTimeout: acquireMs,
    // Without this knex prints every lost connection with its stack. The caller gets the error and logs it once.
    log: { warn: () => undefined, error: () => undefined },
  });
}

/** For better-auth, which cannot use knex, and for prepared statements (statements.ts). */
export function openPool(url: string, poolMax: number, statementTimeoutMs: number): pg.Pool {
  const connection = connectionOf(url, statementTimeoutMs);
  const pool = new pg.Pool({ ...connection, max: poolMax, connectionTimeoutMillis: acquireMs });
  pool.on('connect', endOnFatalError);
  // The pool would keep a client whose connection is closed: its holder may release it without an error.
  pool.on('release', (_error, client) => {
    if (!isOpen(client)) void client.end();
  });
  return pool;
}

/** PostgreSQL closes the connection a moment after a fatal error. Closes it at once, so that nothing more is sent on it. */
function endOnFatalError(client: pg.ClientBase): void {
  const { connection } = client as unknown as InternalClient;
  connection.on('errorMessage', ({ severity }: pg.DatabaseError) => {
    if (severity === 'FATAL') connection.stream.destroy();
  });
}

/** False as soon as the socket is closed; pg itself notices a fatal error or a time-out some moments later. */
function isOpen(client: pg.ClientBase): boolean {
  return (client as unknown as InternalClient).connection.stream.writable;
}

/** The members of pg's Client that its types leave out. */
interface InternalClient {
  connection: EventEmitter & { stream: Duplex };
}

// No lock_timeout: statement_timeout also ends a statement that waits for a lock.
function connectionOf(url: string, statementTimeoutMs: number) {
  return {
    connectionString: url,
    application_name: 'examdesk',
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    // Requests read few rows. Parallel workers would serve none of them, and weighing them made planning a join of large
    // tables half as long again.
    ...(statementTimeoutMs > 0 && { options: '-c max_parallel_workers_per_gather=0' }),
    // Sends statements without waiting for the answers to earlier ones (sendTogether in statements.ts).
    pipeline: true,
    // Closes a connection on which an answer has been awaited for too long.
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

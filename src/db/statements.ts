// The queries of nearly every request: named, so that PostgreSQL parses and plans each once a connection, and sent
// without knex, which builds and formats its text anew each time.
import type { Writable } from 'node:stream';
import type pg from 'pg';
import type { Knex } from 'knex';
import type { Database, Queryable, Transaction } from './knex.ts';
import { isPreparationLost, PreparedBatch, type BatchDone } from './prepared-batch.ts';
import { isTransaction } from './transaction.ts';

/**
 * Of a value by which PostgreSQL estimates rows (`limit $1`, `at > $2`) write `(select $1::integer)`: else it may find the
 * plan for each value cheaper than one for all, and plan at each execution. `npm run bench -- flat` tells which do.
 */
export interface Statement {
  /** One name, one text. */
  name: string;
  text: string;
}

/** A statement with its values. `Row`: what it returns. */
export interface Call<Row = unknown> extends Statement {
  values: unknown[];
  row?: Row;
}

export interface Statements {
  rows<Row>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

export function createStatements(pool: Queried): Statements {
  return {
    async rows<Row>({ name, text }: Statement, values: unknown[]) {
      const asked: readonly [Call<Row>] = [{ name, text, values }];
      return (await sendAlone(pool, asked))[0];
    },
  };
}

/** What each call of a list returns. */
export type Answers<Calls extends readonly Call[]> = {
  [Place in keyof Calls]: Calls[Place] extends Call<infer Row> ? Row[] : never;
};

/**
 * Sends all calls at once, and waits for the answers: one round trip, in the open transaction or in one of their own.
 * They are carried out in this order; the first that fails fails the transaction, and its error is thrown.
 */
export async function sendTogether<Calls extends readonly Call[]>(
  db: Queryable,
  ...calls: Calls
): Promise<Answers<Calls>> {
  const client = db.client as KnexClient;
  const connection = await client.acquireConnection();
  if (isTransaction(db)) {
    // Its connection serves somebody else by now.
    if (db.isCompleted()) throw new Error('Statements were sent to a transaction that has ended');
    return send(connection, calls);
  }
  try {
    return await sendAlone(connection, calls);
  } finally {
    await client.releaseConnection(connection);
  }
}

/**
 * Two transactions in one round trip. Throws the error of the first. The second is carried out after the first, also when
 * that failed.
 */
export async function sendInTurn<First extends readonly Call[], Second extends readonly Call[]>(
  db: Database,
  first: First,
  second: Second,
): Promise<[Answers<First>, PromiseSettledResult<Answers<Second>>]> {
  refuseInside(db);
  const client = db.client as KnexClient;
  const connection = await client.acquireConnection();
  try {
    const { stream } = (connection as unknown as { connection: { stream: Writable } }).connection;
    // Both leave in one system call.
    stream.cork();
    const sent = [send(connection, first), sendAlone(connection, second)] as const;
    stream.uncork();
    const [one, other] = await Promise.allSettled(sent);
    if (one.status === 'rejected') throw one.reason;
    return [one.value, other];
  } finally {
    await client.releaseConnection(connection);
  }
}

/** What a transaction ends with: the statements sent with its commit, and the result that their answers make. */
export interface Ending<Result> {
  calls: readonly Call[];
  result: (answers: readonly unknown[][]) => Result;
}

export function endWith<const Calls extends readonly Call[], Result>(
  calls: Calls,
  result: (answers: Answers<Calls>) => Result,
): Ending<Result> {
  return { calls, result: (answers) => result(answers as unknown as Answers<Calls>) };
}

const begin: Call = { name: 'begin', text: 'begin', values: [] };
const commit: Call = { name: 'commit', text: 'commit', values: [] };

/**
 * A transaction in few round trips: `first` is sent with its begin, and what `work` ends with is sent with its commit.
 * @param first reads and locks only: a begin that failed is known when their answers arrive
 */
export async function transact<const First extends readonly Call[], Result>(
  db: Database,
  first: First,
  work: (trx: Transaction, answers: Answers<First>) => Promise<Ending<Result>>,
): Promise<Result> {
  refuseInside(db);
  let hasBegun = false;
  const beginWork = (trx: Transaction, answers: Answers<First>) => {
    hasBegun = true;
    return work(trx, answers);
  };
  try {
    return await transactOnce(db, first, beginWork);
  } catch (error) {
    if (hasBegun || !isPreparationLost(error)) throw error;
    return transactOnce(db, first, beginWork);
  }
}

async function transactOnce<const First extends readonly Call[], Result>(
  db: Database,
  first: First,
  work: (trx: Transaction, answers: Answers<First>) => Promise<Ending<Result>>,
): Promise<Result> {
  let begun: Promise<readonly unknown[][]> | undefined;
  const running = db.transaction(async (trx) => {
    const [, ...answers] = (await begun) ?? [];
    const { calls, result } = await work(trx, answers as unknown as Answers<First>);
    const connection = await (trx.client as KnexClient).acquireConnection();
    return result((await send(connection, [...calls, commit])).slice(0, -1));
  });
  const knexTransaction = running as unknown as KnexTransaction<Result>;
  knexTransaction.begin = async (connection) => {
    begun = send(connection, [begin, ...first]);
    // When a statement of `first` failed, the transaction has begun, and knex rolls it back.
    await begun.catch(() => undefined);
  };
  // The transaction has been committed together with what its work ended with.
  knexTransaction.commit = async (_connection, result) => {
    const { _resolver: resolve } = knexTransaction;
    Object.assign(knexTransaction, { _completed: true });
    resolve(result);
  };
  return running;
}

/** What knex calls internal. In a transaction it hands out the transaction's connection. */
interface KnexClient {
  acquireConnection(): Promise<pg.ClientBase>;
  releaseConnection(connection: pg.ClientBase): Promise<void>;
}

/** A transaction of knex, which calls `begin` in a later turn than the one that made it. */
interface KnexTransaction<Result> {
  begin(connection: pg.ClientBase): Promise<void>;
  commit(connection: pg.ClientBase, result: Result): Promise<void>;
  _resolver: (result: Result) => void;
}

/** In a transaction of its own, of which nothing was kept when a preparation was lost: so it can be sent again. */
async function sendAlone<Calls extends readonly Call[]>(db: Queried, calls: Calls): Promise<Answers<Calls>> {
  try {
    return await send(db, calls);
  } catch (error) {
    if (!isPreparationLost(error)) throw error;
    return send(db, calls);
  }
}

async function send<Calls extends readonly Call[]>(db: Queried, calls: Calls): Promise<Answers<Calls>> {
  if (calls.length === 0) return [] as unknown as Answers<Calls>;
  try {
    return await new Promise((resolve, reject) => {
      db.query(new PreparedBatch(calls), (error, answers) =>
        error ? reject(error) : resolve(answers as unknown as Answers<Calls>),
      );
    });
  } catch (error) {
    // Else it shows the socket's events, and not who sent the statement.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

/** knex would make a savepoint of it, and its commit would end the outer transaction. */
function refuseInside(db: Queryable): void {
  if (isTransaction(db)) throw new Error('A transaction was begun inside another');
}

/** Of pg, a pool or a connection. */
interface Queried {
  query(query: PreparedBatch, done: BatchDone): unknown;
}

/** Where each execution puts a value. */
class Placeholder {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
}

/** A statement that is built once. */
export interface Prepared<Row, Given> {
  (deps: { db: Database; statements: Statements }, given: Given): Promise<Row[]>;
  /** For `sendTogether`. */
  call(db: Queryable, given: Given): Call<Row>;
}

/**
 * A statement from a knex query, which is built once.
 * @param build gets a placeholder for each value by its name; the query's text must be the same each time
 */
export function prepare<Row, Given extends object = Record<string, never>>(
  name: string,
  build: (db: Queryable, given: Given) => Knex.QueryBuilder | Knex.Raw,
): Prepared<Row, Given> {
  let built: { text: string; bindings: readonly unknown[] } | null = null;
  const call = (db: Queryable, given: Given): Call<Row> => {
    if (!built) {
      const placeholders = Object.fromEntries(Object.keys(given).map((key) => [key, new Placeholder(key)]));
      const { sql, bindings } = build(db, placeholders as Given)
        .toSQL()
        .toNative();
      built = { text: sql, bindings };
    }
    const values = built.bindings.map((one) =>
      one instanceof Placeholder ? given[one.key as keyof Given] : one,
    );
    return { name, text: built.text, values };
  };
  const run = ({ db, statements }: { db: Database; statements: Statements }, given: Given) => {
    const asked = call(db, given);
    return statements.rows<Row>(asked, asked.values);
  };
  return Object.assign(run, { call });
}

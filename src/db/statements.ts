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
export interface Query<Row = unknown> extends Statement {
  values: unknown[];
  row?: Row;
}

export interface Statements {
  rows<Row>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

export function createStatements(pool: PoolOrConnection): Statements {
  return {
    async rows<Row>({ name, text }: Statement, values: unknown[]) {
      const queries: readonly [Query<Row>] = [{ name, text, values }];
      return (await sendAlone(pool, queries))[0];
    },
  };
}

/** What each query of a list returns. */
export type Answers<Queries extends readonly Query[]> = {
  [Place in keyof Queries]: Queries[Place] extends Query<infer Row> ? Row[] : never;
};

/**
 * Sends all queries at once, and waits for the answers: one round trip, in the open transaction or in one of their own.
 * They are carried out in this order; the first that fails fails the transaction, and its error is thrown.
 */
export async function sendTogether<Queries extends readonly Query[]>(
  db: Queryable,
  ...queries: Queries
): Promise<Answers<Queries>> {
  const client = db.client as KnexClient;
  const connection = await client.acquireConnection();
  if (isTransaction(db)) {
    // Its connection serves somebody else by now.
    if (db.isCompleted()) throw new Error('Statements were sent to a transaction that has ended');
    return send(connection, queries);
  }
  try {
    return await sendAlone(connection, queries);
  } finally {
    await client.releaseConnection(connection);
  }
}

/**
 * Two transactions in one round trip. Throws the error of the first. The second is carried out after the first, also when
 * that failed.
 */
export async function sendInTurn<First extends readonly Query[], Second extends readonly Query[]>(
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
  queries: readonly Query[];
  result: (answers: readonly unknown[][]) => Result;
}

export function endWith<const Queries extends readonly Query[], Result>(
  queries: Queries,
  result: (answers: Answers<Queries>) => Result,
): Ending<Result> {
  return { queries, result: (answers) => result(answers as unknown as Answers<Queries>) };
}

const begin: Query = { name: 'begin', text: 'begin', values: [] };
const commit: Query = { name: 'commit', text: 'commit', values: [] };

/**
 * A transaction in few round trips: `first` is sent with its begin, and what `work` ends with is sent with its commit.
 * @param first reads and locks only: a begin that failed is known when their answers arrive
 */
export async function transact<const First extends readonly Query[], Result>(
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

async function transactOnce<const First extends readonly Query[], Result>(
  db: Database,
  first: First,
  work: (trx: Transaction, answers: Answers<First>) => Promise<Ending<Result>>,
): Promise<Result> {
  let begun: Promise<readonly unknown[][]> | undefined;
  const running = db.transaction(async (trx) => {
    const [, ...answers] = (await begun) ?? [];
    const { queries, result } = await work(trx, answers as unknown as Answers<First>);
    const connection = await (trx.client as KnexClient).acquireConnection();
    return result((await send(connection, [...queries, commit])).slice(0, -1));
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
async function sendAlone<Queries extends readonly Query[]>(
  to: PoolOrConnection,
  queries: Queries,
): Promise<Answers<Queries>> {
  try {
    return await send(to, queries);
  } catch (error) {
    if (!isPreparationLost(error)) throw error;
    return send(to, queries);
  }
}

async function send<Queries extends readonly Query[]>(
  to: PoolOrConnection,
  queries: Queries,
): Promise<Answers<Queries>> {
  if (queries.length === 0) return [] as unknown as Answers<Queries>;
  try {
    return await new Promise((resolve, reject) => {
      to.query(new PreparedBatch(queries), (error, answers) =>
        error ? reject(error) : resolve(answers as unknown as Answers<Queries>),
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

/** Of pg. */
interface PoolOrConnection {
  query(query: PreparedBatch, done: BatchDone): unknown;
}

/** Where each execution puts a value. */
class Placeholder {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
}

export interface PreparedQuery<Row, Given> {
  /** Returns the query with these values; sends nothing. */
  (db: Queryable, given: Given): Query<Row>;
  /** Sends the query by itself, and returns its rows. */
  rows(deps: { db: Database; statements: Statements }, given: Given): Promise<Row[]>;
}

/**
 * A statement from a knex query, which is built once.
 * @param build gets a placeholder for each value by its name; the query's text must be the same each time
 */
export function prepare<Row, Given extends object = Record<string, never>>(
  name: string,
  build: (db: Queryable, given: Given) => Knex.QueryBuilder | Knex.Raw,
): PreparedQuery<Row, Given> {
  let built: { text: string; bindings: readonly unknown[] } | null = null;
  const query = (db: Queryable, given: Given): Query<Row> => {
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
  const rows = ({ db, statements }: { db: Database; statements: Statements }, given: Given) => {
    const one = query(db, given);
    return statements.rows<Row>(one, one.values);
  };
  return Object.assign(query, { rows });
}

// Sends the queries of nearly every request as named statements. PostgreSQL parses and plans a named statement once for each
// connection, and its text is built once; knex builds and formats a query's text each time. Other queries use knex.
//
// A function whose name ends in Query builds a query and sends nothing (`insertBookingQuery`). There are four ways to send:
// - `statements.rows(statement, values)`, or `someQuery.rows(deps, given)`: one query, outside any transaction;
//   `statements.shortRows(statement, values)` for the one that reads a request's session.
// - `sendTogether(db, ...queries)`: several queries in one round trip, in the open transaction or in one of their own. For
//   queries of which none needs another's answer.
// - `transact(db, first, work)`: a transaction. Its `begin` is sent together with the first queries, its `commit` together
//   with the last ones, which `work` returns with `endWith`. It saves the round trips for `begin` and `commit`.
// - `sendInTurn(db, first, second)`: two transactions in one round trip. For a second one that may only begin when other
//   connections see the first (an attempt is stored, then claimed).
import type pg from 'pg';
import type { Knex } from 'knex';
import type { Database, Queryable, Transaction } from './knex.ts';
import { inOneWrite, isPreparationLost, PreparedBatch, type BatchDone } from './prepared-batch.ts';
import { sharedConnection, type ConnectingPool } from './shared-connection.ts';
import { isTransaction } from './transaction.ts';

/**
 * Write a parameter by which PostgreSQL estimates a number of rows (`limit $1`, `at > $2`) as `(select $1::integer)`.
 * Otherwise PostgreSQL may expect a plan for each value to be cheaper than one plan for all, and plan at each execution.
 * `npm run bench -- flat` names the statements that are planned at each execution.
 */
export interface Statement {
  /** A name always stands for the same text. */
  name: string;
  text: string;
}

/** A statement with its values, ready to be sent. `Row`: the type of the rows that it returns. */
export interface Query<Row = unknown> extends Statement {
  values: unknown[];
  row?: Row;
}

export interface Statements {
  rows<Row>(statement: Statement, values: unknown[]): Promise<Row[]>;
  /**
   * For reads that take a small part of a millisecond and wait for no lock: all that are under way share one connection, and
   * a slow one would delay the others.
   */
  shortRows<Row>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

export function createStatements(pool: PoolOrConnection & ConnectingPool): Statements {
  const shared = sharedConnection(pool);
  const rowsBy =
    (to: PoolOrConnection) =>
    async <Row>({ name, text }: Statement, values: unknown[]): Promise<Row[]> => {
      const queries: readonly [Query<Row>] = [{ name, text, values }];
      return (await sendAlone(to, queries))[0];
    };
  return { rows: rowsBy(pool), shortRows: rowsBy(shared) };
}

/** The rows of each query of a list, in the same order. */
export type Answers<Queries extends readonly Query[]> = {
  [Place in keyof Queries]: Queries[Place] extends Query<infer Row> ? Row[] : never;
};

/** Finds the rows of a query among the answers to `queries`, which were sent together. */
export function answersTo(
  queries: readonly Query[],
  answers: readonly unknown[][],
): <Row>(query: Query<Row>) => Row[] {
  return <Row>(query: Query<Row>) => {
    const place = queries.indexOf(query);
    if (place < 0) throw new Error(`The query ${query.name} was not sent`);
    return answers[place] as Row[];
  };
}

/**
 * Sends all queries at once and waits for the answers: one round trip, in the open transaction or in one of their own.
 * PostgreSQL carries them out in this order. When one fails, the transaction fails, and the error of that query is thrown.
 */
export async function sendTogether<Queries extends readonly Query[]>(
  db: Queryable,
  ...queries: Queries
): Promise<Answers<Queries>> {
  const client = db.client as KnexClient;
  const connection = await client.acquireConnection();
  if (isTransaction(db)) {
    // Another caller may be using its connection by now.
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
 * Sends two transactions in one round trip. PostgreSQL carries out the second after the first, also when the first failed.
 * Throws the error of the first; returns how the second ended. When a prepared statement of the first was lost, nothing of
 * it was kept, and both are sent once more.
 * @param second must be safe to repeat: it is carried out twice when the first was lost
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
    let [one, other] = await sendBoth(connection, first, second);
    if (one.status === 'rejected' && isPreparationLost(one.reason))
      [one, other] = await sendBoth(connection, first, second);
    if (one.status === 'rejected') throw one.reason;
    return [one.value, other];
  } finally {
    await client.releaseConnection(connection);
  }
}

function sendBoth<First extends readonly Query[], Second extends readonly Query[]>(
  connection: pg.ClientBase,
  first: First,
  second: Second,
): Promise<[PromiseSettledResult<Answers<First>>, PromiseSettledResult<Answers<Second>>]> {
  return Promise.allSettled(
    inOneWrite(connection, () => [send(connection, first), sendAlone(connection, second)] as const),
  );
}

/** How the work of `transact` ends: the queries to send together with the commit, and what to return of their answers. */
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
 * Runs a transaction in few round trips: `begin` is sent together with `first`, `commit` together with the queries that
 * `work` ends with. Starts again when a prepared statement of `first` was lost, because `work` has not run yet.
 * @param first reads and locks only: whether `begin` succeeded is known only once their answers arrive
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
    // An error is thrown where the transaction's function awaits `begun`: knex then rolls back.
    await begun.catch(() => undefined);
  };
  // Sends nothing: the function above has sent the commit already.
  knexTransaction.commit = async (_connection, result) => {
    const { _resolver: resolve } = knexTransaction;
    Object.assign(knexTransaction, { _completed: true });
    resolve(result);
  };
  return running;
}

/** Internal to knex. The client of a transaction hands out the transaction's connection. */
interface KnexClient {
  acquireConnection(): Promise<pg.ClientBase>;
  releaseConnection(connection: pg.ClientBase): Promise<void>;
}

/**
 * Internal to knex. knex calls `begin` in a later turn of the event loop than the one that made the transaction, so both
 * methods can be replaced in between.
 */
interface KnexTransaction<Result> {
  begin(connection: pg.ClientBase): Promise<void>;
  commit(connection: pg.ClientBase, result: Result): Promise<void>;
  _resolver: (result: Result) => void;
}

/** Sends queries outside a transaction. When a prepared statement was lost, nothing was kept: they are sent once more. */
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
    // pg's stack shows the events of the socket; this one shows who sent the queries.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

/** Inside a transaction knex would make a savepoint, and the commit that we send would end the outer transaction. */
function refuseInside(db: Queryable): void {
  if (isTransaction(db)) throw new Error('A transaction was begun inside another');
}

/** A pool or a connection of pg. */
interface PoolOrConnection {
  query(query: PreparedBatch, done: BatchDone): unknown;
}

/** Stands for a value while a statement is built; each query then has its own value in this place. */
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
 * Makes a named statement from a knex query. `build` runs once, with a placeholder for each value.
 * @param build must give the same text whatever the values are
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

// A batch of named statements: sent in one write, carried out one after the other, and answered at once. It saves what pg
// does for each statement:
// - pg ends each statement with a Sync message, at which PostgreSQL sends what it has answered so far. Eleven statements sent
//   in one system call came back in eight, and each of the eight woke this process. A batch has one Sync, and one answer.
// - pg asks PostgreSQL to describe the columns at each execution. For thirty columns the description is longer than a row.
//   A batch asks for it once for each statement and connection.
//
// It relies on parts of pg that are not documented: see `checkedPg`, and test/db/pg-internals.unit.test.ts.
import type { Writable } from 'node:stream';
import pg from 'pg';

/**
 * The version of pg whose source was read for these assumptions:
 * - `Query`: a subclass may be sent in pipeline mode. pg calls `submit` to send it, a `handle…` method for each message of
 *   the answer, and at the end either `handleReadyForQuery` or `handleError`, once. Without a `name` pg itself does not keep
 *   track of prepared statements
 * - `Connection`: `parse`, `bind`, `describe`, `execute`, `close`, `sync` and `query` write through `_send`
 * - `Result`: `addFields`, `parseRow`; `utils.prepareValue`
 */
export const checkedPg = '8.23.1';

export interface NamedStatement {
  name: string;
  text: string;
  values: readonly unknown[];
}

/** The members of pg's Query that its types leave out. */
interface InternalQuery {
  callback: BatchDone;
  submit(connection: pg.Connection): Error | null;
  handleRowDescription(message: { fields: unknown[] }): void;
  handleDataRow(message: { fields: unknown[] }): void;
  handleCommandComplete(message: { text: string }): void;
  handleEmptyQuery(): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
}

/** pg's Result, which turns the columns of a row into values. */
interface RowReader {
  addFields(fields: unknown[]): void;
  parseRow(fields: unknown[]): unknown;
}

export type BatchDone = (error: Error | null | undefined, answers: unknown[][]) => void;

/** The members of pg's Connection that its types leave out. */
interface InternalConnection {
  stream: Writable;
  query(text: string): void;
  close(what: { type: 'S'; name: string }): void;
  parse(statement: { name: string; text: string }): void;
  bind(values: { statement: string; values: readonly unknown[] }): void;
  describe(what: { type: 'P' }): void;
  execute(): void;
  sync(): void;
}

const internal = pg as unknown as {
  utils: { prepareValue: (value: unknown) => unknown };
  Query: new (text: string) => Omit<pg.Query, keyof InternalQuery> & InternalQuery;
  Result: new (rowMode: undefined, types: typeof pg.types) => RowReader;
};
const { prepareValue } = internal.utils;

/** A statement as one connection has prepared it. */
interface Preparation {
  text: string;
  /**
   * PostgreSQL has carried it out at least once. Until then it may be unknown to PostgreSQL, which skips the rest of a batch,
   * preparations included, after an error.
   */
  isConfirmed: boolean;
  /** Null: the statement returns no rows. Undefined: PostgreSQL has not described its columns yet. */
  reader: RowReader | null | undefined;
}

/**
 * By the statement's name. A reader is valid as long as its statement is, because PostgreSQL refuses a statement whose
 * columns have changed since it was prepared.
 */
type Preparations = Map<string, Preparation>;

interface Writer {
  known: Preparations;
  /** The same connection, but it appends bytes to `written` instead of writing them to the socket. */
  collecting: InternalConnection;
  written: Buffer[];
}

let writers = new WeakMap<object, Writer>();

/** PostgreSQL cuts longer names, so that two with the same beginning would be one statement. */
const longestName = 63;

/** PostgreSQL no longer has what was prepared (a pooler's DISCARD ALL), or a migration has changed its columns. */
export function isPreparationLost(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code === '26000' || (error.code === '0A000' && /cached plan/.test(error.message));
}

/**
 * Outside a transaction PostgreSQL keeps the changes of all its statements, or none. When a statement fails, PostgreSQL skips
 * the rest of the batch, and the batch fails with the error of that statement. Send it with a callback: pg makes promises
 * only for its own queries.
 */
export class PreparedBatch extends internal.Query {
  readonly statements: readonly NamedStatement[];
  readonly #answers: unknown[][];
  /** The index of the statement whose answer is being read. */
  #at = 0;
  /** For each statement, the preparation that it was sent with. */
  #sent: Preparation[] = [];
  /** An error that was found here and that PostgreSQL did not report: the batch fails with it at its end. */
  #failed: unknown = null;

  constructor(statements: readonly NamedStatement[]) {
    // A text, not an object: pg copies an object with its property descriptors, which takes longer than the rest.
    super('');
    this.statements = statements;
    this.#answers = statements.map(() => []);
  }

  /**
   * Does not send the batch when a value cannot be written, or when a name belongs to another text. Queries that are queued
   * behind the batch are still sent, and a commit among them would keep a transaction that lacks this batch. So an invalid
   * statement is sent in place of the batch: PostgreSQL fails it, and with it the transaction.
   */
  override submit(given: pg.Connection): Error | null {
    const connection = given as unknown as InternalConnection;
    try {
      const messages = this.#messages(connection);
      // When the connection has ended, pg fails the batch with the error that ended it.
      if (connection.stream.writable) connection.stream.write(messages);
    } catch (error) {
      this.#failed = error;
      connection.query('refused by the client');
    }
    return null;
  }

  /**
   * The bytes of the batch. A statement that is not confirmed is closed before it is prepared, because an earlier batch whose
   * answer is still to come may have prepared it. PostgreSQL allows closing a name that it does not know.
   */
  #messages(connection: InternalConnection): Buffer {
    const { known, collecting, written } = writerOf(connection);
    written.length = 0;
    const values = this.statements.map((one) => one.values.map(prepareValue));
    const preparing: Preparations = new Map();
    const sent = this.statements.map(({ name, text }, at) => {
      let preparation = preparing.get(name) ?? known.get(name);
      refuseUnsendable(name, text, preparation);
      if (!preparation || (!preparation.isConfirmed && !preparing.has(name))) {
        preparation = { text, isConfirmed: false, reader: undefined };
        preparing.set(name, preparation);
        collecting.close({ type: 'S', name });
        collecting.parse({ name, text });
      }
      collecting.bind({ statement: name, values: values[at] ?? [] });
      if (preparation.reader === undefined) collecting.describe({ type: 'P' });
      collecting.execute();
      return preparation;
    });
    collecting.sync();
    const messages = Buffer.concat(written);
    for (const [name, preparation] of preparing) known.set(name, preparation);
    this.#sent = sent;
    return messages;
  }

  override handleRowDescription({ fields }: { fields: unknown[] }): void {
    const reader = new internal.Result(undefined, pg.types);
    reader.addFields(fields);
    const sent = this.#sent[this.#at];
    if (sent) sent.reader = reader;
  }

  override handleDataRow({ fields }: { fields: unknown[] }): void {
    if (this.#failed) return;
    try {
      this.#answers[this.#at]?.push(this.#sent[this.#at]?.reader?.parseRow(fields));
    } catch (error) {
      this.#failed = error;
    }
  }

  override handleCommandComplete({ text: tag }: { text: string }): void {
    // After a failure in the transaction PostgreSQL carries out a commit as a rollback, and reports no error.
    if (tag === 'ROLLBACK' && this.statements[this.#at]?.text === 'commit')
      this.#failed ??= new Error('The transaction was rolled back, not committed');
    this.#confirm();
  }

  override handleEmptyQuery(): void {
    this.#confirm();
  }

  #confirm(): void {
    const sent = this.#sent[this.#at];
    if (sent) {
      sent.isConfirmed = true;
      sent.reader ??= null;
    }
    this.#at += 1;
  }

  override handleReadyForQuery(): void {
    this.callback(this.#failed as Error | null, this.#answers);
  }

  override handleError(error: Error): void {
    // For all connections: when a migration has changed a table's columns, they all have outdated statements.
    if (isPreparationLost(error)) writers = new WeakMap();
    this.callback((this.#failed ?? error) as Error, []);
  }
}

/** What `send` writes leaves in one system call. @param client of pg */
export function inOneWrite<Sent>(client: object, send: () => Sent): Sent {
  const { stream } = (client as { connection: Pick<InternalConnection, 'stream'> }).connection;
  // Until `uncork` the socket collects what is written.
  stream.cork();
  const sent = send();
  stream.uncork();
  return sent;
}

function refuseUnsendable(name: string, text: string, before: Preparation | undefined): void {
  if (before && before.text !== text)
    throw new Error(`Prepared statements must be unique - '${name}' was used for a different statement`);
  if (!before && Buffer.byteLength(name) > longestName)
    throw new Error(`A prepared statement's name is longer than ${longestName} bytes: '${name}'`);
}

function writerOf(connection: InternalConnection): Writer {
  let writer = writers.get(connection);
  if (!writer) {
    const written: Buffer[] = [];
    const send = { value: (bytes: Buffer) => written.push(bytes) };
    const collecting = Object.create(connection, { _send: send }) as InternalConnection;
    writer = { known: new Map(), collecting, written };
    writers.set(connection, writer);
  }
  return writer;
}

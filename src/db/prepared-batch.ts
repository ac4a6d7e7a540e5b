// Named statements that PostgreSQL carries out one after the other and answers at once. pg ends each statement with a Sync,
// after which PostgreSQL sends what it has: eleven statements in one system call came back in eight, and each wakes this
// process. A batch has one Sync, so one answer. PostgreSQL describes a statement's columns once a connection: pg asks for
// their description at each execution; of thirty columns it is longer than a row.
//
// It relies on what pg does not document: see `checkedPg`, and test/db/pg-internals.unit.test.ts.
import type { Writable } from 'node:stream';
import pg from 'pg';

/**
 * The version of pg that these were read in:
 * - `Query`: a subclass may be sent in pipeline mode; `submit` sends it, each answer calls `handle…`, and its end exactly one
 *   of `handleReadyForQuery` and `handleError`; without a `name` pg keeps no account of prepared statements itself
 * - `Connection`: `parse`, `bind`, `describe`, `execute`, `close`, `sync` and `query` write through `_send`
 * - `Result`: `addFields`, `parseRow`; `utils.prepareValue`
 */
export const checkedPg = '8.23.1';

export interface NamedStatement {
  name: string;
  text: string;
  values: readonly unknown[];
}

/** What pg's Query has besides its types. */
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

/** How pg reads a row. */
interface RowReader {
  addFields(fields: unknown[]): void;
  parseRow(fields: unknown[]): unknown;
}

export type BatchDone = (error: Error | null | undefined, answers: unknown[][]) => void;

/** What a connection of pg has besides its types. */
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
  /** PostgreSQL has carried it out. Until then an earlier error may have made it skip the preparation. */
  isConfirmed: boolean;
  /** Null: it returns no rows. Undefined: its columns have not been described yet. */
  reader: RowReader | null | undefined;
}

/**
 * By name. PostgreSQL refuses a statement whose columns have changed since it was prepared, so a reader is valid as long as
 * its statement.
 */
type Preparations = Map<string, Preparation>;

let prepared = new WeakMap<object, Preparations>();

/** PostgreSQL cuts a longer name, and takes two of the same beginning for one. */
const longestName = 63;

/** PostgreSQL no longer has what was prepared (a pooler's DISCARD ALL), or a migration has changed its columns. */
export function isPreparationLost(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code === '26000' || (error.code === '0A000' && /cached plan/.test(error.message));
}

/**
 * Outside a transaction the statements are one: all are kept or none. The first that fails ends the batch, and its error
 * is the batch's. Send it with a callback: pg makes promises for its own queries only.
 */
export class PreparedBatch extends internal.Query {
  readonly statements: readonly NamedStatement[];
  readonly #answers: unknown[][];
  /** The statement that is being answered. */
  #at = 0;
  /** How each statement was sent. */
  #sent: Preparation[] = [];
  #failed: unknown = null;

  constructor(statements: readonly NamedStatement[]) {
    // pg copies an object with its property descriptors, which takes longer than all else that it does here.
    super('');
    this.statements = statements;
    this.#answers = statements.map(() => []);
  }

  /**
   * Some statements are refused without sending anything: one whose value cannot be written, or whose name has another
   * text. What was queued behind the batch would still be carried out, and a commit would keep it: so something that fails
   * is sent in its place, and ends the transaction.
   */
  override submit(given: pg.Connection): Error | null {
    const connection = given as unknown as InternalConnection;
    try {
      const messages = this.#messages(connection);
      // Else pg answers it with the error that ended the connection.
      if (connection.stream.writable) connection.stream.write(messages);
    } catch (error) {
      this.#failed = error;
      connection.query('refused by the client');
    }
    return null;
  }

  /**
   * A statement that is not known to be prepared is closed first, which PostgreSQL allows for any name: an earlier batch
   * that is still being answered may have prepared it or not.
   */
  #messages(connection: InternalConnection): Buffer {
    const written: Buffer[] = [];
    const known = preparationsOf(connection);
    const values = this.statements.map((one) => one.values.map(prepareValue));
    // The same connection, which keeps what it would send.
    const writing = Object.create(connection, {
      _send: { value: (bytes: Buffer) => written.push(bytes) },
    }) as InternalConnection;
    const preparing: Preparations = new Map();
    const sent = this.statements.map(({ name, text }, at) => {
      let preparation = preparing.get(name) ?? known.get(name);
      refuseUnsendable(name, text, preparation);
      if (!preparation || (!preparation.isConfirmed && !preparing.has(name))) {
        preparation = { text, isConfirmed: false, reader: undefined };
        preparing.set(name, preparation);
        writing.close({ type: 'S', name });
        writing.parse({ name, text });
      }
      writing.bind({ statement: name, values: values[at] ?? [] });
      if (preparation.reader === undefined) writing.describe({ type: 'P' });
      writing.execute();
      return preparation;
    });
    writing.sync();
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
    // In a transaction in which something has failed PostgreSQL carries out a commit as a rollback, without an error.
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
    // On other connections, too: the columns have changed for all.
    if (isPreparationLost(error)) prepared = new WeakMap();
    this.callback((this.#failed ?? error) as Error, []);
  }
}

function refuseUnsendable(name: string, text: string, before: Preparation | undefined): void {
  if (before && before.text !== text)
    throw new Error(`Prepared statements must be unique - '${name}' was used for a different statement`);
  if (!before && Buffer.byteLength(name) > longestName)
    throw new Error(`A prepared statement's name is longer than ${longestName} bytes: '${name}'`);
}

function preparationsOf(connection: InternalConnection): Preparations {
  let known = prepared.get(connection);
  if (!known) {
    known = new Map();
    prepared.set(connection, known);
  }
  return known;
}

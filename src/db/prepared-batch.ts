// Named statements that PostgreSQL carries out one after the other and answers at once. pg ends each statement with a Sync,
// after which PostgreSQL sends what it has: eleven statements in one system call came back in eight, and each wakes this
// process. A batch has one Sync, so one answer. PostgreSQL describes a statement's columns once a connection: pg asks for
// their description at each execution; of thirty columns it is longer than a row.
import type { Writable } from 'node:stream';
import pg from 'pg';

export interface NamedStatement {
  name: string;
  text: string;
  values: readonly unknown[];
}

/** What pg's Query has besides its types. */
interface InternalQuery {
  name: string | undefined;
  text: string;
  _result: { _types: unknown };
  callback: BatchDone;
  submit(connection: pg.Connection): Error | null;
  handleRowDescription(message: { fields: unknown[] }): void;
  handleDataRow(message: { fields: unknown[] }): void;
  handleCommandComplete(): void;
  handleEmptyQuery(): void;
  handleReadyForQuery(): void;
  handleError(error: Error, connection: pg.Connection): void;
}

/** How pg reads a row. */
interface RowReader {
  addFields(fields: unknown[]): void;
  parseRow(fields: unknown[]): unknown;
}

export type BatchDone = (error: Error | null | undefined, answers: unknown[][]) => void;

/** What a connection of pg has besides its types. */
interface InternalConnection {
  parsedStatements: Record<string, string>;
  submittedNamedStatements: Record<string, string>;
  stream: Writable;
  query(text: string): void;
  parse(statement: { name: string; text: string }): void;
  bind(values: { statement: string; values: readonly unknown[] }): void;
  describe(what: { type: 'P' }): void;
  execute(): void;
  sync(): void;
}

const internal = pg as unknown as {
  utils: { prepareValue: (value: unknown) => unknown };
  Query: new (text: string) => Omit<pg.Query, keyof InternalQuery> & InternalQuery;
  Result: new (rowMode: undefined, types: unknown) => RowReader;
};
const { prepareValue } = internal.utils;

/**
 * Outside a transaction the statements are one: all are kept or none. The first that fails ends the batch, and its error
 * is the batch's. Send it with a callback: pg makes promises for its own queries only.
 */
export class PreparedBatch extends internal.Query {
  readonly statements: readonly NamedStatement[];
  readonly #answers: unknown[][];
  /** The statement that is being answered. */
  #at = 0;
  #readers: Readers | undefined;
  #wasDescribed = false;
  #failed: unknown = null;

  constructor(statements: readonly NamedStatement[]) {
    // pg copies an object with its property descriptors, which takes longer than all else that it does here.
    super('');
    this.statements = statements;
    this.#answers = statements.map(() => []);
    this.#goTo(0);
  }

  /** pg notes the name and the text of the query that is being answered as prepared. */
  #goTo(at: number): void {
    this.#at = at;
    this.#wasDescribed = false;
    this.name = this.statements[at]?.name;
    this.text = this.statements[at]?.text ?? '';
  }

  /**
   * Some statements are refused without sending anything: one whose value cannot be written, or whose name has another
   * text. What was queued behind the batch would still be carried out, and a commit would keep it: so something that fails
   * is sent in its place, and ends the transaction.
   */
  override submit(given: pg.Connection): Error | null {
    const connection = given as unknown as InternalConnection;
    this.#readers = readersOf(connection);
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

  #messages(connection: InternalConnection): Buffer {
    const written: Buffer[] = [];
    const { parsedStatements: parsed, submittedNamedStatements: submitted } = connection;
    const values = this.statements.map((one) => one.values.map(prepareValue));
    for (const { name, text } of this.statements) {
      if ((parsed[name] ?? submitted[name] ?? text) !== text)
        throw new Error(`Prepared statements must be unique - '${name}' was used for a different statement`);
    }
    // The same connection, which keeps what it would send.
    const writing = Object.create(connection, {
      _send: { value: (bytes: Buffer) => written.push(bytes) },
    }) as InternalConnection;
    this.statements.forEach(({ name, text }, at) => {
      if (parsed[name] === undefined && submitted[name] === undefined) {
        writing.parse({ name, text });
        submitted[name] = text;
      }
      writing.bind({ statement: name, values: values[at] ?? [] });
      if (!this.#readers?.has(name)) writing.describe({ type: 'P' });
      writing.execute();
    });
    writing.sync();
    return Buffer.concat(written);
  }

  override handleRowDescription({ fields }: { fields: unknown[] }): void {
    const { _result: result } = this;
    const { _types: types } = result;
    const reader = new internal.Result(undefined, types);
    reader.addFields(fields);
    this.#readers?.set(this.name ?? '', reader);
    this.#wasDescribed = true;
  }

  override handleDataRow({ fields }: { fields: unknown[] }): void {
    if (this.#failed) return;
    try {
      this.#answers[this.#at]?.push(this.#readers?.get(this.name ?? '')?.parseRow(fields));
    } catch (error) {
      this.#failed = error;
    }
  }

  override handleCommandComplete(): void {
    const { name = '' } = this;
    // It returns no rows.
    if (!this.#wasDescribed && !this.#readers?.has(name)) this.#readers?.set(name, null);
    this.#goTo(this.#at + 1);
  }

  override handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  override handleReadyForQuery(): void {
    this.callback(this.#failed as Error | null, this.#answers);
  }

  override handleError(error: Error, given: pg.Connection): void {
    const { parsedStatements, submittedNamedStatements } = given as unknown as InternalConnection;
    // PostgreSQL has skipped what comes after the statement that failed.
    for (const { name } of this.statements) {
      if (parsedStatements[name] === undefined) delete submittedNamedStatements[name];
    }
    this.callback((this.#failed ?? error) as Error, []);
  }
}

/**
 * By the statement's name; null: it returns no rows. PostgreSQL refuses a statement whose columns have changed since it
 * was prepared.
 */
type Readers = Map<string, RowReader | null>;

const known = new WeakMap<InternalConnection, Readers>();

function readersOf(connection: InternalConnection): Readers {
  let readers = known.get(connection);
  if (!readers) {
    readers = new Map();
    known.set(connection, readers);
  }
  return readers;
}

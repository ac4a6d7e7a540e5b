// A named query whose columns PostgreSQL describes once a connection. pg asks for their description at each execution: of
// thirty columns it is longer than a row, and both sides spend more time on it than on the row.
import pg from 'pg';

/** How pg reads a row. */
interface Shape {
  fields: unknown;
  _parsers: unknown;
  _prebuiltEmptyResultObject: unknown;
}

/** What pg's Query has besides its types. */
interface InternalQuery {
  name: string;
  _result: Shape;
  _accumulateRows: boolean;
  text: string;
  values: unknown[];
  prepare(connection: pg.Connection): void;
  handleRowDescription(message: object): void;
  submit(connection: pg.Connection): Error | null;
  handleError(error: Error, connection: pg.Connection): void;
}

const { prepareValue } = (pg as unknown as { utils: { prepareValue: (value: unknown) => unknown } }).utils;

const Query = pg.Query as unknown as new (
  text: string,
) => Omit<pg.Query, keyof InternalQuery> & InternalQuery;

/** Send it with a callback: pg makes promises for its own queries only. */
export class PreparedQuery extends Query {
  #shapes: Map<string, Shape> | undefined;
  #refused: unknown = null;

  constructor({ name, text, values }: { name: string; text: string; values: unknown[] }) {
    // pg copies an object with its property descriptors, which takes longer than all else that it does here.
    super(text);
    this.name = name;
    this.values = values;
  }

  /**
   * pg refuses some statements without sending anything: one whose value cannot be written, or whose name has another
   * text. Those that were queued behind it would still be carried out, and a commit would keep them: so something that
   * fails is sent in its place, and ends the transaction.
   */
  override submit(connection: pg.Connection): Error | null {
    try {
      this.values = this.values.map(prepareValue);
      this.#refused = super.submit(connection);
    } catch (error) {
      this.#refused = error;
    }
    if (this.#refused)
      (connection as unknown as { query(text: string): void }).query('refused by the client');
    return null;
  }

  override handleError(error: Error, connection: pg.Connection): void {
    super.handleError((this.#refused ?? error) as Error, connection);
  }

  override prepare(connection: pg.Connection): void {
    const { shapes, undescribed } = knownOf(connection);
    this.#shapes = shapes;
    const shape = shapes.get(this.name);
    const { _result: result } = this;
    if (shape) {
      Object.assign(result, shape);
      Object.assign(this, { _accumulateRows: true });
    }
    super.prepare(shape ? undescribed : connection);
  }

  override handleRowDescription(message: object): void {
    super.handleRowDescription(message);
    const { _result: result } = this;
    const { fields, _parsers, _prebuiltEmptyResultObject } = result;
    this.#shapes?.set(this.name, { fields, _parsers, _prebuiltEmptyResultObject });
  }
}

interface Known {
  /** By the statement's name. PostgreSQL refuses a statement whose columns have changed since it was prepared. */
  shapes: Map<string, Shape>;
  /** The same connection, which leaves out the request for a description. */
  undescribed: pg.Connection;
}

const known = new WeakMap<pg.Connection, Known>();

function knownOf(connection: pg.Connection): Known {
  let found = known.get(connection);
  if (!found) {
    const undescribed = Object.create(connection, { describe: { value: () => undefined } }) as pg.Connection;
    found = { shapes: new Map(), undescribed };
    known.set(connection, found);
  }
  return found;
}

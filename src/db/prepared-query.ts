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
  prepare(connection: pg.Connection): void;
  handleRowDescription(message: object): void;
}

const Query = pg.Query as unknown as new (config: {
  name: string;
  text: string;
  values: unknown[];
}) => pg.Query & InternalQuery;

/** Send it with a callback: pg makes promises for its own queries only. */
export class PreparedQuery extends Query {
  #shapes: Map<string, Shape> | undefined;

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

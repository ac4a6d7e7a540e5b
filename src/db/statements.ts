// The queries of nearly every request: named, so that PostgreSQL parses and plans each once a connection, and sent
// without knex, which builds and formats its text anew each time.
import pg from 'pg';
import type { Knex } from 'knex';
import type { Database } from './knex.ts';

export interface Statement {
  /** One name, one text. */
  name: string;
  text: string;
}

export interface Statements {
  rows<Row>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

export function createStatements(pool: Pick<pg.Pool, 'query'>): Statements {
  return {
    async rows<Row>({ name, text }: Statement, values: unknown[]) {
      try {
        return (await pool.query({ name, text, values })).rows as Row[];
      } catch (error) {
        if (!isPlanOutdated(error)) throw error;
        return (await pool.query(text, values)).rows as Row[];
      }
    },
  };
}

/** A migration changed a column's type while this process runs: PostgreSQL refuses the plan it has kept. */
function isPlanOutdated(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000' && /cached plan/.test(error.message);
}

/** Where each execution puts a value. */
class Placeholder {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
}

/**
 * A statement from a knex query, which is built once.
 * @param build gets a placeholder for each value by its name; the query's text must be the same each time
 */
export function prepare<Row, Given extends object>(
  name: string,
  build: (db: Database, given: Given) => Knex.QueryBuilder,
): (deps: { db: Database; statements: Statements }, given: Given) => Promise<Row[]> {
  let built: { statement: Statement; bindings: readonly unknown[] } | null = null;
  return ({ db, statements }, given) => {
    if (!built) {
      const placeholders = Object.fromEntries(Object.keys(given).map((key) => [key, new Placeholder(key)]));
      const { sql, bindings } = build(db, placeholders as Given)
        .toSQL()
        .toNative();
      built = { statement: { name, text: sql }, bindings };
    }
    const values = built.bindings.map((one) =>
      one instanceof Placeholder ? given[one.key as keyof Given] : one,
    );
    return statements.rows<Row>(built.statement, values);
  };
}

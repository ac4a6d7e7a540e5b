// The queries of nearly every request: named, so that PostgreSQL parses and plans each once a connection, and sent
// without knex, which builds and formats its text anew each time.
import pg from 'pg';

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

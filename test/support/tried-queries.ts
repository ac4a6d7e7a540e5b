// Named queries of the tests of connections and batches. Their database has a table `tried`.
import type { Query } from '../../src/db/statements.ts';

export const query = <Row = unknown>(name: string, text: string, ...values: unknown[]): Query<Row> => ({
  name,
  text,
  values,
});

/** Inserts this number. */
export const adding = (n: number) => query('add', 'insert into tried (n) values ($1)', n);

/** Returns one row: `{ n: 1 }`. */
export const one = () => query<{ n: number }>('one', 'select 1 as n');

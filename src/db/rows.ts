import type { Tables } from 'knex/types/tables.js';

/**
 * A row as it is stored. `Known` gives the types of JSON columns, and narrower ones where the database does not list the
 * words of a column. Write it beside `Pick` and `&` instead of a second list of a table's columns.
 */
export type RowOf<
  Table extends keyof Tables,
  Known extends Partial<Record<keyof Tables[Table], unknown>> = object,
> = Omit<Tables[Table], keyof Known> & Known;

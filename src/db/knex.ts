import knexModule from 'knex';
import type { Knex } from 'knex';
import pg from 'pg';

// Appointment ids and sequences fit a double; calendar days are days, not midnights somewhere.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.DATE, (day) => day);

export type Database = Knex;
export type Transaction = Knex.Transaction;
/** Either: for reads and writes that may join a transaction. */
export type Queryable = Knex | Knex.Transaction;

export function openDatabase(url: string, poolMax = 10): Database {
  return knexModule.knex({
    client: 'pg',
    connection: { connectionString: url, application_name: 'examdesk' },
    pool: { min: 0, max: poolMax },
    acquireConnectionTimeout: 10_000,
  });
}

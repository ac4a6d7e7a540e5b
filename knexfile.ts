// For `npm run make:migration`; `npm run migrate` goes through src/db/migrate.ts, which waits for its turn.
import type { Knex } from 'knex';

const config: Knex.Config = {
  client: 'pg',
  connection: process.env.MIGRATION_DATABASE_URL ?? process.env.DATABASE_URL ?? '',
  migrations: { directory: './migrations', extension: 'ts', loadExtensions: ['.ts'] },
};

export default config;

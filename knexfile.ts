// For `npm run make:migration`. `npm run migrate` uses src/db/migrate.ts, which takes a lock first.
import type { Knex } from 'knex';

const config: Knex.Config = {
  client: 'pg',
  connection: process.env.MIGRATION_DATABASE_URL ?? process.env.DATABASE_URL ?? '',
  migrations: { directory: './migrations', extension: 'ts', loadExtensions: ['.ts'] },
};

export default config;

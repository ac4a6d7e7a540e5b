import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { type Database, openDatabase } from './knex.ts';
import { appRoleOf, grantToApp } from './privileges.ts';

export const migrationsDirectory = path.resolve(import.meta.dirname, '../../migrations');

// Any number will do, as long as every process that migrates takes the same one.
const migrationLock = 7_265_310;

/**
 * Brings the schema up to date; safe to run from several processes at once. knex's own lock would make the
 * second process fail, and would stay shut when a process dies: this one waits, and goes with its connection.
 * @param appRole who is granted what the app needs, when that is not the owner of the tables
 * @throws Error when there is no such role; the schema is up to date then
 */
export async function migrate(
  databaseUrl: string,
  appRole: string | null = null,
): Promise<{ applied: string[] }> {
  const gate = new pg.Client({ connectionString: databaseUrl });
  await gate.connect();
  const db = openDatabase(databaseUrl, 2);
  try {
    await gate.query('select pg_advisory_lock($1)', [migrationLock]);
    const config = { directory: migrationsDirectory, extension: 'ts', loadExtensions: ['.ts'] };
    // We hold the gate, so a lock found shut was left by a process that died.
    if (await db.schema.hasTable('knex_migrations_lock')) await db.migrate.forceFreeMigrationsLock(config);
    const [, applied] = (await db.migrate.latest(config)) as [number, string[]];
    await migrateJobs(databaseUrl);
    if (appRole !== null) await grantToApp(gate, appRole);
    return { applied };
  } finally {
    await db.destroy();
    await gate.end();
  }
}

/**
 * What this program and the database do not have in common. `unknown`: applied by a newer program.
 */
export async function migrationState(db: Database): Promise<{ pending: string[]; unknown: string[] }> {
  const ours = (await readdir(migrationsDirectory)).filter((name) => name.endsWith('.ts')).toSorted();
  const { rows } = await db.raw<{ rows: { there: boolean }[] }>(
    "select to_regclass('public.knex_migrations') is not null as there",
  );
  const applied = rows[0]?.there ? ((await db('knex_migrations').pluck('name')) as string[]) : [];
  return {
    pending: ours.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !ours.includes(name)),
  };
}

/** One database as two roles sign in to it; the same address twice when one role is both. */
export interface DatabaseUrls {
  /** As the role of the app. */
  url: string;
  /** As the role that owns the tables. */
  ownerUrl: string;
}

/** migrate(), and the role of the app may use what it makes. */
export function migrateBoth({ url, ownerUrl }: DatabaseUrls): Promise<{ applied: string[] }> {
  return migrate(ownerUrl, appRoleOf(ownerUrl, url));
}

// Given only an address, graphile-worker opens a pool that is still closing when it is done.
async function migrateJobs(databaseUrl: string): Promise<void> {
  const pgPool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  // A lost connection fails the query that is under way; nobody else needs to hear of it.
  const heard = () => undefined;
  pgPool.on('error', heard).on('connect', (client) => client.on('error', heard));
  try {
    await runMigrations({ pgPool });
  } finally {
    await pgPool.end();
  }
}

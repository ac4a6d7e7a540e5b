import { readdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { adoptBaseline } from './baseline.ts';
import { type Database, openDatabase } from './knex.ts';
import { appRoleOf, grantToApp } from './privileges.ts';

export const migrationsDirectory = path.resolve(import.meta.dirname, '../../migrations');

// An arbitrary number; every process that migrates must use the same one.
const migrationLock = 7_265_310;

/**
 * Brings the schema up to date; several processes may call it at once. knex's own lock would make the second process
 * fail, and would stay locked when a process dies. The advisory lock waits, and is released with its connection.
 * @param appRole the role to grant the app's privileges to, when it does not own the tables
 * @throws Error when there is no such role; the schema is up to date by then
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
    // We hold the advisory lock, so a locked knex lock was left by a process that died.
    if (await db.schema.hasTable('knex_migrations_lock')) await db.migrate.forceFreeMigrationsLock(config);
    const adopted = await adoptBaseline(db, await migrationNames());
    const [, added] = (await db.migrate.latest(config)) as [number, string[]];
    await migrateJobs(databaseUrl);
    if (appRole !== null) await grantToApp(gate, appRole);
    return { applied: [...adopted, ...added] };
  } finally {
    await db.destroy();
    await gate.end();
  }
}

async function migrationNames(): Promise<string[]> {
  return (await readdir(migrationsDirectory)).filter((name) => name.endsWith('.ts')).toSorted();
}

/** Migrations that only the program or only the database has. `unknown`: applied by a newer program. */
export async function migrationState(db: Database): Promise<{ pending: string[]; unknown: string[] }> {
  const ours = await migrationNames();
  const { rows } = await db.raw<{ rows: { there: boolean }[] }>(
    "select to_regclass('public.knex_migrations') is not null as there",
  );
  const applied = rows[0]?.there ? ((await db('knex_migrations').pluck('name')) as string[]) : [];
  return {
    pending: ours.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !ours.includes(name)),
  };
}

/** One database as each of two roles signs in to it; both are the same URL when one role does both. */
export interface DatabaseUrls {
  /** Signs in as the role of the app. */
  url: string;
  /** Signs in as the role that owns the tables. */
  ownerUrl: string;
}

/** Runs migrate(), and grants the app's role what it needs. */
export function migrateBoth({ url, ownerUrl }: DatabaseUrls): Promise<{ applied: string[] }> {
  return migrate(ownerUrl, appRoleOf(ownerUrl, url));
}

// graphile-worker would open a pool of its own, which is still closing when migrate() returns.
async function migrateJobs(databaseUrl: string): Promise<void> {
  const pgPool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  // A lost connection fails the query in progress; without a listener it would also end the process.
  const ignoreError = () => undefined;
  pgPool.on('error', ignoreError).on('connect', (client) => client.on('error', ignoreError));
  try {
    const { runMigrations } = await import('graphile-worker');
    await runMigrations({ pgPool });
  } finally {
    await pgPool.end();
  }
}

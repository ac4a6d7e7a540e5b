// npm run migrate
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openDatabase } from '../db/knex.ts';
import { migrateBoth } from '../db/migrate.ts';
import { appRoleOf } from '../db/privileges.ts';
import { readCatalog } from '../db/schema.catalog.ts';
import { schemaSql } from '../db/schema.sql.ts';
import { tableTypes } from '../db/schema.types.ts';
import { isProduction, loadEnvFile } from './environment.ts';
import { type TargetDatabase, withTargetDatabase } from './target-database.ts';
import { complain, say } from './terminal.ts';

loadEnvFile();
try {
  await withTargetDatabase('MIGRATION_DATABASE_URL', report);
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function report({ which, ...urls }: TargetDatabase): Promise<void> {
  const appRole = appRoleOf(urls.ownerUrl, urls.url);
  const { applied } = await migrateBoth(urls);
  say(applied.length === 0 ? `The schema of ${which} is up to date` : `Applied to ${which}:`);
  for (const name of applied) say(`  ${name}`);
  if (appRole !== null) say(`The role ${appRole} of the app may use it`);
  if (!isProduction()) await describe(urls.ownerUrl);
}

/** Writes what developers read of the schema. Only outside production: the image has no such files. */
async function describe(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl, 1);
  try {
    const catalog = await readCatalog(db);
    await rewrite('db/schema.sql', schemaSql(catalog));
    await rewrite('src/db/tables.ts', tableTypes(catalog));
  } finally {
    await db.destroy();
  }
}

async function rewrite(file: string, content: string): Promise<void> {
  const target = path.resolve(import.meta.dirname, '../..', file);
  if (content === (await readFile(target, 'utf8').catch(() => null))) return;
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
  say(`Wrote ${file}`);
}

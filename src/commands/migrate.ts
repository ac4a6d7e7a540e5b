// npm run migrate
import { migrateBoth } from '../db/migrate.ts';
import { appRoleOf } from '../db/privileges.ts';
import { loadEnvFile } from './environment.ts';
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
}

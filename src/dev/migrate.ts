// npm run migrate
import { migrate } from '../db/migrate.ts';
import { loadEnvFile } from './environment.ts';
import { type MeantDatabase, withMeantDatabase } from './meant-database.ts';
import { complain, say } from './terminal.ts';

loadEnvFile();
try {
  await withMeantDatabase(['MIGRATION_DATABASE_URL', 'DATABASE_URL'], report);
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function report({ which, url }: MeantDatabase): Promise<void> {
  const { applied } = await migrate(url);
  say(applied.length === 0 ? `The schema of ${which} is up to date` : `Applied to ${which}:`);
  for (const name of applied) say(`  ${name}`);
}

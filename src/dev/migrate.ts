// npm run migrate: the database that is named, else the one of the running stack, else the demo's own.
import path from 'node:path';
import { migrate } from '../db/migrate.ts';
import { StartError, dataDirectory, isProduction, loadEnvFile, setting, shown } from './environment.ts';
import { startPostgres } from './postgres.ts';
import { claim, findRunning, release, sweepKilledStart } from './running.ts';
import { complain, say } from './terminal.ts';

loadEnvFile();
try {
  await migrateWhatIsMeant();
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function migrateWhatIsMeant(): Promise<void> {
  const named = ['MIGRATION_DATABASE_URL', 'DATABASE_URL'].find((name) => setting(name));
  if (named) return report(`the database of ${named}`, setting(named) as string);
  if (isProduction()) throw new StartError('DATABASE_URL: is missing');
  const dataDir = dataDirectory();
  await sweepKilledStart(dataDir);
  const running = (await findRunning(dataDir))?.variables.DATABASE_URL;
  if (running) return report(`the database of the stack running on ${shown(dataDir)}`, running);
  await claim(dataDir);
  try {
    const postgres = await startPostgres({ dataDir: path.join(dataDir, 'postgres') });
    try {
      await report(`the database in ${shown(dataDir)}`, postgres.url);
    } finally {
      await postgres.stop();
    }
  } finally {
    await release(dataDir);
  }
}

async function report(which: string, url: string): Promise<void> {
  const { applied } = await migrate(url);
  say(applied.length === 0 ? `The schema of ${which} is up to date` : `Applied to ${which}:`);
  for (const name of applied) say(`  ${name}`);
}

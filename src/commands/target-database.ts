// The database that a command works on: the one in the environment, else that of the running stack, else the demo's.
import type { DatabaseUrls } from '../db/migrate.ts';
import { StartError, isProduction, setting } from './environment.ts';

export interface TargetDatabase extends DatabaseUrls {
  /** Names the database to the user. */
  which: string;
}

/**
 * @param needed the variable that is required in production
 * @throws StartError when it is missing there
 */
export async function withTargetDatabase(
  needed: 'DATABASE_URL' | 'MIGRATION_DATABASE_URL',
  work: (database: TargetDatabase) => Promise<void>,
): Promise<void> {
  const [app, owner] = [setting('DATABASE_URL'), setting('MIGRATION_DATABASE_URL')];
  // The owner can do everything that the app can; with one role there is no owner's URL.
  const url = app ?? (needed === 'MIGRATION_DATABASE_URL' ? owner : undefined);
  if (url) {
    const named = needed === 'MIGRATION_DATABASE_URL' && owner ? needed : 'DATABASE_URL';
    return work({ which: `the database of ${named}`, url, ownerUrl: owner ?? url });
  }
  if (isProduction()) throw new StartError('DATABASE_URL: is missing');
  await (await demo()).withDemoDatabase(work);
}

/**
 * The services of npm start. This is the only import of src/dev from the commands, as src/dev is not in the image.
 * @throws StartError in production, which has no stand-ins
 */
export async function demo() {
  if (isProduction()) throw new StartError('There is no demo with NODE_ENV=production');
  return import('../dev/for-commands.ts');
}

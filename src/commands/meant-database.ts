// Which database a command is about: the one that is named, else that of the running stack, else the demo's own.
import type { DatabaseUrls } from '../db/migrate.ts';
import { demo } from './demo.ts';
import { StartError, isProduction, setting } from './environment.ts';

export interface MeantDatabase extends DatabaseUrls {
  /** In words, to tell the user. */
  which: string;
}

/**
 * @param needed the variable without which nothing can be done in production
 * @throws StartError when it is missing there
 */
export async function withMeantDatabase(
  needed: 'DATABASE_URL' | 'MIGRATION_DATABASE_URL',
  work: (database: MeantDatabase) => Promise<void>,
): Promise<void> {
  const [app, owner] = [setting('DATABASE_URL'), setting('MIGRATION_DATABASE_URL')];
  // The owner can do all that the app can; the other way round one role may be both.
  const url = app ?? (needed === 'MIGRATION_DATABASE_URL' ? owner : undefined);
  if (url) {
    const named = needed === 'MIGRATION_DATABASE_URL' && owner ? needed : 'DATABASE_URL';
    return work({ which: `the database of ${named}`, url, ownerUrl: owner ?? url });
  }
  if (isProduction()) throw new StartError('DATABASE_URL: is missing');
  await (await demo()).withDemoDatabase(work);
}

// Which database a command is about: the one that is named, else that of the running stack, else the demo's own.
import path from 'node:path';
import { StartError, dataDirectory, isProduction, setting, shown } from './environment.ts';
import { startPostgres } from './postgres.ts';
import { claim, findRunning, release, sweepKilledStart } from './running.ts';

export interface MeantDatabase {
  url: string;
  /** In words, to tell the user. */
  which: string;
}

/**
 * @param variables where it may be named; the first that is set counts
 * @throws StartError in production when none is
 */
export async function withMeantDatabase(
  variables: string[],
  work: (database: MeantDatabase) => Promise<void>,
): Promise<void> {
  const named = variables.find((name) => setting(name));
  if (named) return work({ which: `the database of ${named}`, url: setting(named) as string });
  if (isProduction()) throw new StartError(`${variables.at(-1)}: is missing`);
  const dataDir = dataDirectory();
  await sweepKilledStart(dataDir);
  const running = (await findRunning(dataDir))?.variables.DATABASE_URL;
  if (running) return work({ which: `the database of the stack running on ${shown(dataDir)}`, url: running });
  await claim(dataDir);
  try {
    const postgres = await startPostgres({ dataDir: path.join(dataDir, 'postgres') });
    try {
      await work({ which: `the database in ${shown(dataDir)}`, url: postgres.url });
    } finally {
      await postgres.stop();
    }
  } finally {
    await release(dataDir);
  }
}

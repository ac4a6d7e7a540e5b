// Which database a command is about: the one that is named, else that of the running stack, else the demo's own.
import { demo } from './demo.ts';
import { StartError, isProduction, setting } from './environment.ts';

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
  await (await demo()).withDemoDatabase(work);
}

// The whole system a command is about: the one that the variables name, else the running stack, else the demo's own.
import { compose, type System } from '../compose.ts';
import { givenVariables, readConfig } from '../config.ts';
import { demo } from './demo.ts';
import { isProduction, setting } from './environment.ts';

/** @throws StartError, ConfigError */
export async function withMeantSystem(work: (system: System) => Promise<void>): Promise<void> {
  if (isProduction() || setting('DATABASE_URL')) return inSystem({}, work);
  await (await demo()).withDemoServices((variables) => inSystem(variables, work));
}

async function inSystem(
  variables: Record<string, string>,
  work: (system: System) => Promise<void>,
): Promise<void> {
  // What somebody set for this one command counts more than what the stack was started with. Nobody waits for a page.
  const usual = { LOG_LEVEL: 'error', DATABASE_STATEMENT_TIMEOUT_MS: '0' };
  const system = compose(readConfig({ ...usual, ...variables, ...givenVariables() }));
  try {
    await work(system);
  } finally {
    await system.close();
  }
}

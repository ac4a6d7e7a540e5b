// The system that a command works on: the one in the environment, else the running stack, else the demo's services.
import { pino } from 'pino';
import type { Overrides, System } from '../compose.ts';
import { givenVariables, readConfig } from '../config.ts';
import { demo } from './target-database.ts';
import { isProduction, setting, StartError } from './environment.ts';

/** @throws StartError, ConfigError */
export async function withTargetSystem(work: (system: System) => Promise<void>): Promise<void> {
  if (isProduction() || setting('DATABASE_URL')) return inSystem({}, work);
  await (await demo()).withDemoServices((variables) => inSystem(variables, work));
}

/**
 * Like withTargetSystem(), but without a log, and only with a system that is running.
 * @throws StartError, ConfigError
 */
export async function withRunningSystem(work: (system: System) => Promise<void>): Promise<void> {
  const quiet = { log: pino({ level: 'silent' }) };
  if (isProduction() || setting('DATABASE_URL')) return inSystem({}, work, quiet);
  const running = await (await demo()).runningStack();
  if (!running?.url)
    throw new StartError(
      running
        ? 'Examdesk is still starting here: try again in a moment'
        : 'Neither a demo nor a configured system is here. The demo: npm start. A production system: examdesk doctor, which reads its configuration (docs/first-start.md); or set NODE_ENV, DATABASE_URL and the other variables of .env.example',
    );
  await inSystem({ BASE_URL: running.url, ...running.variables }, work, quiet);
}

async function inSystem(
  variables: Record<string, string>,
  work: (system: System) => Promise<void>,
  overrides: Pick<Overrides, 'log'> = {},
): Promise<void> {
  // Loaded only now: a command that was used wrongly answers at once.
  const { compose } = await import('../compose.ts');
  // Variables set for this command override those of the stack. No statement time-out: no page waits for the command.
  const usual = { LOG_LEVEL: 'error', DATABASE_STATEMENT_TIMEOUT_MS: '0' };
  const system = compose(readConfig({ ...usual, ...variables, ...givenVariables() }), overrides);
  try {
    await work(system);
  } finally {
    await system.close();
  }
}

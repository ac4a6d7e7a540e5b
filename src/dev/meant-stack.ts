// The whole system a command is about: the one that the variables name, else the running stack, else the demo's own.
import { compose, type System } from '../compose.ts';
import { readConfig } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { StartError, dataDirectory, isProduction, setting } from './environment.ts';
import { choosePorts } from './ports.ts';
import { claim, findRunning, release, sweepKilledStart } from './running.ts';
import { startServices } from './services.ts';

/** @throws StartError, ConfigError */
export async function withMeantSystem(work: (system: System) => Promise<void>): Promise<void> {
  if (isProduction() || setting('DATABASE_URL')) return inSystem({}, work);
  const dataDir = dataDirectory();
  await sweepKilledStart(dataDir);
  const running = await findRunning(dataDir);
  if (running) {
    if (!running.url) throw new StartError('Examdesk is just starting here: try again in a moment');
    return inSystem({ BASE_URL: running.url, ...running.variables }, work);
  }
  await claim(dataDir);
  try {
    const ports = await choosePorts({ PORT: 0, ACUITY_SIM_PORT: 0, MAILBOX_PORT: 0 });
    const services = await startServices(dataDir, ports);
    try {
      if (services.variables.DATABASE_URL) await migrate(services.variables.DATABASE_URL);
      await inSystem(services.variables, work);
    } finally {
      await services.stop();
    }
  } finally {
    await release(dataDir);
  }
}

async function inSystem(
  variables: Record<string, string>,
  work: (system: System) => Promise<void>,
): Promise<void> {
  // What somebody set for this one command counts more than what the stack was started with.
  const system = compose(readConfig({ LOG_LEVEL: 'error', ...variables, ...process.env }));
  try {
    await work(system);
  } finally {
    await system.close();
  }
}

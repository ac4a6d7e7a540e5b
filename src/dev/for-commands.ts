// What a command takes from npm start when no variable names a service: the stack that runs on DATA_DIR, or its
// services, started for as long as the command takes. src/commands/demo.ts loads this file, outside production only.
import path from 'node:path';
import { StartError, dataDirectory, shown } from '../commands/environment.ts';
import { migrate } from '../db/migrate.ts';
import { choosePorts } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { type RunningStack, claim, findRunning, release, sweepKilledStart } from './running.ts';
import { keptSecret } from './secret.ts';

export function runningStack(): Promise<RunningStack | null> {
  return findRunning(dataDirectory());
}

export function demoSecret(): Promise<string> {
  return keptSecret(dataDirectory());
}

/** @param work is given the database's URL, and in words which it is */
export async function withDemoDatabase(
  work: (database: { url: string; which: string }) => Promise<void>,
): Promise<void> {
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

/** @param work is given the variables of all services */
export async function withDemoServices(
  work: (variables: Record<string, string>) => Promise<void>,
): Promise<void> {
  const dataDir = dataDirectory();
  await sweepKilledStart(dataDir);
  const running = await findRunning(dataDir);
  if (running) {
    if (!running.url) throw new StartError('Examdesk is just starting here: try again in a moment');
    return work({ BASE_URL: running.url, ...running.variables });
  }
  await claim(dataDir);
  try {
    const { startServices } = await import('./services.ts');
    const ports = await choosePorts({ PORT: 0, ACUITY_SIM_PORT: 0, MAILBOX_PORT: 0 });
    const services = await startServices(dataDir, ports);
    try {
      if (services.variables.DATABASE_URL) await migrate(services.variables.DATABASE_URL);
      await work(services.variables);
    } finally {
      await services.stop();
    }
  } finally {
    await release(dataDir);
  }
}

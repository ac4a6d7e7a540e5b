// What commands use when no variable names a service: the stack that runs on DATA_DIR, or its services, started for the
// duration of the command. Loaded only by src/commands/target-database.ts, outside production.
import path from 'node:path';
import { StartError, dataDirectory, shown } from '../commands/environment.ts';
import type { DatabaseUrls } from '../db/migrate.ts';
import { openAppRole } from './app-role.ts';
import { choosePorts } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { type RunningStack, claim, findRunning, release, sweepKilledStart } from './running.ts';
import { keptSecret } from './demo-variables.ts';

export function runningStack(): Promise<RunningStack | null> {
  return findRunning(dataDirectory());
}

export function demoSecret(): Promise<string> {
  return keptSecret(dataDirectory());
}

/** @param work also gets a description of the database */
export async function withDemoDatabase(
  work: (database: DatabaseUrls & { which: string }) => Promise<void>,
): Promise<void> {
  const dataDir = dataDirectory();
  await sweepKilledStart(dataDir);
  const running = await findRunning(dataDir);
  const url = running?.variables.DATABASE_URL;
  if (url) {
    const which = `the database of the stack running on ${shown(dataDir)}`;
    return work({ which, url, ownerUrl: running.ownerUrl ?? url });
  }
  await claim(dataDir);
  try {
    const postgres = await startPostgres({ dataDir: path.join(dataDir, 'postgres') });
    try {
      const ownerUrl = postgres.url;
      await work({ which: `the database in ${shown(dataDir)}`, url: await openAppRole(ownerUrl), ownerUrl });
    } finally {
      await postgres.stop();
    }
  } finally {
    await release(dataDir);
  }
}

/** @param work gets the variables of all services */
export async function withDemoServices(
  work: (variables: Record<string, string>) => Promise<void>,
): Promise<void> {
  const dataDir = dataDirectory();
  await sweepKilledStart(dataDir);
  const running = await findRunning(dataDir);
  if (running) {
    if (!running.url) throw new StartError('Examdesk is still starting here: try again in a moment');
    return work({ BASE_URL: running.url, ...running.variables });
  }
  await claim(dataDir);
  try {
    const { startServices } = await import('./services.ts');
    const ports = await choosePorts({ PORT: 0, ACUITY_SIM_PORT: 0, MAILBOX_PORT: 0 });
    const services = await startServices(dataDir, ports);
    try {
      await work(services.variables);
    } finally {
      await services.stop();
    }
  } finally {
    await release(dataDir);
  }
}

// One real PostgreSQL for a whole mocha run, started by the first test that asks and stopped by a root hook.
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { type RunningPostgres, startPostgres } from '../../src/dev/postgres.ts';
import { scratchFolder } from './scratch.ts';

let shared: Promise<RunningPostgres> | undefined;

/** The run's server. Each mocha process has its own, in a folder of its own. */
export function sharedPostgres(): Promise<RunningPostgres> {
  shared ??= start();
  return shared;
}

async function start(): Promise<RunningPostgres> {
  const dataDir = await mkdtemp(path.join(await scratchFolder(), 'examdesk-test-'));
  return startPostgres({ dataDir, throwaway: true });
}

/** Stops it, if it was started, and removes its data. */
export async function stopSharedPostgres(): Promise<void> {
  const server = await shared;
  shared = undefined;
  await server?.stop();
}

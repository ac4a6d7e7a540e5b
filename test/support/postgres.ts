// One real PostgreSQL for a whole mocha run, started by the first test that asks and stopped by a root hook.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type RunningPostgres, startPostgres } from '../../src/dev/postgres.ts';

let shared: Promise<{ server: RunningPostgres; directory: string }> | undefined;

/** The run's server. Each mocha process has its own, in a folder of its own. */
export async function sharedPostgres(): Promise<RunningPostgres> {
  shared ??= startInTemporaryFolder();
  return (await shared).server;
}

export async function stopSharedPostgres(): Promise<void> {
  if (!shared) return;
  const { server, directory } = await shared;
  shared = undefined;
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

async function startInTemporaryFolder(): Promise<{ server: RunningPostgres; directory: string }> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'examdesk-test-'));
  await chmod(directory, 0o711); // as root the server runs as somebody else, who has to get in
  const server = await startPostgres({ dataDir: path.join(directory, 'postgres'), throwaway: true });
  return { server, directory };
}

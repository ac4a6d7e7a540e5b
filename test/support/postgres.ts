// One real PostgreSQL for a mocha run (shared-servers.ts); any other process (a benchmark) gets its own.
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { type RunningPostgres, startPostgres } from '../../src/dev/postgres.ts';
import { scratchFolder } from './scratch.ts';
import { sharedAddress } from './shared-servers.ts';

let shared: Promise<{ url: string; stop(): Promise<void> }> | undefined;

/** The run's server, started on first use. Its URL may name a Unix socket; it also listens on 127.0.0.1, on the URL's port. */
export function sharedPostgres(): Promise<{ url: string }> {
  shared ??= process.env.TEST_POSTGRES ? askFor(process.env.TEST_POSTGRES) : startTestPostgres();
  return shared;
}

/** Stops it and removes its data, if this process started it. */
export async function stopSharedPostgres(): Promise<void> {
  const server = await shared;
  shared = undefined;
  await server?.stop();
}

export async function startTestPostgres(settings: Record<string, string> = {}): Promise<RunningPostgres> {
  const dataDir = await mkdtemp(path.join(await scratchFolder(), 'examdesk-test-'));
  const postgres = await startPostgres({ dataDir, throwaway: true, settings });
  return { ...postgres, url: postgres.socketUrl ?? postgres.url };
}

async function askFor(from: string): Promise<{ url: string; stop(): Promise<void> }> {
  return { url: await sharedAddress(from), stop: () => Promise.resolve() };
}

// Loaded by mocha beside setup.ts, for runs of more than unit tests: one PostgreSQL for all workers. It starts when a
// worker first asks for it, in mocha's own process, and goes with the run.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningPostgres } from '../../src/dev/postgres.ts';

let server: Server | undefined;
let postgres: Promise<RunningPostgres> | undefined;

/** Before mocha forks its workers: they find the address in their environment. */
export async function mochaGlobalSetup(): Promise<void> {
  server = createServer((_req, res) => {
    postgres ??= start();
    postgres.then(
      ({ url }) => res.end(url),
      (error: unknown) => res.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  process.env.TEST_POSTGRES = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function mochaGlobalTeardown(): Promise<void> {
  server?.close();
  await postgres?.then(
    (running) => running.stop(),
    () => undefined,
  );
}

/** Loaded only when there is something to start. */
async function start(): Promise<RunningPostgres> {
  const { startTestPostgres } = await import('./postgres.ts');
  return startTestPostgres();
}

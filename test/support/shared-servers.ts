// Loaded by mocha beside setup.ts, except for unit tests: one PostgreSQL and one Chromium for all workers. Each starts
// in mocha's own process when a worker first requests its address, and stops with the run.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Running {
  address: string;
  stop(): Promise<void>;
}

/** Loaded only when one is to be started. */
const starters: Record<string, () => Promise<Running>> = {
  '/postgres': async () => {
    const { startTestPostgres } = await import('./postgres.ts');
    // A test is over before its database needs a vacuum, and an analysis that comes at any moment changes plans at any
    // moment: now and then a test took ten times as long.
    const postgres = await startTestPostgres({ autovacuum: 'off' });
    return { address: postgres.url, stop: () => postgres.stop() };
  },
  '/browser': async () => {
    const { startBrowserServer } = await import('./browser.ts');
    return startBrowserServer();
  },
};

const running = new Map<string, Promise<Running>>();
let server: Server | undefined;

/** Runs before mocha forks its workers, which find the addresses in their environment. */
export async function mochaGlobalSetup(): Promise<void> {
  server = createServer((req, res) => {
    const start = starters[req.url ?? ''];
    if (!start) {
      res.writeHead(404).end();
      return;
    }
    const started = running.get(req.url ?? '') ?? start();
    running.set(req.url ?? '', started);
    started.then(
      ({ address }) => res.end(address),
      (error: unknown) => res.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.TEST_POSTGRES = `${base}/postgres`;
  process.env.TEST_BROWSER = `${base}/browser`;
}

export async function mochaGlobalTeardown(): Promise<void> {
  server?.close();
  await Promise.all(
    [...running.values()].map((started) =>
      started.then(
        (one) => one.stop(),
        () => undefined,
      ),
    ),
  );
}

/** @param from TEST_POSTGRES or TEST_BROWSER. @throws Error with the server's output when it did not start */
export async function sharedAddress(from: string): Promise<string> {
  const answer = await fetch(from);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`A server that all tests share did not start: ${text}`);
  return text;
}

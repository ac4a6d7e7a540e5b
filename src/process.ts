// How a process begins and ends: listening, signals, and letting go in the right order.
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { Worker } from './jobs/index.ts';
import { errorFacts } from './lib/error-facts.ts';

export interface Running {
  server: Server | null;
  port: number;
  worker: Worker | null;
  close(): Promise<void>;
  log: Logger;
}

const drainMs = 20_000;

/** Runs until SIGTERM or SIGINT, then finishes what is under way: requests first, then jobs, then connections. */
export async function serveUntilStopped(running: Running): Promise<void> {
  const { server, worker, log, port } = running;
  process.on('unhandledRejection', (reason) => {
    log.fatal({ err: errorFacts(reason) }, 'A promise was left unhandled');
    process.exit(1);
  });
  // Before anybody can see that we are there: whoever does may ask us to leave at once.
  const stopping = stopSignal(log);
  if (server && !(await listen(server, port))) {
    process.stderr.write(`Port ${port} is taken by another program. Set PORT to a free one.\n`);
    await running.close();
    process.exit(1);
  }
  await worker?.start();
  log.info({ port: server ? port : undefined, jobs: worker !== null }, 'ready');
  process.send?.('ready');
  await stopping;
  await shutDown(running);
}

/** Resolves at the first signal; a second one hurries. */
function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (signal: string): void => {
      if (isStopping) process.exit(1);
      isStopping = true;
      log.info({ signal }, 'stopping');
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

async function listen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, () => resolve(true));
  });
}

async function shutDown(running: Running): Promise<void> {
  const { server, worker, log } = running;
  if (server) await drain(server);
  await worker?.stop();
  await running
    .close()
    .catch((error: unknown) => log.warn({ err: errorFacts(error) }, 'Closing was not clean'));
  log.info('stopped');
  // A parent's channel would keep the process alive.
  if (process.connected) process.disconnect();
}

/** No new connections; requests in flight finish, idle keep-alive connections close at once. */
async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const hurry = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(hurry);
}

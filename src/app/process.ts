// How a process starts and stops: configuration, listening, signals, and closing in the right order.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { type Drain, watchConnections } from './drain.ts';
import { ConfigError, readConfig, type Config } from '../config.ts';
import type { Worker } from '../jobs/index.ts';
import { errorFacts } from '../lib/error-facts.ts';

/**
 * Makes V8 collect its old generation when it has grown by half of what was in use. By default the growth depends on the
 * memory of the machine.
 *
 * It is not an option of the command line, which would have to be repeated wherever a process is started. Call it only after
 * everything that is imported statically has been loaded, because V8 keeps compiled code for one set of options.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--heap-growing-percent=50');
}

/** Starts a process with its configuration; when that is incomplete, says what is missing and exits with 1. */
export async function runProcess(start: (config: Config) => Promise<void>): Promise<void> {
  limitHeapGrowth();
  try {
    await start(readConfig());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

export interface Running {
  server: Server | null;
  port: number;
  /** Undefined: all addresses of this machine. */
  host?: string | undefined;
  /** Uses a free port when another process has this one: only monitors connect here. */
  takesAnyPort?: boolean;
  worker: Worker | null;
  /** From now on `/readyz` says 503. */
  beginStop(): void;
  close(): Promise<void>;
  stopTimes: StopTimes;
  log: Logger;
}

export interface StopTimes {
  /** How long new connections are still accepted, so that proxies see the stop before one is refused. */
  graceMs: number;
  /** How long running requests may take after that. */
  timeoutMs: number;
}

/** Runs until SIGTERM or SIGINT, then finishes requests, then jobs, then closes connections. */
export async function serveUntilStopped(running: Running): Promise<void> {
  const { server, worker, log, port, host } = running;
  process.on('unhandledRejection', (reason) => {
    log.fatal({ err: errorFacts(reason) }, 'Unhandled rejection of a promise');
    process.exit(1);
  });
  // Listens for signals before the port is open, because a signal may be sent as soon as the process is seen.
  const stopping = stopSignal(log);
  const drain = server && watchConnections(server);
  const takeAny = running.takesAnyPort === true;
  if (server && !(await listen(server, port, host)) && !(takeAny && (await listen(server, 0, host)))) {
    process.stderr.write(`Port ${port} is taken by another program. Set PORT to a free one.\n`);
    await running.close();
    process.exit(1);
  }
  await worker?.start();
  const address = server?.address();
  log.info({ port: (address as AddressInfo | null)?.port, jobs: worker !== null }, 'ready');
  process.send?.('ready');
  await stopping;
  await shutDown(running, drain);
}

/** Resolves at the first signal; the second one exits at once. */
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

async function listen(server: Server, port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ port, host }, () => resolve(true));
  });
}

async function shutDown(running: Running, drain: Drain | null): Promise<void> {
  const { worker, log } = running;
  running.beginStop();
  if (drain) await drainServer(drain, running);
  await worker?.stop();
  await running
    .close()
    .catch((error: unknown) => log.warn({ err: errorFacts(error) }, 'Closing was not clean'));
  log.info('stopped');
  // The IPC channel to a parent would keep the process alive.
  if (process.connected) process.disconnect();
}

async function drainServer(drain: Drain, { stopTimes, log }: Running): Promise<void> {
  drain.begin();
  await sleep(stopTimes.graceMs);
  const cutOff = await drain.end(stopTimes.timeoutMs);
  if (cutOff > 0) log.warn({ requests: cutOff }, 'Requests took too long and were cut off by the stop');
}

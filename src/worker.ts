// Starts a process that only works jobs. Any number of them, on any number of machines.
import { createServer } from 'node:http';
import { compose } from './compose.ts';
import { ConfigError, healthPort, listenAddress, readConfig, stopTimes } from './config.ts';
import { createWorkerApp } from './http/small.app.ts';
import { serveUntilStopped } from './app/process.ts';
import { noteDatabase, noteScanner } from './app/start-notes.ts';

try {
  const config = readConfig();
  const system = compose(config);
  const { worker, services } = system;
  void noteScanner(services);
  // Before the worker starts, which ends the process when it may not work.
  await noteDatabase(services);
  await serveUntilStopped({
    server: createServer(createWorkerApp(services)),
    ...healthPort(config),
    host: listenAddress(config),
    worker,
    beginStop: () => system.beginStop(),
    close: () => system.close(),
    // No proxy sends anything here.
    stopTimes: { ...stopTimes(config), graceMs: 0 },
    log: services.log,
  });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

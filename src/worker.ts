// Starts a process that only works jobs. Any number of them, on any number of machines.
import { createServer } from 'node:http';
import { runProcess, serveUntilStopped } from './app/process.ts';
import { noteDatabase, noteScanner } from './app/start-notes.ts';
import { compose } from './compose.ts';
import { healthPort, listenAddress, stopTimes } from './config.ts';
import { createWorkerApp } from './http/small.app.ts';

await runProcess(async (config) => {
  const system = compose(config);
  const { worker, services } = system;
  void noteScanner(services);
  // A worker that lacks privileges ends the process: its reason is logged first.
  await noteDatabase(services);
  await serveUntilStopped({
    server: createServer(createWorkerApp(services)),
    ...healthPort(config),
    host: listenAddress(config),
    worker,
    beginStop: () => system.beginStop(),
    close: () => system.close(),
    // No proxy sends requests here.
    stopTimes: { ...stopTimes(config), graceMs: 0 },
    log: services.log,
  });
});

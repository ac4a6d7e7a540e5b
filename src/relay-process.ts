// Starts the relay in a process of its own: receives Acuity's events, stores them, delivers them.
import { createServer } from 'node:http';
import { runProcess, serveUntilStopped } from './app/process.ts';
import { noteDatabase } from './app/start-notes.ts';
import { compose } from './compose.ts';
import { listenAddress, stopTimes } from './config.ts';
import { createRelayApp } from './http/small.app.ts';

await runProcess(async (config) => {
  const system = compose(config);
  const { relayWorker, services } = system;
  const noted = noteDatabase(services);
  await serveUntilStopped({
    server: createServer(createRelayApp(services)),
    port: config.PORT,
    host: listenAddress(config),
    worker: relayWorker,
    beginStop: () => system.beginStop(),
    async close() {
      // It may still be querying the database when the stop comes early.
      await noted;
      await system.close();
    },
    stopTimes: stopTimes(config),
    log: services.log,
  });
});

// Starts the relay in a process of its own: takes Acuity's events, keeps them, delivers them.
import { createServer } from 'node:http';
import { compose } from './compose.ts';
import { ConfigError, listenAddress, readConfig, stopTimes } from './config.ts';
import { createRelayApp } from './http/small.app.ts';
import { serveUntilStopped } from './app/process.ts';
import { noteDatabase } from './app/start-notes.ts';

try {
  const config = readConfig();
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
      // It still asks the database when the stop comes early.
      await noted;
      await system.close();
    },
    stopTimes: stopTimes(config),
    log: services.log,
  });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

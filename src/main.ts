// Starts the web process: the only place that listens.
import { createServer } from 'node:http';
import { compose } from './compose.ts';
import { ConfigError, listenAddress, readConfig, stopTimes } from './config.ts';
import { serveUntilStopped } from './app/process.ts';
import { noteDatabase, noteScanner } from './app/start-notes.ts';

try {
  const config = readConfig();
  const system = compose(config);
  void noteScanner(system.services);
  const noted = noteDatabase(system.services);
  // A worker that may not work ends the process: its reason comes first.
  if (config.RUN_WORKER) await noted;
  await serveUntilStopped({
    // An upload of 500 MB over a slow line takes its hours; who sends nothing is cut off sooner, by each route.
    server: createServer({ requestTimeout: 6 * 3_600_000, headersTimeout: 60_000 }, system.app),
    port: config.PORT,
    host: listenAddress(config),
    worker: config.RUN_WORKER ? system.worker : null,
    beginStop: () => system.beginStop(),
    async close() {
      // It still asks the database when the stop comes early.
      await noted;
      await system.close();
    },
    stopTimes: stopTimes(config),
    log: system.services.log,
  });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

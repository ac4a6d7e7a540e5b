// Starts the web process: the only place that listens for people and programs.
import { createServer } from 'node:http';
import { runProcess, serveUntilStopped } from './app/process.ts';
import { noteDatabase, noteScanner } from './app/start-notes.ts';
import { compose } from './compose.ts';
import { listenAddress, stopTimes } from './config.ts';

/** An upload of 500 MB over a slow line takes hours; each route closes connections that send nothing. */
const serverOptions = { requestTimeout: 6 * 3_600_000, headersTimeout: 60_000 };

await runProcess(async (config) => {
  const system = compose(config);
  void noteScanner(system.services);
  const noted = noteDatabase(system.services);
  // A worker that lacks privileges ends the process: its reason is logged first.
  if (config.RUN_WORKER) await noted;
  await serveUntilStopped({
    server: createServer(serverOptions, system.app),
    port: config.PORT,
    host: listenAddress(config),
    worker: config.RUN_WORKER ? system.worker : null,
    beginStop: () => system.beginStop(),
    async close() {
      // It may still be querying the database when the stop comes early.
      await noted;
      await system.close();
    },
    stopTimes: stopTimes(config),
    log: system.services.log,
  });
});

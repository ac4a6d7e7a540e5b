// Starts the web process: the only place that listens.
import { createServer } from 'node:http';
import { compose } from './compose.ts';
import { ConfigError, readConfig } from './config.ts';
import { serveUntilStopped } from './process.ts';

try {
  const config = readConfig();
  const system = compose(config);
  await serveUntilStopped({
    server: createServer(system.app),
    port: config.PORT,
    worker: config.RUN_WORKER ? system.worker : null,
    close: () => system.close(),
    log: system.services.log,
  });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

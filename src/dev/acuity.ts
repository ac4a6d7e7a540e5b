// `npm run acuity`: starts the simulator alone.
import path from 'node:path';
import { StartError, dataDirectory, loadEnvFile } from '../commands/environment.ts';
import { complain, say } from '../commands/terminal.ts';
import { ConfigError, checkGivenVariables } from '../config.ts';
import { startSimulator } from '../simulator/index.ts';
import { acuityCredentials } from './demo-variables.ts';
import { choosePorts, portSetting } from './ports.ts';

try {
  loadEnvFile();
  checkGivenVariables();
  const { ACUITY_SIM_PORT: port } = await choosePorts({
    ACUITY_SIM_PORT: portSetting('ACUITY_SIM_PORT', 3001),
  });
  const credentials = acuityCredentials();
  const simulator = await startSimulator({
    port,
    userId: credentials.ACUITY_USER_ID,
    apiKey: credentials.ACUITY_API_KEY,
    stateFile: path.join(dataDirectory(), 'acuity.json'),
  });
  say(`Simulated Acuity: ${simulator.url} (API under /api/v1). Ctrl-C stops it.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
} catch (error) {
  if (!(error instanceof StartError || error instanceof ConfigError)) throw error;
  complain(error.message);
  process.exitCode = 1;
}

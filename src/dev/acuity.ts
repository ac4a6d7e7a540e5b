// `npm run acuity`: starts the simulator alone.
import path from 'node:path';
import { startSimulator } from '../simulator/index.ts';
import { demoDefaults } from './demo-variables.ts';

const { env } = process;
const port = Number(env.ACUITY_SIM_PORT || 3001);

try {
  const simulator = await startSimulator({
    port,
    userId: env.ACUITY_USER_ID || demoDefaults.ACUITY_USER_ID,
    apiKey: env.ACUITY_API_KEY || demoDefaults.ACUITY_API_KEY,
    stateFile: path.resolve(env.DATA_DIR || '.data', 'acuity.json'),
  });
  console.log(`Simulated Acuity: ${simulator.url} (API under /api/v1). Ctrl-C stops it.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
  console.error(`Port ${port} is taken by another program. Set ACUITY_SIM_PORT to a free one.`);
  process.exitCode = 1;
}

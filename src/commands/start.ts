// npm start: the whole demo; with NODE_ENV=production only the web process.
import { isProduction } from './environment.ts';

if (isProduction()) {
  await import('../main.ts');
} else {
  const { startDemo } = await import('../dev/start.ts');
  await startDemo();
}

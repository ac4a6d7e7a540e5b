// npm start: the whole demo; with NODE_ENV=production only the web process.
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { isProduction, projectRoot } from './environment.ts';

if (isProduction()) {
  await import('../main.ts');
} else {
  // What was compiled, and freed of its types, is kept: later starts take half as long.
  enableCompileCache(path.join(projectRoot, 'node_modules/.cache/compiled'));
  const { startDemo } = await import('../dev/start.ts');
  await startDemo();
}

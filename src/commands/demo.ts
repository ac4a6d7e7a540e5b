// The only way from the commands to src/dev, which is not in the image.
import { isProduction, StartError } from './environment.ts';

/** @throws StartError in production: nothing is stood in for there */
export async function demo() {
  if (isProduction()) throw new StartError('With NODE_ENV=production there is no demo to ask');
  return import('../dev/for-commands.ts');
}

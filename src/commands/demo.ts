// The only import of src/dev from the commands; src/dev is not in the image.
import { isProduction, StartError } from './environment.ts';

/** @throws StartError in production, which has no stand-ins */
export async function demo() {
  if (isProduction()) throw new StartError('With NODE_ENV=production there is no demo to ask');
  return import('../dev/for-commands.ts');
}

// npm run relay: the relay in a process of its own. Uses the variables that are set, and for the others those of the
// stack that npm start runs on the same DATA_DIR.
import { givenVariables } from '../config.ts';
import { demo } from './target-database.ts';
import { StartError, dataDirectory, isProduction, loadEnvFile, setting, shown } from './environment.ts';
import { complain } from './terminal.ts';

const defaultPort = '3003';

loadEnvFile();
try {
  if (!isProduction() && !setting('DATABASE_URL')) {
    const stack = await (await demo()).runningStack();
    if (!stack?.url)
      throw new StartError(
        `Examdesk is not running on ${shown(dataDirectory())}: set DATABASE_URL, or run npm start first`,
      );
    const { PORT: _, ...variables } = stack.variables;
    process.env = { BASE_URL: stack.url, ...variables, PORT: defaultPort, ...givenVariables() };
  }
  await import('../relay-process.ts');
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  complain(error.message);
  process.exitCode = 1;
}

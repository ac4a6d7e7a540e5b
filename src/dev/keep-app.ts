// Runs the app under the supervisor: starts it, reports when it is ready, and with --watch restarts it on a change.
import { watch } from 'node:fs';
import path from 'node:path';
import { type DatabaseUrls, migrateBoth } from '../db/migrate.ts';
import type { AppLog } from './app-log.ts';
import { type AppProcess, spawnApp, waitUntilReady } from './app-process.ts';
import { StartError, projectRoot, setting, shown } from '../commands/environment.ts';
import { type RunningStack, writeRunning } from './running.ts';
import { complain, say, step } from '../commands/terminal.ts';

export interface AppContext {
  dataDir: string;
  stack: RunningStack;
  log: AppLog;
  /** The app that the supervisor has to stop; null: none is running. */
  current: { app: AppProcess | null };
  leaving: AbortSignal;
}

/**
 * Resolves only when the supervisor is stopping.
 * @param ready called once, when the first start is complete
 * @throws StartError when the app ends by itself; with --watch it waits for a change instead
 */
export async function keepAppRunning(context: AppContext, ready: () => Promise<void>): Promise<void> {
  const nextChange = process.argv.includes('--watch') ? watchSources() : null;
  let announce = ready;
  while (!context.leaving.aborted) {
    try {
      const app = await startApp(context);
      await announce();
      announce = async () => undefined;
      const end = await Promise.race([app.ended, ...(nextChange ? [nextChange().then(() => null)] : [])]);
      if (context.leaving.aborted) return;
      if (end !== null) throw new StartError(`The app ended (${end}); see ${shown(context.log.file)}`);
    } catch (error) {
      if (!nextChange || !(error instanceof StartError)) throw error;
      complain(`${error.message}. Waiting for a change`);
      await nextChange();
    }
    if (context.leaving.aborted) return;
    say('A file has changed');
    await context.current.app?.stop();
    await migrateBoth(databaseUrls(context));
  }
}

async function startApp({ dataDir, stack, log, current }: AppContext): Promise<AppProcess> {
  return step('App', async () => {
    const app = spawnApp(stack.variables, log);
    current.app = app;
    await writeRunning(dataDir, Object.assign(stack, { appPid: app.pid }));
    await waitUntilReady(app, stack.url ?? '', shown(log.file));
    return app;
  });
}

/** Of the database that the variables name, else of the one that was started. */
function databaseUrls({ stack }: AppContext): DatabaseUrls {
  const given = setting('DATABASE_URL');
  if (given) return { url: given, ownerUrl: setting('MIGRATION_DATABASE_URL') ?? given };
  return { url: stack.variables.DATABASE_URL as string, ownerUrl: stack.ownerUrl as string };
}

const watched = ['src', 'migrations', 'views'];
const quietMs = 200;

/** @returns a function whose promise resolves with the name of a changed file, once no more changes follow */
function watchSources(): () => Promise<string> {
  let next = Promise.withResolvers<string>();
  let timer: NodeJS.Timeout | undefined;
  for (const folder of watched) {
    const watcher = watch(path.join(projectRoot, folder), { recursive: true }, (_event, name) => {
      if (name === null || !/\.(ts|ejs)$/.test(name) || timer) return;
      timer = setTimeout(() => {
        timer = undefined;
        next.resolve(path.join(folder, name));
        next = Promise.withResolvers();
      }, quietMs);
    });
    watcher.unref();
  }
  return () => next.promise;
}

import { watch } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../commands/environment.ts';

const watched = ['src', 'migrations', 'views'];
const quietMs = 200;

/** @returns a function whose promise resolves with the name of a changed file, once no more changes follow */
export function watchSources(): () => Promise<string> {
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

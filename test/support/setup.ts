// Loaded by mocha before every test file, in its own process and in each worker.
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';
import { stopSharedPostgres } from './postgres.ts';

process.env.NODE_ENV = 'test';

// Also for the workers and for processes that tests start: half of what those need to load is compiling.
process.env.NODE_COMPILE_CACHE ??= path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled');
enableCompileCache(process.env.NODE_COMPILE_CACHE);

export const mochaHooks = {
  async afterAll(): Promise<void> {
    // Among several workers this runs after each file: theirs go with the worker's process.
    if (process.env.MOCHA_WORKER_ID === undefined) await stopSharedPostgres();
    // Workers and killed processes do not come to the end at which node would write it.
    flushCompileCache();
  },
};

// Loaded by mocha before every test file, in its own process and in each worker.
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';

process.env.NODE_ENV = 'test';

// Also for the workers and for processes that tests start: half of what those need to load is compiling.
process.env.NODE_COMPILE_CACHE ??= path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled');
enableCompileCache(process.env.NODE_COMPILE_CACHE);

export const mochaHooks = {
  afterAll(): void {
    // Workers and killed processes do not come to the end at which node would write it.
    flushCompileCache();
  },
};

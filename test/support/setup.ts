// Loaded by mocha before every test file, in its own process and in each worker.
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';

process.env.NODE_ENV = 'test';

// Also for workers and child processes: compiling is half of their load time.
process.env.NODE_COMPILE_CACHE ??= path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled');
enableCompileCache(process.env.NODE_COMPILE_CACHE);

export const mochaHooks = {
  afterAll(): void {
    // Workers and killed processes never reach the point where Node would write it.
    flushCompileCache();
  },
};

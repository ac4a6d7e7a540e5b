// Loaded by mocha before every test file, in its own process and in each worker.
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';

process.env.NODE_ENV = 'test';

// Also for workers and child processes: compiling is half of their load time.
process.env.NODE_COMPILE_CACHE ??= path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled');
enableCompileCache(process.env.NODE_COMPILE_CACHE);

// Otherwise V8 collects the garbage of a worker's whole heap for every 64 MB of buffers: half the time of uploads.
setFlagsFromString('--external-memory-accounted-in-global-limit');

export const mochaHooks = {
  afterAll(): void {
    // Workers and killed processes never reach the point where Node would write it.
    flushCompileCache();
  },
};

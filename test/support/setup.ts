// Loaded by mocha before every test file, in its own process and in each worker.
import crypto, { type ScryptOptions } from 'node:crypto';
import { enableCompileCache, flushCompileCache, syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';

process.env.NODE_ENV = 'test';

// Otherwise V8 collects the garbage of a worker's whole heap for every 64 MB of buffers: half the time of uploads. Workers
// start with the flag: V8 reads compiled code only under the flags it was compiled under, and Node names its folder by
// the flags of the process's start. Set later, workers and child processes would overwrite each other's code.
const bufferFlag = '--external-memory-accounted-in-global-limit';
setFlagsFromString(bufferFlag);
if (!process.execArgv.includes(bufferFlag)) process.execArgv.push(bufferFlag);

// Also for workers and child processes: compiling is half of their load time.
process.env.NODE_COMPILE_CACHE ??= path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled');
enableCompileCache(process.env.NODE_COMPILE_CACHE);

// Hashing a password takes a tenth of a second by intention. Tests do it a thousand times, so here it costs next to
// nothing; accounts/password-cost.unit.test.ts holds what it costs elsewhere. Child processes hash at the real cost, so they
// refuse a password that was hashed here: give them a session (session.ts).
const { scrypt } = crypto;
crypto.scrypt = ((password, salt, bytes, options: ScryptOptions, done) =>
  scrypt(password, salt, bytes, { ...options, N: 16 }, done)) as typeof scrypt;
syncBuiltinESMExports();

export const mochaHooks = {
  afterAll(): void {
    // Workers and killed processes never reach the point where Node would write it.
    flushCompileCache();
  },
};

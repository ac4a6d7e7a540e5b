// Loaded by mocha before every test file.
import { stopSharedPostgres } from './postgres.ts';

process.env.NODE_ENV = 'test';

export const mochaHooks = {
  async afterAll(): Promise<void> {
    // Among several workers this runs after each file: theirs go with the worker's process.
    if (process.env.MOCHA_WORKER_ID === undefined) await stopSharedPostgres();
  },
};

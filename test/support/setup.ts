// Loaded by mocha before every test file.
import { stopSharedPostgres } from './postgres.ts';

process.env.NODE_ENV = 'test';

export const mochaHooks = {
  async afterAll(): Promise<void> {
    await stopSharedPostgres();
  },
};

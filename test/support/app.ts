// The real app on a real database with the demo's people, listening on a port of its own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import supertest from 'supertest';
import { demoPassword, seedDemo } from '../../seeds/demo.ts';
import { compose, type Overrides, type System } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/knex.ts';
import { openTestDatabase } from './database.ts';
import { createFakeAcuity } from './fakes/acuity.ts';

export type Agent = ReturnType<typeof supertest.agent>;

export interface TestApp {
  url: string;
  db: Database;
  databaseUrl: string;
  system: System;
  /** What was logged, a line each. */
  logLines: string[];
  /** A program without a session, that says where it comes from. */
  anonymous(): Agent;
  /** A program signed in as one of the demo's people. */
  signIn(email: string): Promise<Agent>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  overrides?: Overrides;
  env?: Record<string, string>;
}

export async function startTestApp({ overrides = {}, env = {} }: TestAppOptions = {}): Promise<TestApp> {
  const database = await openTestDatabase();
  await seedDemo(database.db);
  const logLines: string[] = [];
  const log = pino({ level: 'info', base: null }, { write: (line: string) => void logLines.push(line) });
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = readConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    BASE_URL: url,
    BETTER_AUTH_SECRET: 'a-secret-for-tests-only-0123456789abcdef',
    SMTP_URL: 'smtp://127.0.0.1:9',
    // Unless a test points elsewhere, no HTTP leaves: the fake stands behind the port.
    ACUITY_BASE_URL: 'http://127.0.0.1:9',
    ACUITY_USER_ID: '11100001',
    ACUITY_API_KEY: 'demo-acuity-key',
    DEMO_ACCOUNTS: 'true',
    ...env,
  });
  const acuity = env.ACUITY_BASE_URL || overrides.acuity ? {} : { acuity: createFakeAcuity() };
  const system = compose(config, { log, ...acuity, ...overrides });
  server.on('request', system.app);

  const anonymous = (): Agent => supertest.agent(url).set('Origin', url).set('Accept', 'application/json');
  return {
    url,
    db: database.db,
    databaseUrl: database.url,
    system,
    logLines,
    anonymous,
    async signIn(email) {
      const agent = anonymous();
      await agent.post('/api/auth/sign-in/email').send({ email, password: demoPassword }).expect(200);
      return agent;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await system.close();
      await database.close();
    },
  };
}

// The real app on a real database with the demo's people, listening on its own port.
import { randomBytes } from 'node:crypto';
import { Agent as Connections, createServer } from 'node:http';
import { pino } from 'pino';
import supertest from 'supertest';
import { demoPassword } from '../../seeds/demo.ts';
import { compose, type Overrides, type System } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/knex.ts';
import { acuityRate } from './acuity-rate.ts';
import type { AppGround } from './app-ground.ts';
import { serveAxe } from './axe.ts';
import { testJobs } from './cron.ts';
import { openSeededDatabase, type TestDatabase } from './database.ts';
import { createFakeAcuity } from './fakes/acuity.ts';
import { mintSession, testSecret, type SessionCookie } from './session.ts';
import { createVisitor, type Visitor } from './visitor.ts';
import { listen } from './listen.ts';

export type Agent = ReturnType<typeof supertest.agent>;

export interface TestApp {
  url: string;
  /** Its configuration, for a command that runs beside it. */
  env: Record<string, string>;
  /** The app's own connections, unless `env` changes those; `database.owner` may do more. Closed with `system`. */
  db: Database;
  database: TestDatabase;
  system: System;
  /** Log lines. */
  logLines: string[];
  /** A client without a session that sends an Origin header. */
  anonymous(): Agent;
  /** A client with a minted session of this person, as after a sign-in, without their password. */
  signIn(email: string): Promise<Agent>;
  /** A client that signs in with the password. For tests of signing in. */
  signInByPassword(email: string): Promise<Agent>;
  /** A person in a browser without JavaScript, with a minted session. */
  signedInVisitor(email: string): Promise<Visitor>;
  /** The cookie of a minted session, for browsers and requests made by hand. */
  sessionCookie(email: string): Promise<SessionCookie>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  overrides?: Overrides;
  env?: Record<string, string>;
  /** Used instead of a new database on the shared server; closed with the app. */
  database?: TestDatabase;
  /** Used instead of a new database; rewound now, and closed by the file. */
  ground?: AppGround;
}

/** Variables that production requires in addition. The Redis and the bucket they name do not exist. */
export const inProduction = {
  NODE_ENV: 'production',
  DEMO_ACCOUNTS: 'false',
  ACUITY_API_KEY: randomBytes(16).toString('hex'),
  ACUITY_CALLS_PER_SECOND: '8',
  BETTER_AUTH_SECRET: testSecret,
  ENCRYPTION_KEYS: `one:${randomBytes(32).toString('hex')}`,
  REDIS_URL: 'redis://127.0.0.1:9',
  S3_BUCKET: 'documents',
  S3_REGION: 'us-east-1',
};

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { overrides = {}, env = {}, ground } = options;
  // A test that limits the app's connections, or puts something in front of them, needs some of its own.
  const isLimited = Object.keys(env).some((name) => name.startsWith('DATABASE_'));
  if (isLimited && ground) throw new Error('An app on a ground has the connections of the ground');
  const database = ground?.database ?? options.database ?? (await openSeededDatabase());
  const logLines: string[] = [];
  const log = pino({ level: 'info', base: null }, { write: (line: string) => void logLines.push(line) });
  const server = createServer();
  const url = `http://127.0.0.1:${await listen(server)}`;
  const appEnv = {
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    BASE_URL: url,
    BETTER_AUTH_SECRET: testSecret,
    SMTP_URL: 'smtp://127.0.0.1:9',
    // Unless a test sets another Acuity, no HTTP request leaves: the fake implements the port.
    ACUITY_BASE_URL: 'http://127.0.0.1:9',
    ACUITY_USER_ID: '11100001',
    ACUITY_API_KEY: 'demo-acuity-key',
    ...acuityRate.env,
    DEMO_ACCOUNTS: 'true',
    ...env,
  };
  const acuity = env.ACUITY_BASE_URL || overrides.acuity ? {} : { acuity: createFakeAcuity() };
  const config = readConfig(appEnv);
  const lent = ground && { connections: await ground.lend(config) };
  const system = compose(config, { log, jobs: testJobs, ...acuity, ...lent, ...overrides });
  server.on('request', (req, res) => void (serveAxe(req, res) || system.app(req, res)));

  // Otherwise each request opens a connection, and each answer is compressed and decompressed in this process.
  const connections = new Connections({ keepAlive: true });
  const anonymous = (): Agent =>
    supertest
      .agent(url)
      .use((request: supertest.Test) => void request.agent(connections))
      .set({ Origin: url, Accept: 'application/json', 'Accept-Encoding': 'identity' });
  const db = isLimited ? database.db : system.services.db;
  const sessionCookie = (email: string) => mintSession(db, email);
  return {
    url,
    env: appEnv,
    db,
    database,
    system,
    logLines,
    anonymous,
    async signIn(email) {
      const agent = anonymous();
      const { name, value } = await sessionCookie(email);
      agent.jar.setCookie(`${name}=${value}; Path=/; HttpOnly; SameSite=Lax`, '127.0.0.1', '/');
      return agent;
    },
    async signInByPassword(email) {
      const agent = anonymous();
      await agent.post('/api/auth/sign-in/email').send({ email, password: demoPassword }).expect(200);
      return agent;
    },
    async signedInVisitor(email) {
      const visitor = createVisitor(url);
      const { name, value } = await sessionCookie(email);
      visitor.setCookie(name, value);
      return visitor;
    },
    sessionCookie,
    async close() {
      connections.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await system.close();
      if (!ground) await database.close();
    },
  };
}

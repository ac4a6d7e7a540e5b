// What an operator has before the first start: an empty database with the two roles of docs/first-start.md, Redis if it
// is installed, a bucket, a mail server and an Acuity account. Each is a separate service, outside the image.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import { openMailbox } from './mailbox.ts';
import { openTestStorage } from './object-storage.ts';
import { sharedPostgres } from './postgres.ts';
import { redisForTests } from './redis.ts';

export interface AgencyServices {
  mailbox: Mailbox;
  simulator: Simulator;
  /** Null: the app runs without a shared cache, and the doctor reports that. */
  hasRedis: boolean;
  /** For every process: the variables that name these services. */
  env: Record<string, string>;
  /** For npm run migrate in addition: the owner of the tables. */
  migrationEnv: Record<string, string>;
  close(): Promise<void>;
}

const firstStart = path.resolve(import.meta.dirname, '../../docs/first-start.md');
/** Contains characters that are special in URLs, in shells and in PostgreSQL. */
const password = 'p@ss/w:rd?#%&+ "$x$';

export async function openAgencyServices(): Promise<AgencyServices> {
  const database = await openEmptyDatabase();
  const [mailbox, storage, redis] = [await openMailbox(), await openTestStorage(), await redisForTests()];
  const credentials = { userId: '22200002', apiKey: `key-of-the-agency-${randomBytes(8).toString('hex')}` };
  const simulator = await startSimulator({ port: 0, ...credentials });
  return {
    mailbox,
    simulator,
    hasRedis: redis !== null,
    migrationEnv: {
      MIGRATION_DATABASE_URL: database.ownerUrl,
      MIGRATION_DATABASE_PASSWORD: password,
    },
    env: {
      DATABASE_URL: database.appUrl,
      DATABASE_PASSWORD: password,
      REDIS_URL: redis?.url ?? 'redis://127.0.0.1:9',
      SMTP_URL: mailbox.smtpUrl,
      MAIL_FROM: 'Agency <bookings@agency.internal>',
      ...storage.env,
      ACUITY_BASE_URL: simulator.url,
      ACUITY_USER_ID: credentials.userId,
      ACUITY_API_KEY: credentials.apiKey,
      BETTER_AUTH_SECRET: randomBytes(32).toString('base64'),
      ENCRYPTION_KEYS: `first:${randomBytes(32).toString('hex')}`,
    },
    async close() {
      await simulator.close();
      await Promise.all([mailbox.close(), storage.close(), redis?.stop()]);
      await database.close();
    },
  };
}

// Runs the statements of docs/first-start.md, with other role names, because roles belong to the whole server. The
// addresses have no password.
async function openEmptyDatabase(): Promise<{
  ownerUrl: string;
  appUrl: string;
  close(): Promise<void>;
}> {
  const name = `agency_${randomBytes(6).toString('hex')}`;
  const server = (await sharedPostgres()).url;
  const [, block = ''] = /```sql\n([^`]+)```/.exec(readFileSync(firstStart, 'utf8')) ?? [];
  const statements = block
    .replaceAll('examdesk', name)
    .replaceAll('…', () => password)
    .split(';');
  for (const statement of statements) if (statement.trim() !== '') await administer(server, statement);
  const urlOf = (role: string) => {
    const url = new URL(server);
    [url.username, url.password] = [`${name}_${role}`, ''];
    url.pathname = `/${name}`;
    return url.href;
  };
  return {
    ownerUrl: urlOf('owner'),
    appUrl: urlOf('app'),
    async close() {
      await administer(server, `drop database ${name} with (force)`);
      for (const role of ['owner', 'app']) await administer(server, `drop role ${name}_${role}`);
    },
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

// Gives each caller a migrated database: a copy of a template.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Database, openDatabase } from '../../src/db/knex.ts';
import { migrateBoth } from '../../src/db/migrate.ts';
import { appUrlOf, openAppRole } from '../../src/dev/app-role.ts';
import { seedDemo } from '../../seeds/demo.ts';
import { sharedPostgres } from './postgres.ts';

export interface TestDatabase {
  /** Connected as the app's role, with the privileges of production. */
  db: Database;
  /** The connection string of `db`, for another process or pool. */
  url: string;
  /** Connected as the role that owns the tables, for what the app may not do. Connects on first use. */
  readonly owner: Database;
  ownerUrl: string;
  /** Closes `db` and drops the database, even if others are still connected. */
  close(): Promise<void>;
}

// Roles belong to the server, which is removed with the run.
const appPassword = 'of-the-tests';
const templateName = 'examdesk_template';
const seededTemplateName = 'examdesk_seeded_template';
// By server: a stopped server's templates no longer exist.
const templates = new Map<string, Promise<void>>();
// PostgreSQL copies a template only while nobody is connected to it: one copy at a time.
let lastCopy: Promise<unknown> = Promise.resolve();

export async function openTestDatabase(): Promise<TestDatabase> {
  await once(templateName, makeTemplate);
  return openCopy(templateName);
}

/** With the demo's people and specialists. Their passwords are hashed once, not for each test. */
export async function openSeededDatabase(): Promise<TestDatabase> {
  await once(seededTemplateName, makeSeededTemplate);
  return openCopy(seededTemplateName);
}

async function once(name: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  const key = `${(await sharedPostgres()).url} ${name}`;
  const made = templates.get(key) ?? makeOnce(name, make);
  templates.set(key, made);
  await made;
}

/** Once for all processes that share the server. An unfinished template has another name, and is made again. */
async function makeOnce(name: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${name}_unfinished`;
  const gate = new pg.Client({ connectionString: (await sharedPostgres()).url });
  await gate.connect();
  try {
    await gate.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rows } = await gate.query('select from pg_database where datname = $1', [name]);
    if (rows.length > 0) return;
    await gate.query(`drop database if exists ${unfinished} with (force)`);
    await make(unfinished);
    await untilDisconnected(unfinished);
    await gate.query(`alter database ${unfinished} rename to ${name}`);
  } finally {
    await gate.end();
  }
}

/** The database as it is now, as a backup would contain it. Waits until nobody is connected. */
export async function copyDatabase({ url }: Pick<TestDatabase, 'url'>): Promise<TestDatabase> {
  const name = new URL(url).pathname.slice(1);
  await untilDisconnected(name);
  return openCopy(name);
}

async function openCopy(from: string): Promise<TestDatabase> {
  const name = await createDatabase(from);
  const ownerUrl = await urlOf(name);
  const url = appUrlOf(ownerUrl, appPassword);
  const db = openDatabase(url);
  let owner: Database | undefined;
  return {
    db,
    url,
    get owner() {
      owner ??= openDatabase(ownerUrl, 4);
      return owner;
    },
    ownerUrl,
    close: async () => {
      await Promise.all([db.destroy(), owner?.destroy()]);
      await dropDatabase(name);
    },
  };
}

/** A database without our schema, for tests of migrations. */
export async function openEmptyDatabase(): Promise<{ url: string; close(): Promise<void> }> {
  const name = await createDatabase('template0');
  return {
    url: await urlOf(name),
    close: () => dropDatabase(name),
  };
}

async function makeTemplate(name: string): Promise<void> {
  await administer(`create database ${name}`);
  const ownerUrl = await urlOf(name);
  // Its privileges are copied with the database.
  await migrateBoth({ url: await openAppRole(ownerUrl, appPassword), ownerUrl });
}

async function makeSeededTemplate(name: string): Promise<void> {
  await once(templateName, makeTemplate);
  await administer(`create database ${name} template ${templateName} strategy file_copy`);
  const db = openDatabase(appUrlOf(await urlOf(name), appPassword), 2);
  try {
    await seedDemo(db);
  } finally {
    await db.destroy();
  }
}

function createDatabase(from: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const copy = lastCopy
    .catch(() => undefined)
    .then(() => administer(`create database ${name} template ${from} strategy file_copy`));
  lastCopy = copy;
  return copy.then(() => name);
}

async function dropDatabase(name: string): Promise<void> {
  await untilDisconnected(name);
  await administer(`drop database if exists ${name} with (force)`);
}

async function urlOf(name: string): Promise<string> {
  const url = new URL((await sharedPostgres()).url);
  url.pathname = `/${name}`;
  return url.href;
}

/**
 * `pool.end()` resolves while connections are still closing; dropping the database would then raise errors that nobody
 * handles. Waits for them to close, on a busy machine for some seconds.
 */
async function untilDisconnected(name: string): Promise<void> {
  const pool = await administration();
  for (let look = 0; look < 400; look += 1) {
    const { rows } = await pool.query('select 1 from pg_stat_activity where datname = $1 limit 1', [name]);
    if (rows.length === 0) return;
    await sleep(20);
  }
}

async function administer(statement: string): Promise<void> {
  await (await administration()).query(statement);
}

/** By server. A new connection costs as much as half a database. */
const pools = new Map<string, pg.Pool>();

async function administration(): Promise<pg.Pool> {
  const { url } = await sharedPostgres();
  const known = pools.get(url);
  if (known) return known;
  const pool = new pg.Pool({ connectionString: url, max: 2, allowExitOnIdle: true });
  // The server may stop before us.
  pool.on('error', () => undefined);
  pools.set(url, pool);
  return pool;
}

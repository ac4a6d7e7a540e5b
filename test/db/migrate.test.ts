import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import { auditActions } from '../../src/audit/index.ts';
import { bookingStatuses, contactRoles, progresses } from '../../src/bookings/index.ts';
import { accountMailKinds, workMailKinds } from '../../src/email/index.ts';
import { type Database, openDatabase } from '../../src/db/knex.ts';
import { migrate, migrationsDirectory } from '../../src/db/migrate.ts';
import { examinationTypes } from '../../src/specialists/index.ts';
import { type TestDatabase, openEmptyDatabase, openTestDatabase } from '../support/database.ts';
import { projectRoot } from '../support/stack.ts';

describe('migrate', () => {
  let database: { url: string; close(): Promise<void> };
  beforeEach(async () => {
    database = await openEmptyDatabase();
  });
  afterEach(() => database.close());

  const query = async (statement: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query(statement)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  const npmRunMigrate = () =>
    promisify(execFile)(process.execPath, [path.join(projectRoot, 'src/commands/migrate.ts')], {
      env: { ...process.env, MIGRATION_DATABASE_URL: database.url, NODE_ENV: 'development' },
    });
  const steps = async () => (await readdir(migrationsDirectory)).toSorted((a, b) => a.localeCompare(b));

  it('applies each migration once when two processes run it at the same time', async () => {
    const said = (await Promise.all([npmRunMigrate(), npmRunMigrate()])).map(({ stdout }) => stdout);
    expect(said.filter((text) => text.startsWith('Applied')).length).to.equal(1);
    expect(said.filter((text) => text.includes('up to date')).length).to.equal(1);
    const applied = await query('select name from knex_migrations order by id');
    expect(applied.map(({ name }) => name)).to.deep.equal(await steps());
  });

  it('takes over the lock when a process died holding it', async () => {
    await migrate(database.url);
    await query('update knex_migrations_lock set is_locked = 1');
    expect(await migrate(database.url)).to.deep.equal({ applied: [] });
  });

  it('leaves nothing of a migration that fails', async () => {
    await query('create table specialists (in_the_way boolean)');
    const failure: unknown = await npmRunMigrate().catch((error: unknown) => error);
    expect(failure).to.include({ code: 1 }).and.have.property('stderr').that.contains('already exists');
    const tables = await query(`select tablename from pg_tables where schemaname = 'public'`);
    expect(tables.map(({ tablename }) => tablename)).not.to.include('specialist_services');
    await query('drop table specialists');
    const { applied } = await migrate(database.url);
    expect(applied.at(-1)).to.equal((await steps()).at(-1));
  });
});

/** A database as it was before the migration `name`. */
async function openDatabaseBefore(name: string) {
  const database = await openEmptyDatabase();
  const db = openDatabase(database.url, 2);
  const config = { directory: migrationsDirectory, extension: 'ts', loadExtensions: ['.ts'] };
  for (const step of (await readdir(migrationsDirectory)).toSorted()) {
    if (step < name) await db.migrate.up({ ...config, name: step });
  }
  return {
    db,
    url: database.url,
    close: async () => {
      await db.destroy();
      await database.close();
    },
  };
}

/** Ids of the booking and its referrer. */
async function insertOldBooking(db: Database, more: object = {}): Promise<{ booking: string; user: string }> {
  const [user, organization, specialist] = [randomUUID(), randomUUID(), randomUUID()];
  await db('users').insert({ id: user, name: 'Rita', email: 'rita@old.example', email_verified: true });
  await db('organizations').insert({ id: organization, name: 'Old', slug: 'old', created_at: new Date() });
  await db('specialists').insert({
    id: specialist,
    name: 'Dr Old',
    specialty: 'Neurology',
    timezone: 'Australia/Sydney',
    acuity_calendar_id: 1,
  });
  const booking = randomUUID();
  await db('bookings').insert({
    id: booking,
    reference: 'EX-AAAAA2',
    acuity_appointment_id: 1,
    organization_id: organization,
    specialist_id: specialist,
    created_by_id: user,
    source: 'portal',
    type: 'in_person',
    examinee_first_name: 'Ewan',
    examinee_last_name: 'Marsh',
    examinee_phone: '+61412345678',
    starts_at: '2026-12-01T00:00:00Z',
    duration_minutes: 60,
    timezone: 'Australia/Sydney',
    ...more,
  });
  return { booking, user };
}

describe('the migration of e-mails to several recipients', () => {
  it('turns a queued cancellation of a no-show into the no_show kind', async () => {
    const { db, url, close } = await openDatabaseBefore('20261129101500_who_is_told.ts');
    try {
      const { booking, user } = await insertOldBooking(db, { current_progress: 'no_show' });
      for (const status of ['queued', 'sent']) {
        await db('emails').insert({
          id: randomUUID(),
          kind: 'booking_cancelled',
          dedupe_key: `booking_cancelled:${status}`,
          recipient: 'rita@old.example',
          recipient_id: user,
          booking_id: booking,
          status,
          ...(status === 'sent' && { sent_at: new Date() }),
        });
      }
      await migrate(url);
      expect(await db('emails').orderBy('status').select('status', 'kind')).to.deep.equal([
        { status: 'queued', kind: 'booking_no_show' },
        { status: 'sent', kind: 'booking_cancelled' },
      ]);
    } finally {
      await close();
    }
  });
});

describe('the migration that makes reports drafts', () => {
  it('releases reports that are stored already as of their upload, and nothing else', async () => {
    const { db, url, close } = await openDatabaseBefore('20261129003000_report_release.ts');
    try {
      await insertDocuments(db);
      await migrate(url);
      const rows = (await db('documents').orderBy('category')) as Record<string, unknown>[];
      const released = rows.map(({ category, released_at, created_at, released_by_id, releases }) => ({
        category,
        releases,
        released_by_id,
        at: released_at instanceof Date && Number(released_at) === Number(created_at),
      }));
      expect(released).to.deep.equal([
        { category: 'brief', releases: 0, released_by_id: null, at: false },
        { category: 'report', releases: 1, released_by_id: null, at: true },
      ]);
    } finally {
      await close();
    }
  });

  async function insertDocuments(db: Database): Promise<void> {
    const { booking: booking_id, user } = await insertOldBooking(db);
    for (const category of ['report', 'brief']) {
      await db('documents').insert({
        id: randomUUID(),
        booking_id,
        category,
        file_name: 'a.txt',
        mime_type: 'text/plain',
        size_bytes: 4,
        sha256: 'a'.repeat(64),
        chunk_bytes: 4,
        chunk_sha256: Buffer.alloc(32),
        s3_key: `documents/${category}`,
        status: 'not_scanned',
        uploaded_by_id: user,
      });
    }
  }
});

describe('the schema', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.close());

  it('checks every enumerated column against the values that the code has', async () => {
    const allowed = async (table: string, column: string) => {
      const { rows } = await database.db.raw<{ rows: { definition: string }[] }>(
        `select pg_get_constraintdef(c.oid) as definition from pg_constraint c
           join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
           where c.contype = 'c' and c.conrelid = ?::regclass and a.attname = ?`,
        [table, column],
      );
      const listed = rows
        .map(({ definition }) => definition)
        .find((definition) => definition.includes('ARRAY['));
      return [...(listed ?? '').matchAll(/'([^']*)'::text/g)].map(([, value]) => value);
    };
    expect(await allowed('bookings', 'status')).to.have.members([...bookingStatuses]);
    expect(await allowed('bookings', 'current_progress')).to.have.members([...progresses]);
    expect(await allowed('booking_progress', 'progress')).to.have.members([...progresses]);
    expect(await allowed('bookings', 'type')).to.have.members([...examinationTypes]);
    expect(await allowed('specialist_services', 'type')).to.have.members([...examinationTypes]);
    expect(await allowed('users', 'role')).to.have.members(['referrer', 'support', 'admin']);
    expect(await allowed('booking_contacts', 'role')).to.have.members([...contactRoles]);
    const mailKinds = [...workMailKinds, ...accountMailKinds];
    expect(await database.db('email_kinds').pluck('kind')).to.have.members(mailKinds);
    expect(await database.db('audit_actions').pluck('action')).to.have.members([...auditActions]);
  });

  it('sets updated_at on every table that has the column', async () => {
    const { rows } = await database.db.raw<{ rows: { table_name: string }[] }>(
      `select table_name from information_schema.columns
         where table_schema = 'public' and column_name = 'updated_at' and table_name not in
           (select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid where t.tgname like '%updated_at')`,
    );
    // better-auth writes a session's updated_at itself, and uses it to decide when to renew the session.
    expect(rows.map(({ table_name }) => table_name)).to.deep.equal(['sessions']);
  });
});

import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import { auditActions } from '../../src/audit/index.ts';
import { bookingStatuses, contactRoles, progresses } from '../../src/bookings/index.ts';
import { migrate, migrationsDirectory } from '../../src/db/migrate.ts';
import { mailKindNames } from '../../src/mail-kinds/index.ts';
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
    expect(await database.db('email_kinds').pluck('kind')).to.have.members(mailKindNames);
    expect(await database.db('audit_actions').pluck('action')).to.have.members(Object.keys(auditActions));
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

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { type Database, openDatabase } from '../../src/db/knex.ts';
import { migrate, migrationState } from '../../src/db/migrate.ts';
import { readCatalog } from '../../src/db/schema.catalog.ts';
import { schemaSql } from '../../src/db/schema.sql.ts';
import { openEmptyDatabase } from '../support/database.ts';
import { projectRoot } from '../support/stack.ts';

const fixture = path.join(import.meta.dirname, 'before-baseline.sql');

describe('migrate, on a database from before the baseline,', () => {
  let database: { url: string; close(): Promise<void> };
  let db: Database;
  beforeEach(async () => {
    database = await openEmptyDatabase();
    db = openDatabase(database.url, 2);
    // A connection of its own: the file changes a setting.
    const loader = openDatabase(database.url, 1);
    await loader.raw(await readFile(fixture, 'utf8'));
    await loader.destroy();
  });
  afterEach(async () => {
    await db.destroy();
    await database.close();
  });

  it('makes the schema of db/schema.sql', async () => {
    await migrate(database.url);
    const expected = await readFile(path.join(projectRoot, 'db/schema.sql'), 'utf8');
    expect(schemaSql(await readCatalog(db))).to.equal(expected);
    expect(await migrationState(db)).to.deep.equal({ pending: [], unknown: [] });
  });

  it('renames everything that is called an intention', async () => {
    await migrate(database.url);
    const { rows } = await db.raw<{ rows: { name: string }[] }>(`
      select relname as name from pg_class where relname ~ 'intention'
      union all select conname from pg_constraint where conname ~ 'intention'
      union all select tgname from pg_trigger where tgname ~ 'intention'
      union all select attname from pg_attribute where attname ~ 'intention'`);
    expect(rows).to.deep.equal([]);
  });

  it('keeps every row', async () => {
    const ids = await insertOldRows(db);
    await migrate(database.url);
    expect(await db('users').first('id', 'email')).to.deep.equal({ id: ids.user, email: 'rita@old.example' });
    expect(await db('booking_attempts').first('id', 'state')).to.deep.equal({
      id: ids.attempt,
      state: 'failed',
    });
    expect(await db('emails').first('attempt_id')).to.deep.equal({ attempt_id: ids.attempt });
    expect(await db('merges').first('moved')).to.deep.equal({
      moved: { 'booking_attempts.created_by_id': [ids.attempt], 'bookings.created_by_id': [] },
    });
    const { count } = (await db('audit_log').where({ action: 'record.changed' }).count().first()) as {
      count: number;
    };
    expect(count, 'audit rows, none of which the upgrade adds').to.equal(3);
  });

  it('does nothing the second time, and once when two processes run it at the same time', async () => {
    const runs = await Promise.all([migrate(database.url), migrate(database.url)]);
    expect(runs.filter(({ applied }) => applied.length > 0)).to.have.length(1);
    expect(await migrate(database.url)).to.deep.equal({ applied: [] });
  });

  it('refuses when a migration from before is missing, and changes nothing', async () => {
    await db('knex_migrations').where('name', 'like', '%_restores.ts').delete();
    const before = schemaSql(await readCatalog(db));
    const failure: unknown = await migrate(database.url).catch((error: unknown) => error);
    expect(failure)
      .to.be.instanceOf(Error)
      .with.property('message')
      .that.contains('migrations/20261129130900_refusal_counts.ts')
      .and.contains('npm run migrate');
    expect(schemaSql(await readCatalog(db))).to.equal(before);
    expect(await db('knex_migrations').pluck('name')).to.have.length(56);
  });
});

/** A user, a failed attempt, the e-mail about it and a merge that moved it. */
async function insertOldRows(db: Database): Promise<{ user: string; attempt: string }> {
  const [user, attempt, specialist] = [randomUUID(), randomUUID(), randomUUID()];
  await db('users').insert({ id: user, name: 'Rita', email: 'rita@old.example', email_verified: true });
  await db('organizations').insert({
    id: randomUUID(),
    name: 'Old',
    slug: 'old',
    created_at: new Date(),
  });
  await db('specialists').insert({
    id: specialist,
    name: 'Dr Old',
    specialty: 'Neurology',
    timezone: 'Australia/Sydney',
    acuity_calendar_id: 1,
  });
  await db('booking_intentions').insert({
    id: attempt,
    kind: 'book',
    state: 'failed',
    reference: 'EX-AAAAA2',
    specialist_id: specialist,
    created_by_id: user,
    request_hash: 'a',
    request: {},
    settled_at: new Date(),
  });
  const email = {
    id: randomUUID(),
    kind: 'booking_failed',
    dedupe_key: `booking_failed:${attempt}`,
    recipient: 'rita@old.example',
    intention_id: attempt,
  };
  await db('emails').insert(email);
  await db('merges').insert({
    id: randomUUID(),
    kind: 'referrer',
    from_id: randomUUID(),
    into_id: user,
    from_name: 'Rita',
    into_name: 'Rita',
    reason: 'twice',
    moved: { 'booking_intentions.created_by_id': [attempt], 'bookings.created_by_id': [] },
    made_by_id: user,
  });
  return { user, attempt };
}

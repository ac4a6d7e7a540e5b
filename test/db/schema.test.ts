import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { openDatabase } from '../../src/db/knex.ts';
import { readCatalog } from '../../src/db/schema.catalog.ts';
import { schemaSql } from '../../src/db/schema.sql.ts';
import { tableTypes } from '../../src/db/schema.types.ts';
import { openEmptyDatabase, openTestDatabase } from '../support/database.ts';
import { projectRoot } from '../support/stack.ts';

describe('db/schema.sql', () => {
  const committed = () => readFile(path.join(projectRoot, 'db/schema.sql'), 'utf8');

  it('is the schema that the migrations make', async () => {
    const database = await openTestDatabase();
    try {
      const written = schemaSql(await readCatalog(database.db));
      expect(written === (await committed()), 'up to date; if not: npm run migrate').to.equal(true);
    } finally {
      await database.close();
    }
  });

  it('makes the same schema in an empty database', async () => {
    const database = await openEmptyDatabase();
    const [loader, reader] = [openDatabase(database.url, 1), openDatabase(database.url, 1)];
    try {
      await loader.raw(await committed());
      expect(schemaSql(await readCatalog(reader))).to.equal(await committed());
    } finally {
      await Promise.all([loader.destroy(), reader.destroy()]);
      await database.close();
    }
  });

  it('shows comments, policies and row level security', async () => {
    const database = await openEmptyDatabase();
    const db = openDatabase(database.url, 1);
    try {
      await db.raw(`
        create table things (id integer generated always as identity primary key, owner text not null default 'it''s');
        comment on table things is 'What''s there';
        comment on column things.owner is 'Whose';
        alter table things enable row level security;
        create policy own on things for select using (owner = current_user);
      `);
      const written = schemaSql(await readCatalog(db));
      for (const line of [
        'id integer GENERATED ALWAYS AS IDENTITY NOT NULL',
        `owner text DEFAULT 'it''s'::text NOT NULL`,
        `COMMENT ON TABLE things IS 'What''s there';`,
        `COMMENT ON COLUMN things.owner IS 'Whose';`,
        'ALTER TABLE things ENABLE ROW LEVEL SECURITY;',
        'CREATE POLICY own ON things FOR SELECT TO public USING ((owner = CURRENT_USER));',
      ])
        expect(written).to.contain(line);
    } finally {
      await db.destroy();
      await database.close();
    }
  });
});

describe('src/db/tables.ts', () => {
  it('has the tables that the migrations make', async () => {
    const database = await openTestDatabase();
    try {
      const committed = await readFile(path.join(projectRoot, 'src/db/tables.ts'), 'utf8');
      const written = tableTypes(await readCatalog(database.db));
      expect(written === committed, 'up to date; if not: npm run migrate').to.equal(true);
    } finally {
      await database.close();
    }
  });
});

// A database that each test of a file finds as it was when the file opened it. Putting the rows back costs a fifth of a
// new database, and its connections stay open, with what PostgreSQL has planned and cached on them.
import pg from 'pg';
import { openSeededDatabase, type TestDatabase } from './database.ts';

export interface RewoundDatabase extends TestDatabase {
  /** Puts every row and sequence back. Nothing of an earlier test may still write. */
  rewind(): Promise<void>;
}

interface Table {
  name: string;
  /** Without generated ones, which cannot be written. */
  columns: string;
}

/** With the demo's people and specialists. */
export async function openRewoundDatabase(): Promise<RewoundDatabase> {
  const database = await openSeededDatabase();
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  const rewinding = await keepRows(client);
  return {
    db: database.db,
    url: database.url,
    get owner() {
      return database.owner;
    },
    ownerUrl: database.ownerUrl,
    async rewind() {
      await client.query(rewinding);
    },
    async close() {
      await client.end();
      await database.close();
    },
  };
}

/** @returns the statements that put the rows back as they are now */
async function keepRows(client: pg.Client): Promise<string> {
  const { rows: tables } = await client.query<Table>(`
    select format('%I.%I', n.nspname, c.relname) as name,
           string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where n.nspname in ('public', 'graphile_worker') and c.relkind = 'r'
    group by n.nspname, c.relname`);
  const { rows: sequences } = await client.query<{ setting: string }>(`
    select format('select setval(%L, %s, %L);', format('%I.%I', schemaname, sequencename),
                  coalesce(last_value, start_value), last_value is not null) as setting
    from pg_sequences where schemaname in ('public', 'graphile_worker')`);
  await client.query('create schema kept');
  const restored: string[] = [];
  for (const { name, columns } of tables) {
    const { rowCount } = await client.query(`select from ${name} limit 1`);
    if (!rowCount) continue;
    const copy = `kept.${client.escapeIdentifier(name)}`;
    await client.query(`create table ${copy} as select ${columns} from ${name}`);
    restored.push(`insert into ${name} (${columns}) overriding system value select ${columns} from ${copy};`);
  }
  return [
    'begin;',
    // Without triggers, as when a backup is read in: they would write an audit log that nobody may delete from.
    'set local session_replication_role = replica;',
    ...tables.map(({ name }) => `delete from ${name};`),
    ...restored,
    ...sequences.map(({ setting }) => setting),
    'commit;',
  ].join('\n');
}

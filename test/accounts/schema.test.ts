import { getMigrations } from 'better-auth/db/migration';
import { expect } from 'chai';
import pg from 'pg';
import { createAuth } from '../../src/accounts/index.ts';
import { openEmptyDatabase, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { testSecret } from '../support/session.ts';

function authOn(pool: pg.Pool) {
  return createAuth({
    pool,
    secrets: [testSecret],
    baseUrl: 'http://localhost:3000',
  })();
}

/** What we do otherwise. */
const intended = new Set([
  // A uuid that refers to a user.
  'sessions.impersonated_by is text',
  // Nobody is looked up by a secret, least of all by an encrypted one.
  'two_factors (secret) is indexed',
]);

describe('the tables of better-auth', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let expected: string[];

  before(async () => {
    database = await openTestDatabase();
    pool = new pg.Pool({ connectionString: database.url });
    expected = await libraryFacts();
  });
  after(async () => {
    await pool.end();
    await database.close();
  });

  const missing = async () => {
    const warnings: string[] = [];
    const options = {
      ...(await authOn(pool)).options,
      logger: { log: (level: string, message: string) => void warnings.push(`${level} ${message}`) },
    };
    const { toBeCreated, toBeAdded } = await getMigrations(options);
    return {
      tables: toBeCreated.map(({ table }) => table),
      columns: toBeAdded.flatMap(({ fields }) => Object.keys(fields)),
      warnings: warnings.filter((warning) => /^(warn|error)/.test(warning)),
    };
  };
  const lacking = async () => {
    const ours = new Set(await factsOf(pool));
    return expected.filter((fact) => !ours.has(fact) && !intended.has(fact));
  };

  it('are what the library expects, and it warns of nothing', async () => {
    expect(await missing()).to.deep.equal({ tables: [], columns: [], warnings: [] });
  });

  it('have every type, not-null, unique, index and reference that the library would create', async () => {
    expect(expected).to.have.length.above(80);
    expect(await lacking()).to.deep.equal([]);
  });

  it('fail the comparison when an index, unique, reference, type or not-null is missing', async () => {
    await database.owner.raw(`
      drop index sessions_user_id_idx;
      alter table users drop constraint users_email_key;
      alter table accounts drop constraint accounts_user_id_fkey;
      alter table two_factors alter column secret drop not null;
      alter table verifications alter column expires_at type timestamp;
    `);
    expect(await lacking()).to.deep.equal([
      'accounts: FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE',
      'sessions (user_id) is indexed',
      'two_factors.secret must be there',
      'users (email) is indexed',
      'users (email) is unique',
      'verifications.expires_at is timestamp with time zone',
    ]);
  });

  it('fail the comparison when a column is missing', async () => {
    await database.owner.raw('alter table sessions drop column impersonator_session_id');
    expect((await missing()).columns).to.deep.equal(['impersonator_session_id']);
  });
});

/** Of an empty database in which better-auth made its own tables. */
async function libraryFacts(): Promise<string[]> {
  const empty = await openEmptyDatabase();
  const pool = new pg.Pool({ connectionString: empty.url });
  try {
    const { compileMigrations } = await getMigrations((await authOn(pool)).options);
    await pool.query(await compileMigrations());
    return await factsOf(pool);
  } finally {
    await pool.end();
    await empty.close();
  }
}

/** What can be said of the tables, a line each, by columns and not by names. An index counts for its first columns. */
async function factsOf(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ fact: string }>(`
    select format('%s.%s is %s', table_name, column_name, data_type) as fact
      from information_schema.columns where table_schema = 'public'
    union
    select format('%s.%s must be there', table_name, column_name)
      from information_schema.columns where table_schema = 'public' and is_nullable = 'NO'
    union
    select format('%s (%s) %s', i.indrelid::regclass, columns.names,
                  case when i.indisunique then 'is unique' else 'is indexed' end)
      from pg_index i
      join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
      cross join lateral (
        select string_agg(a.attname, ', ' order by k.place) as names
        from unnest(i.indkey) with ordinality k (number, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
      ) columns
      where i.indpred is null
    union
    select format('%s (%s) is indexed', i.indrelid::regclass, a.attname)
      from pg_index i
      join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indpred is null
    union
    select format('%s: %s', conrelid::regclass, pg_get_constraintdef(oid))
      from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
    order by 1`);
  return rows.map(({ fact }) => fact);
}

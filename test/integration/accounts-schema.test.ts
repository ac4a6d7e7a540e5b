import { getMigrations } from 'better-auth/db/migration';
import { expect } from 'chai';
import pg from 'pg';
import { createAuth } from '../../src/accounts/index.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

describe('the tables of better-auth', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  before(async () => {
    database = await openTestDatabase();
    pool = new pg.Pool({ connectionString: database.url });
  });
  after(async () => {
    await pool.end();
    await database.close();
  });

  const missing = async () => {
    const warnings: string[] = [];
    const auth = createAuth({
      pool,
      secret: 'a-secret-for-tests-only-0123456789abcdef',
      baseUrl: 'http://localhost:3000',
    });
    const options = {
      ...auth.options,
      logger: { log: (level: string, message: string) => void warnings.push(`${level} ${message}`) },
    };
    const { toBeCreated, toBeAdded } = await getMigrations(options);
    return {
      tables: toBeCreated.map(({ table }) => table),
      columns: toBeAdded.flatMap(({ fields }) => Object.keys(fields)),
      warnings: warnings.filter((warning) => /^(warn|error)/.test(warning)),
    };
  };

  it('are what the library expects, and it warns of nothing', async () => {
    expect(await missing()).to.deep.equal({ tables: [], columns: [], warnings: [] });
  });

  it('would be missed if one lost a column', async () => {
    await database.db.raw('alter table sessions drop column impersonator_session_id');
    expect((await missing()).columns).to.deep.equal(['impersonator_session_id']);
  });
});

// How far the console looks for what is asked of its longest lists.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { countRows, orderRows } from '../../src/console/table.query.ts';
import { selectRows, tableOf, type Filters, type Table } from '../../src/console/index.ts';
import { openSeededDatabase, type TestDatabase } from '../support/database.ts';

describe('the cost of the console’s lists', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openSeededDatabase();
  });
  after(() => database.close());

  it('a text search reads only the newest rows of the audit log', async () => {
    expect(tableOf('audit')?.textSearchLimit).to.be.within(10_000, 200_000);
    const audit: Table = { ...(tableOf('audit') as Table), textSearchLimit: 3 };
    const record = randomUUID();
    await database.db('audit_log').insert(
      [9, 8, 7, 2, 1, 0].map((days) => ({
        at: new Date(Date.now() - days * 86_400_000),
        action: 'auth.signed_in',
        outcome: 'success',
        resource_type: 'session',
        resource_id: days === 9 ? record : randomUUID(),
        metadata: {},
        user_agent: 'Kiosk',
      })),
    );
    const count = (filters: Filters) => countRows(database.db, audit, filters);
    const weekAgo = { at: { to: new Date(Date.now() - 5 * 86_400_000).toISOString() } };
    expect(await count({ search: 'kiosk' })).to.equal(3);
    expect(await count({ userAgent: 'kiosk' })).to.equal(3);
    // No index serves words; one serves the kinds of what happened, and of what it happened to.
    const kinds: Filters[] = [{ resourceType: 'session' }, { action: 'auth.signed_in' }];
    for (const kind of kinds) expect(await count({ ...kind, resourceId: record })).to.equal(1);
    expect(await count({ resourceType: 'session' })).to.be.at.least(6);
    // What else narrows the list comes first: a time is a way to look further back.
    expect(await count({ search: 'kiosk', ...weekAgo })).to.equal(3);
    expect(await count(weekAgo)).to.be.at.least(3);
    // An id that is written out is meant as it is.
    expect(await count({ resourceId: record })).to.equal(1);
    expect(await count({ resourceId: record.slice(0, 30) })).to.equal(0);
    expect(await count({ resourceId: record.toUpperCase(), search: 'kiosk' })).to.equal(1);
  });

  it('finding a later e-mail of the same kind uses an index', async () => {
    const stuck = selectRows(database.db, tableOf('account-emails') as Table, { isStuck: 'true' });
    expect(await planOf(stuck.count('* as total'))).to.contain('emails_reached_idx');
  });

  it('finding audit entries of one kind uses an index in the list’s order', async () => {
    const audit = tableOf('audit') as Table;
    for (const [filters, index] of [
      [{ resourceType: 'specialist' }, 'audit_log_type_idx'],
      [{ action: 'records.imported' }, 'audit_log_action_idx'],
    ] as const) {
      const rows = orderRows(selectRows(database.db, audit, filters), audit, audit.sort);
      const plan = await planOf(rows.select('r.*').limit(20));
      expect(plan).to.contain(index).and.not.contain('Sort');
    }
  });

  /** When the table is too large to be read. */
  async function planOf(query: Knex.QueryBuilder): Promise<string> {
    const { sql, bindings } = query.toSQL().toNative();
    return await database.db.transaction(async (trx) => {
      for (const way of ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin'])
        await trx.raw(`set local enable_${way} = off`);
      const { rows } = await trx.raw(`explain ${sql.replace(/\$\d+/g, '?')}`, [...bindings]);
      return (rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']).join('\n');
    });
  }
});

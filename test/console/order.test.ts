// The console's long lists come from an index, page by page: sorting a million rows for twenty takes a second.
import { expect } from 'chai';
import { orderRows, selectRows, tableOf, type Table } from '../../src/console/index.ts';
import { openSeededDatabase, type TestDatabase } from '../support/database.ts';

const long = [
  'bookings',
  'progress',
  'documents',
  'users',
  'webhook-events',
  'emails',
  'drift-reports',
  'drift-items',
  'audit',
];

describe('the order of the console’s lists', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openSeededDatabase();
  });
  after(() => database.close());

  for (const id of long)
    for (const direction of ['asc', 'desc'] as const)
      it(`${id} is read ${direction} by an index, without a sort`, async () => {
        const table = tableOf(id) as Table;
        const query = orderRows(selectRows(database.db, table, {}), table, { by: table.sort.by, direction });
        const { sql, bindings } = query.select('r.*').limit(20).toSQL().toNative();
        const plan = await database.db.transaction(async (trx) => {
          // So few rows would be sorted all the same: asked is whether they need be.
          for (const way of ['sort', 'seqscan', 'bitmapscan', 'hashjoin', 'mergejoin'])
            await trx.raw(`set local enable_${way} = off`);
          const { rows } = await trx.raw(`explain ${sql.replace(/\$\d+/g, '?')}`, [...bindings]);
          return (rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']);
        });
        expect(plan.filter((line) => /^[ >-]*Sort /.test(line))).to.deep.equal([]);
      });
});

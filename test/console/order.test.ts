// The console's long lists come from an index, page by page: sorting a million rows for twenty takes a second.
import { expect } from 'chai';
import {
  orderRows,
  pagesOf,
  selectRows,
  tableOf,
  type Filters,
  type Table,
} from '../../src/console/index.ts';
import { createSpecialistRepository } from '../../src/specialists/index.ts';
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

  /** As with many rows: sorting them, or reading all of them, is no way. */
  const planOf = async (id: string, filters: Filters, direction: 'asc' | 'desc'): Promise<string[]> => {
    const table = tableOf(id) as Table;
    const order = { by: table.sort.by, direction };
    const query = orderRows(selectRows(database.db, table, filters), table, order);
    const { sql, bindings } = query.select('r.*').limit(20).toSQL().toNative();
    return database.db.transaction(async (trx) => {
      for (const way of ['sort', 'seqscan', 'bitmapscan', 'hashjoin', 'mergejoin'])
        await trx.raw(`set local enable_${way} = off`);
      const { rows } = await trx.raw(`explain ${sql.replace(/\$\d+/g, '?')}`, [...bindings]);
      return (rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']);
    });
  };

  for (const id of long)
    for (const direction of ['asc', 'desc'] as const)
      it(`${id} is read ${direction} by an index, without a sort`, async () => {
        const plan = await planOf(id, {}, direction);
        expect(plan.filter((line) => /^[ >-]*Sort /.test(line))).to.deep.equal([]);
      });

  it('specialists are in the portal’s order, also where their positions are equal', async () => {
    // Names in another order than the ids.
    await database.owner.raw('update specialists set position = 1, name = md5(name)');
    const table = tableOf('specialists') as Table;
    const portal = (await createSpecialistRepository(database.db).listAll()).map(({ id }) => id);
    const rows = orderRows(selectRows(database.db, table, {}), table, table.sort);
    expect(await rows.pluck('r.id')).to.deep.equal(portal);
    const exported: unknown[] = [];
    for await (const page of pagesOf(database.db, table, {}, 2)) exported.push(...page.map(({ id }) => id));
    expect(exported).to.deep.equal(portal);
  });

  for (const [id, filters, index] of [
    ['bookings', { status: 'archived' }, 'bookings_are_archived_idx'],
    ['bookings', { currentProgress: 'no_show' }, 'bookings_progress_no_show_idx'],
    ['bookings', { detailsNeeded: 'true' }, 'bookings_details_needed_idx'],
    ['audit', { action: 'records.imported' }, 'audit_log_action_idx'],
    ['audit', { outcome: 'denied' }, 'audit_log_outcome_idx'],
    ['audit', { resourceId: '0193a000-0000-7000-8000-000000000000' }, 'audit_log_resource_idx'],
    ['documents', { status: 'infected' }, 'documents_status_idx'],
    ['documents', { category: 'report' }, 'documents_category_idx'],
    ['users', { role: 'support' }, 'users_staff_idx'],
  ] satisfies [string, Filters, string][])
    it(`${id} by ${Object.keys(filters).join(' and ')} is read by ${index}`, async () => {
      expect((await planOf(id, filters, 'desc')).join('\n')).to.contain(index);
    });
});

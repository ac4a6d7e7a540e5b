// The count of a list comes from an index alone, as long as its filter and order are in one.
import { expect } from 'chai';
import { tableNamed, tables, type Filters } from '../../src/console/index.ts';
import { narrowed } from '../../src/console/table.narrowed.ts';
import { countRows } from '../../src/console/table.query.ts';
import { openSeededDatabase, type TestDatabase } from '../support/database.ts';

describe('the counts of the console’s lists', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openSeededDatabase();
  });
  after(() => database.close());

  const planOf = async (sql: string, bindings: readonly string[] = []): Promise<string> =>
    database.db.transaction(async (trx) => {
      for (const way of ['seqscan', 'bitmapscan', 'sort']) await trx.raw(`set local enable_${way} = off`);
      const { rows } = await trx.raw<{ rows: { 'QUERY PLAN': string }[] }>(`explain ${sql}`, [...bindings]);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
  /** Which tables are read. */
  const readIn = (plan: string): string[] =>
    [...plan.matchAll(/Scan (?:Backward )?(?:using \w+ )?on (\w+)/g)]
      .map(([, name]) => name ?? '')
      .toSorted();

  for (const { id } of tables)
    it(`leave out of ${id} only joins that change no count`, async () => {
      const table = tableNamed(id);
      const counted = (from: string) => planOf(`select count(*) from (select 1 from ${from}) as counted`);
      expect(readIn(await counted(narrowed(table, ['id']).from))).to.deep.equal(
        readIn(await counted(table.from)),
      );
    });

  for (const [id, filters, index] of [
    ['audit', { outcome: 'denied' }, 'audit_log_outcome_idx'],
    ['audit', { action: 'booking.viewed' }, 'audit_log_action_idx'],
    ['documents', { category: 'report' }, 'documents_category_idx'],
    ['bookings', { status: 'closed' }, 'bookings_are_closed_idx'],
  ] satisfies [string, Filters, string][])
    it(`read ${id} by ${Object.keys(filters).join()} from ${index} alone`, async () => {
      const asked: { sql: string; bindings: string[] }[] = [];
      const note = (query: { sql: string; bindings: string[] }) => void asked.push(query);
      database.db.on('query', note);
      await countRows(database.db, tableNamed(id), filters);
      database.db.off('query', note);
      const [query] = asked;
      const plan = await planOf((query?.sql ?? '').replaceAll(/\$\d+/g, '?'), query?.bindings);
      expect(plan).to.match(new RegExp(`Index Only Scan (Backward )?using ${index} `));
    });
});

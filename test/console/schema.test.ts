// What the console takes from @adminjs/sql, and each known defect of that adapter, which must not reach a reader.
import { expect } from 'chai';
import { readSchema } from '../../src/console/schema.ts';
import { TableResource } from '../../src/console/table.resource.ts';
import { tableOf, tables, type Column, type Table } from '../../src/console/index.ts';
import { openDatabase } from '../../src/db/knex.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';

const tableNamed = (id: string): Table => tableOf(id) as Table;

describe('the console’s schema', () => {
  let app: TestApp;
  let ada: Agent;
  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
  });
  after(() => app.close());

  const propertyOf = async (id: string, name: string) =>
    new TableResource(app.db, tableNamed(id), await readSchema(app.db, tables)).property(name);

  it('tells types, required columns and keys of what a table shows as it is stored', async () => {
    const startsAt = await propertyOf('bookings', 'startsAt');
    expect([startsAt?.type(), startsAt?.isRequired()]).to.deep.equal(['datetime', true]);
    const claim = await propertyOf('bookings', 'claimNumber');
    expect([claim?.type(), claim?.isRequired()]).to.deep.equal(['string', false]);
    expect((await propertyOf('bookings', 'id'))?.isId()).to.equal(true);
    const schema = await readSchema(app.db, tables);
    const specialist = tableNamed('bookings').columns.find(({ name }) => name === 'specialistId') as Column;
    expect(schema(tableNamed('bookings'), specialist)?.reference()).to.equal('specialists');
    const computed = tableNamed('bookings').columns.find(({ name }) => name === 'answers') as Column;
    expect(schema(tableNamed('bookings'), computed)).to.equal(null);
  });

  it('is read on the given connection alone, and only of the tables that the console names', async () => {
    const one = openDatabase(app.database.url, 1);
    const asked: string[] = [];
    one.on('query', ({ bindings }: { bindings?: unknown[] }) => asked.push(String(bindings?.at(-1))));
    try {
      await readSchema(one, tables);
    } finally {
      await one.destroy();
    }
    expect(asked).to.include('bookings').and.not.include('two_factors').and.not.include('sessions');
  });

  it('fails when a table shows a column that does not exist, or as another type', async () => {
    const bookings = tableNamed('bookings');
    const showing = (column: Pick<Column, 'type' | 'sql'>): Table => ({
      ...bookings,
      columns: [...bookings.columns, { name: 'more', label: 'More', ...column }],
    });
    const messageOf = (table: Table) =>
      readSchema(app.db, [table]).then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
    expect(await messageOf(showing({ type: 'string', sql: 'b.nothing' }))).to.contain('bookings.nothing');
    expect(await messageOf(showing({ type: 'string', sql: 'b.starts_at' }))).to.contain('is a datetime');
  });

  describe('lets no defect of the adapter through:', () => {
    const list = (table: string) => `/admin/api/resources/${table}/actions/list`;
    const statusOf = async (table: string, query: Record<string, string>) =>
      (await ada.get(list(table)).query(query)).status;

    it('a filter on an enumeration, an address, jsonb, a reference or one bound of a time is no 500', async () => {
      for (const [table, query] of [
        ['audit', { 'filters.action': 'signed' }],
        ['audit', { 'filters.ip': '127' }],
        ['audit', { 'filters.metadata': 'change' }],
        ['bookings', { 'filters.specialistId': 'x' }],
        ['bookings', { 'filters.startsAt~~from': '2026-01-01' }],
        ['bookings', { 'filters.startsAt~~to': '2026-01-01' }],
      ] as const)
        expect(await statusOf(table, query), JSON.stringify(query)).to.equal(200);
    });

    it('an unknown filter or order, and a page of a negative size, are 400', async () => {
      for (const [name, value] of [
        ['filters.password', 'x'],
        ['sortBy', 'nothing'],
        ['perPage', '-1'],
      ] as const)
        expect(await statusOf('users', { [name]: value }), name).to.equal(400);
    });

    it('a filter by text takes % and _ as they are, and the total is a number', async () => {
      const { body } = await ada.get(list('organizations')).query({ 'filters.name': '%' }).expect(200);
      expect(body.meta.total).to.equal(0);
    });

    it('a hidden column is in no answer, and no record comes with those it refers to', async () => {
      for (const table of ['bookings', 'users']) {
        const { body } = await ada.get(list(table)).expect(200);
        const { records } = body as { records: { params: object; populated: object }[] };
        const shown = tableNamed(table).columns.flatMap(({ name, to }) =>
          to ? [name, `${name} to`] : [name],
        );
        for (const { params, populated } of records) {
          expect(shown).to.include.members(Object.keys(params));
          expect(populated).to.deep.equal({});
        }
      }
    });

    it('a record of a table whose key has two columns opens', async () => {
      const { body } = await ada.get(list('services')).expect(200);
      const id = encodeURIComponent(body.records[0].id as string);
      await ada.get(`/admin/api/resources/services/records/${id}/show`).expect(200);
    });

    it('a day is the day that is stored', async () => {
      expect((await propertyOf('drift-reports', 'fromDay'))?.type()).to.equal('date');
      const { rows } = await app.db.raw(`select date '2026-06-01' as day`);
      expect(rows).to.deep.equal([{ day: '2026-06-01' }]);
    });

    it('a table of the same name in another schema does not hide ours', async () => {
      await app.database.owner.raw('create schema kept; create table kept.bookings (id int primary key)');
      try {
        const bookings = new TableResource(app.db, tableNamed('bookings'), await readSchema(app.db, tables));
        expect(bookings.property('startsAt')?.type()).to.equal('datetime');
      } finally {
        await app.database.owner.raw('drop schema kept cascade');
      }
    });
  });
});

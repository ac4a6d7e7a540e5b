// Every list of the console with something in it: what leaves the server, what is closed, and at which addresses.
import { expect } from 'chai';
import { actionButtons } from '../../src/console/actions.ts';
import { actionOf, columnOf, isFor, type Table, tables } from '../../src/console/index.ts';
import { readRequests } from '../support/console-requests.ts';
import { openMatrixFixture, type MatrixFixture } from '../support/matrix-fixture.ts';

interface Listed {
  meta: { total: number };
  records: { id: string; params: Record<string, unknown>; populated: object }[];
}

describe('the console’s lists', function () {
  this.timeout(120_000);
  let fixture: MatrixFixture;
  before(async () => {
    fixture = await openMatrixFixture();
    for (const table of tables) await readRequests(fixture, table);
  });
  after(() => fixture.close());

  const list = (id: string): string => `/admin/api/resources/${id}/actions/list`;
  const listed = async (id: string, query: Record<string, string> = {}): Promise<Listed> =>
    (await fixture.agents.admin.get(list(id)).query(query).expect(200)).body as Listed;
  /** The last: of the people, the first is the admin who asks. */
  const recordOf = async ({ id }: Table): Promise<string> =>
    encodeURIComponent((await listed(id)).records.at(-1)?.id ?? '');

  for (const table of tables) {
    const { id } = table;
    it(`${id} shows its named columns and no others in list, record and export`, async () => {
      const { meta, records } = await listed(id);
      expect(meta.total).to.be.above(0);
      const { body } = await fixture.agents.admin.get(
        `/admin/api/resources/${id}/records/${await recordOf(table)}/show`,
      );
      for (const { params, populated } of [...records, body.record as Listed['records'][number]]) {
        const unnamed = Object.keys(params).filter((name) => !columnOf(table, name.replace(/ to$/, '')));
        expect(unnamed).to.deep.equal([]);
        expect(populated).to.deep.equal({});
      }
      const { text } = await fixture.agents.admin.get(`/admin/export/${id}`).expect(200);
      const lines = text.trimEnd().split('\r\n');
      expect(lines[0]).to.equal(`\uFEFF${table.columns.map(({ name }) => name).join(',')}`);
      expect(lines).to.have.length.above(1);
    });

    it(`${id} filters by each number, and finds nothing for one too large for its column`, async () => {
      for (const { name } of table.columns.filter(({ type }) => type === 'number')) {
        for (const number of ['99999999999', '-99999999999'])
          expect((await listed(id, { [`filters.${name}`]: number })).meta.total, name).to.equal(0);
        const numbers = (await listed(id)).records.map(({ params }) => params[name]);
        const number = numbers.find((one) => typeof one === 'number');
        if (number === undefined) continue;
        expect((await listed(id, { [`filters.${name}`]: String(number) })).meta.total, name).to.be.above(0);
      }
    });

    it(`${id} refuses AdminJS’s writes, bulk actions and search`, async () => {
      const record = `/admin/api/resources/${id}/records/${await recordOf(table)}`;
      const [of, before] = [`/admin/api/resources/${id}`, await listed(id)];
      for (const role of ['admin', 'support'] as const) {
        const agent = fixture.agents[role];
        // A save without the version that the form was opened with.
        const refusal = (address: string) => {
          const action = actionOf(id, address.split('/').at(-1) ?? '');
          return action && isFor(role, action) ? 400 : 403;
        };
        for (const address of [
          `${record}/edit`,
          `${record}/delete`,
          `${of}/actions/new`,
          `${of}/bulk/bulkDelete`,
          `${of}/search/a`,
          `${of}/search`,
        ]) {
          for (const type of ['form', 'json'] as const)
            await agent
              .post(address)
              .type(type)
              .send({ role: 'admin', status: 'archived' })
              .expect(refusal(address));
          await agent.get(address).query({ recordIds: 'a' }).expect(refusal(address));
        }
      }
      // The log alone has more in it: what was refused.
      if (id !== 'audit') expect(await listed(id)).to.deep.equal(before);
    });

    it(`${id} answers at its exact paths only`, async () => {
      const [of, record] = [`/admin/api/resources/${id}`, await recordOf(table)];
      const actions = actionButtons.filter((one) => one.table === id);
      for (const address of [
        `${of}/BULK/list`,
        `${of}/Search/list`,
        `${of}/search-/list`,
        `${of}/Actions/list`,
        `${of}/actions/List`,
        `${of}/actions/show`,
        `${of}/actions/list/a`,
        `${of}/list`,
        `${of}/records/${record}/list`,
        `${of}/records/${record}/export`,
        `${of}/records/${record}`,
        `${of}/records/${record}/Show`,
        `${of}/records/${record}/show/a`,
        `${of}/records/%E0%A4%A/show`,
        `/admin/api/resources/${id.toUpperCase()}/actions/list`,
        ...actions.map(({ kind, name }) =>
          kind === 'record' ? `${of}/actions/${name}` : `${of}/records/${record}/${name}`,
        ),
      ]) {
        const { status } = await fixture.agents.admin.get(address);
        expect([address, status]).to.deep.equal([address, 404]);
        const page = await fixture.agents.admin.get(address.replace('/api', '')).set('Accept', 'text/html');
        expect(page.status, `${address} as a page`).to.equal(404);
      }
    });
  }

  it('refuse other origins when the browser sends only Origin', async () => {
    const { admin } = fixture.agents;
    const { url } = fixture.app;
    for (const address of [
      list('bookings'),
      '/admin/export/bookings',
      `/admin/api/resources/bookings/records/${fixture.bookingId}/assign`,
      `/admin/api/resources/bookings/records/${fixture.bookingId}/edit`,
      '/admin/options/referrers?query=rita',
    ]) {
      await admin.get(address).set('Origin', 'https://elsewhere.example').expect(403);
      await admin.get(address).set('Origin', 'null').expect(403);
      await admin.get(address).set('Origin', url).expect(200);
    }
  });
});

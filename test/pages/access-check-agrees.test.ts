// What the page says against what happens: every address of the app that answers a GET, read from its own routes and
// from the console's definitions, for each kind of person.
import { expect } from 'chai';
import { actionButtons } from '../../src/console/actions.ts';
import { tables } from '../../src/console/index.ts';
import type { Agent } from '../support/app.ts';
import { actionDoors, adminAddresses, adminDoor, readingDoors } from '../support/console-doors.ts';
import { openMatrixHouse, type Door, type MatrixHouse } from '../support/matrix-house.ts';
import { mountedRoutes } from '../support/routes.ts';

const people = ['rita', 'nadia', 'support', 'admin'] as const;

describe('why somebody cannot see a page', function () {
  this.timeout(120_000);
  let house: MatrixHouse;
  before(async () => {
    house = await openMatrixHouse();
  });
  after(() => house.close());

  async function canSee(person: string, address: string): Promise<boolean> {
    const { text } = await house.agents.admin
      .post('/admin/access-check')
      .set('Accept', 'text/html')
      .type('form')
      .send({ person, what: 'page', key: address })
      .expect(200);
    return / can see it<\/h2>/.test(text);
  }

  /** In the end: who is only sent on sees what is there. */
  async function isShown(
    agent: Agent,
    { address, shape }: Pick<Door, 'address' | 'shape'>,
  ): Promise<boolean> {
    const { status } = await agent
      .get(address)
      .set('Accept', shape === 'json' ? 'application/json' : 'text/html')
      .redirects(5)
      .ok(() => true);
    expect(status, address).to.be.below(500);
    return ![401, 403, 404, 410].includes(status);
  }

  async function expectAgreement(doors: Door[]): Promise<void> {
    const differing: string[] = [];
    for (const { method, address, shape } of doors) {
      if (method !== 'get') continue;
      for (const name of people) {
        const said = await canSee(house.userIds[name], address);
        const shown = await isShown(house.agents[name], { address, shape });
        if (said !== shown) differing.push(`${name} ${address}: said ${said}, shown ${shown}`);
      }
    }
    expect(differing).to.deep.equal([]);
  }

  it('agrees with every route of the app', async () => {
    const doors: Door[] = [];
    for (const route of mountedRoutes(house.app.system.app)) {
      const [method, pattern = ''] = route.split(' ');
      if (method === 'get') doors.push({ method, address: await house.fill(pattern), shape: 'html' });
    }
    expect(doors).to.have.length.above(50);
    await expectAgreement(doors);
  });

  for (const table of tables)
    it(`agrees with the console’s list ${table.id}`, async () => {
      const { list = [], show = [], export: csv = [] } = await readingDoors(house, table);
      await expectAgreement([...list, ...show, ...csv]);
    });

  it('agrees with every action of the console', async () => {
    for (const one of actionButtons) {
      const { button, form = [], page = [] } = await actionDoors(house, one);
      await expectAgreement([...button, ...form, ...page]);
    }
  });

  it('agrees with every address of AdminJS', async () => {
    await expectAgreement(adminAddresses().map((address) => adminDoor(house, address)));
  });

  it('agrees where the console does not offer what a record no longer allows', async () => {
    await house.app.db('bookings').update({ status: 'archived' });
    const address = `/admin/api/resources/bookings/records/${house.bookingId}/cancel`;
    await expectAgreement([{ method: 'get', address, shape: 'json' }]);
  });
});

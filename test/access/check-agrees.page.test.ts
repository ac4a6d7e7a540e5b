// What the page says against what happens: every address of the app that answers a GET, read from its own routes and
// from the console's definitions, for each kind of person.
import { expect } from 'chai';
import { actionButtons } from '../../src/console/actions.ts';
import { tables } from '../../src/console/index.ts';
import { demoPassword } from '../../seeds/demo.ts';
import type { Agent } from '../support/app.ts';
import { actionRequests, adminAddresses, adminJsRequest, readRequests } from '../support/console-requests.ts';
import { openMatrixFixture, type AccessRequest, type MatrixFixture } from '../support/matrix-fixture.ts';
import { mountedRoutes } from '../support/routes.ts';

const people = ['rita', 'nadia', 'support', 'admin'] as const;

describe('the page Check access', function () {
  this.timeout(120_000);
  let fixture: MatrixFixture;
  before(async () => {
    fixture = await openMatrixFixture();
  });
  after(() => fixture.close());

  async function canSee(person: string, address: string): Promise<boolean> {
    const { text } = await fixture.agents.admin
      .post('/admin/access-check')
      .set('Accept', 'text/html')
      .type('form')
      .send({ person, what: 'page', key: address })
      .expect(200);
    return / can see it<\/h2>/.test(text);
  }

  /** Follows redirects: a visitor who is redirected sees the last page. */
  async function isShown(
    agent: Agent,
    { address, shape }: Pick<AccessRequest, 'address' | 'shape'>,
  ): Promise<boolean> {
    const { status } = await agent
      .get(address)
      .set('Accept', shape === 'json' ? 'application/json' : 'text/html')
      .redirects(5)
      .ok(() => true);
    expect(status, address).to.be.below(500);
    return ![401, 403, 404, 410].includes(status);
  }

  async function expectAgreement(requests: AccessRequest[]): Promise<void> {
    const differing: string[] = [];
    for (const { method, address, shape } of requests) {
      if (method !== 'get') continue;
      for (const name of people) {
        const said = await canSee(fixture.userIds[name], address);
        const shown = await isShown(fixture.agents[name], { address, shape });
        if (said !== shown) differing.push(`${name} ${address}: said ${said}, shown ${shown}`);
      }
    }
    expect(differing).to.deep.equal([]);
  }

  it('agrees with every route of the app', async () => {
    const requests: AccessRequest[] = [];
    for (const route of mountedRoutes(fixture.app.system.app)) {
      const [method, pattern = ''] = route.split(' ');
      if (method === 'get') requests.push({ method, address: await fixture.fill(pattern), shape: 'html' });
    }
    expect(requests).to.have.length.above(50);
    await expectAgreement(requests);
  });

  it('agrees with every route for staff who have not set up the second step', async () => {
    const { db } = fixture.app;
    const email = 'grace@examdesk.example';
    const account = (await db('accounts').where({ user_id: fixture.userIds.admin }).first()) as object;
    const [user] = await db('users')
      .insert({ name: 'Grace Lim', email, role: 'admin', email_verified: true })
      .returning<{ id: string }[]>('id');
    const id = user?.id ?? '';
    await db('accounts').insert({ ...account, id: crypto.randomUUID(), user_id: id, account_id: id });
    const grace = fixture.app.anonymous();
    await grace.post('/api/auth/sign-in/email').send({ email, password: demoPassword }).expect(200);
    const differing: string[] = [];
    for (const route of mountedRoutes(fixture.app.system.app)) {
      const [method, pattern = ''] = route.split(' ');
      if (method !== 'get') continue;
      const address = await fixture.fill(pattern);
      const said = await canSee(email, address);
      // A browser is sent to the set-up, which is shown; a program is told.
      const shown = await isShown(grace, { address, shape: 'json' });
      if (said !== shown) differing.push(`${address}: said ${said}, shown ${shown}`);
    }
    expect(differing).to.deep.equal([]);
  });

  for (const table of tables)
    it(`agrees with the console’s list ${table.id}`, async () => {
      const { list = [], show = [], export: csv = [] } = await readRequests(fixture, table);
      await expectAgreement([...list, ...show, ...csv]);
    });

  it('agrees with every action of the console', async () => {
    for (const one of actionButtons) {
      const { button, form = [], page = [] } = await actionRequests(fixture, one);
      await expectAgreement([...button, ...form, ...page]);
    }
  });

  it('agrees with every address of AdminJS', async () => {
    await expectAgreement(adminAddresses().map((address) => adminJsRequest(fixture, address)));
  });

  it('agrees where the console does not offer what a record no longer allows', async () => {
    await fixture.app.db('bookings').update({ status: 'archived' });
    const address = `/admin/api/resources/bookings/records/${fixture.bookingId}/cancel`;
    await expectAgreement([{ method: 'get', address, shape: 'json' }]);
  });
});

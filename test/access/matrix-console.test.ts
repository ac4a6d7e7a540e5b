// Everything in the console × every kind of visitor: tables, actions and AdminJS's addresses are read from their
// definitions. One without a line here fails, and so does a line whose table, action or address is gone.
import { expect } from 'chai';
import { actionButtons } from '../../src/console/actions.ts';
import { tables } from '../../src/console/index.ts';
import { actionRequests, adminAddresses, adminJsRequest, readRequests } from '../support/console-requests.ts';
import {
  allowedPeople,
  inWords,
  letterOf,
  openMatrixFixture,
  visitors,
  type AccessRequest,
  type MatrixFixture,
} from '../support/matrix-fixture.ts';

// As in matrix.test.ts: anonymous · Rita, whose organisation it is · Nadia of another · support · admin · admin
// acting as Rita. i: allowed · s: sign in first · n: 403 · u: 404.

/** Every list of the console: the list itself, one of its records, and all of it as CSV. */
const consoleTables: Record<string, Record<string, string>> = {
  bookings: { list: 'snniin', show: 'snniin', export: 'snniin' },
  unanswered: { list: 'snniin', show: 'snniin', export: 'snniin' },
  progress: { list: 'snniin', show: 'snniin', export: 'snniin' },
  documents: { list: 'snniin', show: 'snniin', export: 'snniin' },
  'bulk-actions': { list: 'snniin', show: 'snniin', export: 'snniin' },
  specialists: { list: 'snniin', show: 'snniin', export: 'snniin' },
  services: { list: 'snniin', show: 'snniin', export: 'snniin' },
  organizations: { list: 'snniin', show: 'snniin', export: 'snniin' },
  users: { list: 'snnnin', show: 'snnnin', export: 'snnnin' },
  'webhook-events': { list: 'snniin', show: 'snniin', export: 'snniin' },
  emails: { list: 'snniin', show: 'snniin', export: 'snniin' },
  'account-emails': { list: 'snnnin', show: 'snnnin', export: 'snnnin' },
  'drift-reports': { list: 'snniin', show: 'snniin', export: 'snniin' },
  'drift-items': { list: 'snniin', show: 'snniin', export: 'snniin' },
  'custody-reports': { list: 'snniin', show: 'snniin', export: 'snniin' },
  'intake-fields': { list: 'snnnin', show: 'snnnin', export: 'snnnin' },
  audit: { list: 'snnnin', show: 'snnnin', export: 'snnnin' },
  'failed-jobs': { list: 'snnnin', show: 'snnnin', export: 'snnnin' },
};

/** Every action of the console: its button, and the form (opened and sent) or page that the button opens. */
const consoleActions: Record<string, Record<string, string>> = {
  'bookings/edit': { button: 'snniin', form: 'snniin' },
  'bookings/assign': { button: 'snniin', form: 'snniin' },
  'bookings/assign-organization': { button: 'snniin', form: 'snniin' },
  'bookings/reschedule': { button: 'snniin', page: 'siuiii' },
  'bookings/cancel': { button: 'snniin', page: 'siuiii' },
  'bookings/messages': { button: 'snniin', page: 'siuiii' },
  'unanswered/messages': { button: 'snniin', page: 'siuiii' },
  'bookings/act-as': { button: 'snnnin', page: 'snnnin' },
  'bookings/move-on': { button: 'snniin', form: 'snniin' },
  'documents/edit': { button: 'snniin', form: 'snniin' },
  'documents/view': { button: 'snniin', page: 'siuiii' },
  'documents/receipt': { button: 'snniin', page: 'siuiii' },
  'documents/release': { button: 'snniin', page: 'snniin' },
  'documents/recall': { button: 'snniin', page: 'snniin' },
  'documents/remove': { button: 'snnnin', page: 'siunii' },
  'bulk-actions/progress-staff': { button: 'snniin', page: 'snniin' },
  'bulk-actions/progress-admin': { button: 'snnnin', page: 'snnnin' },
  'specialists/new': { button: 'snnnin', form: 'snnnin' },
  'specialists/edit': { button: 'snnnin', form: 'snnnin' },
  'specialists/files': { button: 'snnnin', page: 'snnnin' },
  'specialists/page': { button: 'snniin', page: 'siiiii' },
  'organizations/edit': { button: 'snnnin', form: 'snnnin' },
  'users/invite': { button: 'snnnin', page: 'snnnin' },
  'users/find-referrer': { button: 'snnnin', page: 'snnnin' },
  'users/edit': { button: 'snnnin', form: 'snnnin' },
  'users/act-as': { button: 'snnnin', page: 'snnnin' },
  'users/deactivate': { button: 'snnnin', form: 'snnnin' },
  'users/reactivate': { button: 'snnnin', form: 'snnnin' },
  'users/end-sessions': { button: 'snnnin', form: 'snnnin' },
  'webhook-events/replay': { button: 'snnnin', form: 'snnnin' },
  'emails/send-again': { button: 'snniin', form: 'snniin' },
  'failed-jobs/run-again': { button: 'snnnin', form: 'snnnin' },
  'drift-items/close': { button: 'snnnin', form: 'snnnin' },
  'intake-fields/edit': { button: 'snnnin', form: 'snnnin' },
  'drift-reports/reconcile': { button: 'snnnin', form: 'snnnin' },
};

/** AdminJS's own addresses: for bookings, for one booking, and for a page or action that does not exist. */
const adminJs: Record<string, string> = {
  'get /admin': 'snniin',
  'get /admin/api/dashboard': 'snniin',
  'get /admin/pages/:pageName': 'snnuun',
  'get /admin/api/pages/:pageName': 'snnuun',
  'get /admin/resources/:resourceId': 'snniin',
  'get /admin/resources/:resourceId/actions/:action': 'snnuun',
  'get /admin/api/resources/:resourceId/actions/:action': 'snnuun',
  'get /admin/api/resources/:resourceId/actions/:action/:query': 'snnuun',
  'get /admin/resources/:resourceId/records/:recordId/:action': 'snnuun',
  'get /admin/api/resources/:resourceId/records/:recordId/:action': 'snnuun',
  // Closed: AdminJS's separate search, bulk actions, and everything that AdminJS itself would write.
  'get /admin/api/resources/:resourceId/search': 'snnnnn',
  'get /admin/api/resources/:resourceId/search/:query': 'snnnnn',
  'get /admin/resources/:resourceId/bulk/:action': 'snnnnn',
  'get /admin/api/resources/:resourceId/bulk/:action': 'snnnnn',
  'post /admin/api/resources/:resourceId/bulk/:action': 'snnnnn',
  'post /admin/api/resources/:resourceId/actions/:action': 'snnuun',
  'post /admin/api/resources/:resourceId/records/:recordId/:action': 'snnuun',
  'post /admin/api/pages/:pageName': 'snnuun',
  'get /admin/frontend/assets/components.bundle.js': 'snniin',
};

describe('the console', function () {
  this.timeout(120_000);
  let fixture: MatrixFixture;
  before(async () => {
    fixture = await openMatrixFixture();
  });
  after(() => fixture.close());

  it('has a line here for every table, action and address of AdminJS, and for no other', () => {
    expect(Object.keys(consoleTables)).to.have.members(tables.map(({ id }) => id));
    expect(Object.keys(consoleActions)).to.have.members(
      actionButtons.map(({ table: of, name }) => `${of}/${name}`),
    );
    expect(Object.keys(adminJs)).to.have.members(adminAddresses());
  });

  for (const one of tables)
    it(`restricts list, records and export of ${one.id}`, async () => {
      expect(await lettersOf(await readRequests(fixture, one))).to.deep.equal(consoleTables[one.id]);
    });

  for (const one of actionButtons)
    it(`restricts the action ${one.table}/${one.name}`, async () => {
      const requests = await actionRequests(fixture, one);
      expect(await lettersOf(requests)).to.deep.equal(consoleActions[`${one.table}/${one.name}`]);
    });

  for (const [address, expected] of Object.entries(adminJs))
    it(`at ${address} ${inWords(expected)}`, async () => {
      expect(await lettersOf({ request: [adminJsRequest(fixture, address)] })).to.deep.equal({
        request: expected,
      });
    });

  it('refuses everybody an action that the record no longer allows', async () => {
    await fixture.app.db('bookings').update({ status: 'archived' });
    const address = `/admin/api/resources/bookings/records/${fixture.bookingId}/cancel`;
    for (const name of ['support', 'admin'] as const)
      await fixture.agents[name].get(address).set('Accept', 'application/json').expect(409);
    const cancel: AccessRequest = { method: 'get', address, shape: 'json' };
    for (const name of ['rita', 'nadia', 'acting'] as const)
      expect(await letterOf(fixture.agents[name], cancel), name).to.equal('n');
    expect(await fixture.canSee(address), 'Check access').to.deep.equal([]);
  });

  /** By kind of request; different answers within a kind are joined with "or". */
  async function lettersOf(kinds: Record<string, AccessRequest[]>): Promise<Record<string, string>> {
    const told: Record<string, string> = {};
    for (const [kind, requests] of Object.entries(kinds)) {
      const answers = new Set<string>();
      for (const request of requests) {
        let answer = '';
        for (const name of visitors) answer += await letterOf(fixture.agents[name], request);
        answers.add(answer);
        if (request.method === 'get')
          expect(await fixture.canSee(request.address), `Check access of ${request.address}`).to.deep.equal(
            allowedPeople(answer),
          );
      }
      told[kind] = [...answers].join(' or ');
    }
    return told;
  }
});

// No page offers a role what it may not open, and what it may not open is refused by a page of ours.
import { expect } from 'chai';
import { actionButtons } from '../../src/console/actions.ts';
import { isFor, tables } from '../../src/console/index.ts';
import type { Role } from '../../src/accounts/index.ts';
import { openPageFixture, rita, sam, type PageFixture } from '../support/page-fixture.ts';
import type { Visit, Visitor } from '../support/visitor.ts';

const ada = 'ada@examdesk.example';

describe('what pages link to', () => {
  let fixture: PageFixture;
  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(7001, '2026-12-01T09:00:00+11:00');
    const person = await fixture.signedIn(rita);
    const check = await person.get(`/bookings/new/${await fixture.draftAt(person, 'check')}/check`);
    await person.post('/bookings', check.form('/bookings'));
  });
  after(() => fixture.close());

  const visitors: Record<string, () => Promise<Visitor>> = {
    'a referrer': () => fixture.signedIn(rita),
    support: () => fixture.signedIn(sam),
    'an admin': () => fixture.signedIn(ada),
    'an admin who acts': async () => {
      const admin = await fixture.signedIn(ada);
      const user = await fixture.app.db('users').where({ email: rita }).first('id');
      await admin.post('/admin/impersonate', { userId: user?.id ?? '', reason: 'A call from Rita' });
      return admin;
    },
  };
  for (const [who, open] of Object.entries(visitors))
    it(`opens for ${who}`, async () => {
      const person = await open();
      const refused: string[] = [];
      const seen = new Set<string>();
      const waiting = ['/', '/bookings?view=calendar'];
      for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
        const kind = kindOf(at);
        if (seen.has(kind)) continue;
        seen.add(kind);
        const page = await person.get(at);
        if (page.status >= 400) refused.push(`${at}: ${page.status}`);
        waiting.push(...linksOf(page), ...(await consoleLinks(person, page)));
      }
      expect(refused).to.deep.equal([]);
      expect(seen.size).to.be.at.least(8);
    });

  for (const role of ['support', 'admin'] as const)
    it(`includes only the lists that ${role} may read in the console`, async () => {
      const person = await fixture.signedIn(role === 'admin' ? ada : sam);
      const known = stateOf(await person.get('/admin')).resources.map(({ id }) => id);
      expect(known).to.have.members(tables.filter((table) => isFor(role, table)).map(({ id }) => id));
    });

  it('is refused by a page of ours when a role may not open it', async () => {
    const person = await fixture.signedIn(sam);
    const role: Role = 'support';
    const closed = [
      ...tables.filter((table) => !isFor(role, table)).map(({ id }) => `/admin/resources/${id}`),
      ...actionButtons
        .filter((button) => !isFor(role, button) && button.kind === 'resource')
        .map(({ table, name }) => `/admin/resources/${table}/actions/${name}`),
      '/admin/resources/bookings/actions/new',
      '/admin/doctor',
      '/admin/acuity',
      '/admin/act-as',
      '/admin/merges',
      '/account/people',
    ];
    for (const at of closed) {
      const page = await person.get(at);
      expect(page.status, at).to.equal(403);
      expect(page.text('.problem-page h1'), at).to.equal('Not allowed');
      const isInConsole = at.startsWith('/admin');
      expect(page.text('.problem-page .button'), at).to.equal(
        isInConsole ? 'Back to the console' : 'Go to your bookings',
      );
    }
    for (const at of ['/admin/resources/nowhere', '/admin/pages/nowhere'])
      expect((await person.get(at)).text('.problem-page h1'), at).to.equal('Not found');
  });

  it('is refused by a page of ours when the record does not offer the action', async () => {
    const person = await fixture.signedIn(sam);
    const { id } = (await fixture.app.db('bookings').first('id'))!;
    await person.post(`/bookings/${id}/cancel`, { reason: '' });
    const page = await person.get(`/admin/resources/bookings/records/${id}/cancel`);
    expect(page.status).to.equal(409);
    expect(page.text('.problem-page .lead')).to.contain('is not possible for this record now');
  });
});

/** Pages that differ only by a record, a day or a filter count once. */
function kindOf(address: string): string {
  return address.replace(/[?#].*$/, '').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id');
}

function linksOf(page: Visit): string[] {
  return page
    .all('a')
    .map((link) => (link.getAttributeValue('href') ?? '').replaceAll('&amp;', '&'))
    .filter((href) => href.startsWith('/') && !/\.ics$|^\/sign-out/.test(href));
}

interface ConsoleState {
  resources: { id: string; resourceActions: { name: string }[] }[];
}

function stateOf({ html }: Visit): ConsoleState {
  return JSON.parse(/window\.REDUX_STATE = (\{.*\});/.exec(html)?.[1] ?? 'null') as ConsoleState;
}

/** What the console's scripts make of the state in the page, and of the figures of its first page. */
async function consoleLinks(person: Visitor, page: Visit): Promise<string[]> {
  if (page.at !== '/admin') return [];
  const figures = await person.raw('/admin/api/dashboard', { headers: { accept: 'application/json' } });
  const hrefs = [...(await figures.text()).matchAll(/"href":"([^"]+)"/g)].map(([, href = '']) => href);
  const lists = stateOf(page).resources.flatMap(({ id, resourceActions }) => [
    `/admin/resources/${id}`,
    ...resourceActions.map(({ name }) => `/admin/resources/${id}/actions/${name}`),
  ]);
  return [...hrefs, ...lists];
}

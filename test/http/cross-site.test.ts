import { expect } from 'chai';
import { openMatrixFixture, type MatrixFixture } from '../support/matrix-fixture.ts';
import { isChanging, mountedRoutes } from '../support/routes.ts';

const inSession = ['rita', 'admin', 'acting'] as const;
const signedInstead = ['post /automation/acuity', 'post /webhooks/acuity'];
/** Mail programs press it, with the signed address of a mail alone (test/accounts/mail.page.test.ts). */
const withSignedAddress = ['post /account/mail/stop/:token'];

/** How a request looks that another site makes our reader's browser send. */
const foreign: [string, Record<string, string>][] = [
  ['a foreign Origin', { Origin: 'https://evil.example' }],
  ['an opaque Origin', { Origin: 'null' }],
  ['a sibling’s Origin', { Origin: 'http://127.0.0.1:1' }],
  ['Sec-Fetch-Site: cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
  ['Sec-Fetch-Site: same-site', { 'Sec-Fetch-Site': 'same-site' }],
  ['our Origin, but cross-site', { Origin: 'own', 'Sec-Fetch-Site': 'cross-site' }],
  ['no word of where it comes from', {}],
];

describe('a request from another site', function () {
  this.timeout(60_000);
  let fixture: MatrixFixture;
  before(async () => {
    fixture = await openMatrixFixture();
  });
  after(() => fixture.close());

  it('changes nothing on any route, in any session', async () => {
    const routes = mountedRoutes(fixture.app.system.app).filter(
      (route) => isChanging(route) && ![...signedInstead, ...withSignedAddress].includes(route),
    );
    expect(routes.length).to.be.greaterThan(30);
    const cookies = await sessionCookies(fixture);
    const before = await counts(fixture);
    for (const route of routes) {
      const [method = '', pattern = ''] = route.split(' ');
      for (const [how, headers] of foreign) {
        for (const name of inSession) {
          const answer = await fetch(fixture.app.url + pattern.replaceAll(/:\w+/g, fixture.bookingId), {
            method: method.toUpperCase(),
            redirect: 'manual',
            headers: {
              Accept: 'application/json',
              'Content-Type': 'application/x-www-form-urlencoded',
              Cookie: cookies[name] ?? '',
              ...headers,
              ...(headers.Origin === 'own' && { Origin: fixture.app.url }),
            },
            body: 'reason=x',
          });
          const said = (await answer.json()) as { code?: string };
          expect([answer.status, said.code], `${route} with ${how} by ${name}`).to.deep.equal([
            403,
            'cross_site',
          ]);
        }
      }
    }
    expect(await counts(fixture)).to.deep.equal(before);
  });

  it('is accepted on the two webhook paths, which require a signature instead', async () => {
    for (const route of signedInstead) {
      const answer = await fetch(fixture.app.url + route.split(' ')[1], {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://evil.example' },
        body: 'action=changed&id=1',
      });
      expect(answer.status, route).to.equal(401);
    }
  });
});

async function sessionCookies(fixture: MatrixFixture): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of inSession) {
    const access = { path: '/', domain: '127.0.0.1', secure: false, script: false };
    found[name] = fixture.agents[name].jar.getCookies(access).toValueString();
    expect(found[name], name).to.contain('session_token');
  }
  return found;
}

async function counts({ app: { db } }: MatrixFixture): Promise<Record<string, unknown>> {
  const of: Record<string, unknown> = {};
  for (const table of ['sessions', 'bookings', 'booking_progress', 'audit_log', 'impersonations', 'users'])
    of[table] = (await db(table).count({ n: '*' }).first())?.n;
  return of;
}

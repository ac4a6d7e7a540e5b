// The cookies of sessions as a browser gets them over https. (Over http, which only the demo uses, accounts.test.ts.)
import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { totp } from '../support/totp.ts';
import { createVisitor, type Visitor } from '../support/visitor.ts';

const rita = 'rita@harbour-legal.example';
const ada = 'ada@examdesk.example';

describe('cookies over https', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ env: { BASE_URL: 'https://examdesk.example' } });
  });
  after(() => app.close());

  const send = (visitor: Visitor, path: string, fields: Record<string, string>) =>
    visitor.raw(path, { method: 'POST', body: new URLSearchParams(fields) });
  const nameOf = (line: string) => line.slice(0, line.indexOf('='));

  /** Checks every line, as a browser does before it stores a cookie of such a name. @returns the names */
  function namesIn(response: Response): string[] {
    const lines = response.headers.getSetCookie();
    for (const line of lines) {
      expect(line).to.match(/^__Host-examdesk\./);
      expect(line)
        .to.match(/; Secure(;|$)/)
        .and.match(/; Path=\/(;|$)/)
        .and.match(/; HttpOnly/);
      expect(line).not.to.match(/Domain/i);
    }
    return lines.map(nameOf);
  }
  async function signedIn(email: string): Promise<{ visitor: Visitor; cookies: Map<string, string> }> {
    const visitor = createVisitor(app.url);
    const answer = await send(visitor, '/sign-in', { email, password: demoPassword });
    expect(namesIn(answer)).to.include.members(['__Host-examdesk.session_token', '__Host-examdesk.known']);
    const pairs = answer.headers.getSetCookie().map((line): [string, string] => {
      const [pair = ''] = line.split(';');
      return [nameOf(pair), pair.slice(pair.indexOf('=') + 1)];
    });
    return { visitor, cookies: new Map(pairs) };
  }

  it('have the prefix __Host- when somebody signs in, acts, stops and signs out', async () => {
    const { visitor } = await signedIn(ada);
    const user = await app.db('users').where({ email: rita }).first('id');
    const acts = await send(visitor, '/admin/impersonate', {
      userId: user?.id ?? '',
      reason: 'Asked by phone',
    });
    expect(namesIn(acts)).to.include('__Host-examdesk.admin_session');
    expect((await visitor.get('/bookings')).text('body')).to.contain('Acting as');
    const stops = await send(visitor, '/admin/exit-impersonation', {});
    expect(namesIn(stops)).to.include.members([
      '__Host-examdesk.session_token',
      '__Host-examdesk.admin_session',
    ]);
    expect((await visitor.raw('/admin/doctor')).status).to.equal(200);
    expect(namesIn(await send(visitor, '/sign-out', {}))).to.include('__Host-examdesk.session_token');
    expect((await visitor.raw('/bookings')).status).to.equal(303);
  });

  it('give no access under another name, which another host of the domain could set', async () => {
    const { cookies } = await signedIn(rita);
    const value = cookies.get('__Host-examdesk.session_token') ?? '';
    const statusWith = async (name: string) => {
      const stranger = createVisitor(app.url);
      stranger.setCookie(name, value);
      return (await stranger.raw('/bookings')).status;
    };
    expect(await statusWith('examdesk.session_token')).to.equal(303);
    expect(await statusWith('__Secure-examdesk.session_token')).to.equal(303);
    expect(await statusWith('__Host-examdesk.session_token')).to.equal(200);
  });

  it('keep the second step when another host has planted one of an ordinary name', async () => {
    const { visitor: owner } = await signedIn(rita);
    const page = await owner.post('/account/two-factor', { password: demoPassword });
    const secret = page.text('.secret');
    await owner.post('/account/two-factor/set-up', { code: totp(secret) });
    const person = createVisitor(app.url);
    person.setCookie('examdesk.two_factor', '2fa-planted.signature');
    const asked = await send(person, '/sign-in', { email: rita, password: demoPassword });
    expect(namesIn(asked)).to.include('__Host-examdesk.two_factor');
    const inside = await person.post('/sign-in/code', { code: totp(secret, 1) });
    expect([inside.status, inside.at]).to.deep.equal([200, '/']);
  });

  it('are described so to programs', async () => {
    const { body } = await app.anonymous().get('/api/openapi.json').expect(200);
    expect(body.components.securitySchemes.session.name).to.equal('__Host-examdesk.session_token');
  });
});

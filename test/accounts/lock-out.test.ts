// Nobody can lock somebody else out: whatever strangers try, people sign in from where they usually do.
import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { aReferrer } from '../support/own-people.ts';

const limits = { perPair: 4, perBrowser: 4, perAddress: 12, perAccount: 6, slowMs: 1, slowestMs: 4 };

describe('signIn, when strangers try wrong passwords,', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ env: { TRUST_PROXY: '1' }, overrides: { signInLimits: limits } });
  });
  after(() => app.close());

  // Tries are counted by account and address: each test has its own.
  let owner: string;
  let stranger: string;
  let home: string;
  let tests = 0;
  beforeEach(async () => {
    tests += 1;
    owner = (await aReferrer(app.db)).email;
    stranger = `198.51.${tests}.7`;
    home = `203.0.${tests}.20`;
  });

  const attempt = (agent: Agent, address: string, password: string, email = owner) =>
    agent.post('/api/auth/sign-in/email').set('X-Forwarded-For', address).send({ email, password });
  /** Wrong tries from there until that address is refused. */
  const attack = async (address: string, tries = limits.perPair): Promise<void> => {
    for (let n = 0; n < tries; n += 1) await attempt(app.anonymous(), address, `wrong ${n}`).expect(401);
    await attempt(app.anonymous(), address, 'wrong').expect(429);
  };

  it('accepts the owner at another address', async () => {
    await attack(stranger);
    await attempt(app.anonymous(), home, demoPassword).expect(200);
    await attempt(app.anonymous(), stranger, demoPassword).expect(429);
  });

  it('only slows the owner down when they come from many addresses', async () => {
    for (let n = 0; n < 5; n += 1) await attack(`${stranger}${n}`);
    await attempt(app.anonymous(), home, demoPassword).expect(200);
  });

  it('accepts the owner’s known browser when they come from the owner’s address', async () => {
    const browser = app.anonymous();
    await attempt(browser, home, demoPassword).expect(200);
    await attack(home);
    await attempt(app.anonymous(), home, demoPassword).expect(429);
    await attempt(browser, home, demoPassword).expect(200);
  });

  it('counts wrong passwords in a known browser, too', async () => {
    const browser = app.anonymous();
    await attempt(browser, home, demoPassword).expect(200);
    for (let n = 0; n < limits.perBrowser; n += 1) await attempt(browser, home, `wrong ${n}`).expect(401);
    await attempt(browser, home, demoPassword).expect(429);
    await attempt(browser, `${home}1`, demoPassword).expect(429);
  });

  it('ignores cookies of other accounts and forged ones', async () => {
    const browser = app.anonymous();
    await attempt(browser, stranger, demoPassword, (await aReferrer(app.db)).email).expect(200);
    for (let n = 0; n < limits.perPair; n += 1) await attempt(browser, stranger, `wrong ${n}`).expect(401);
    await attempt(browser, stranger, 'wrong').expect(429);
    const made = `examdesk.known=${'a'.repeat(22)}~${'b'.repeat(22)}~${'c'.repeat(43)}`;
    await attempt(app.anonymous(), stranger, 'wrong').set('Cookie', made).expect(429);
  });

  it('counts the IPv6 addresses of one connection as one address', async () => {
    for (let n = 0; n < limits.perPair; n += 1)
      await attempt(app.anonymous(), `2001:db8:5:6::${n}`, `wrong ${n}`).expect(401);
    await attempt(app.anonymous(), '2001:db8:5:6:ffff::1', 'wrong').expect(429);
    await attempt(app.anonymous(), '2001:db8:5:7::1', demoPassword).expect(200);
  });

  it('refuses them by address when they try many accounts', async () => {
    for (let n = 0; n < limits.perAddress; n += 1)
      await attempt(app.anonymous(), stranger, 'wrong', `person${n}@nowhere.example`).expect(401);
    await attempt(app.anonymous(), stranger, 'wrong', 'another@nowhere.example').expect(429);
  });

  it('puts no e-mail address into the browser’s cookie', async () => {
    const { headers } = await attempt(app.anonymous(), home, demoPassword).expect(200);
    const line = (headers['set-cookie'] as unknown as string[]).find((one) =>
      one.startsWith('examdesk.known='),
    );
    expect(line).to.match(/; HttpOnly; SameSite=Lax$/);
    const words = decodeURIComponent(line ?? '');
    expect(words)
      .not.to.contain(owner.slice(0, owner.indexOf('@')))
      .and.not.to.contain('@');
  });
});

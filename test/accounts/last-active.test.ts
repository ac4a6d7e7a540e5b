import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { totp } from '../support/totp.ts';
import { createVisitor } from '../support/visitor.ts';

const rita = 'rita@harbour-legal.example';
const ada = 'ada@examdesk.example';

describe('last_active', () => {
  let app: TestApp;
  let admin: Agent;

  beforeEach(async () => {
    app = await startTestApp();
    admin = await app.signIn(ada);
  });
  afterEach(() => app.close());

  const idOf = async (email: string) => (await app.db('users').where({ email }).first('id'))!.id;
  const found = async (): Promise<string | null> => {
    const { body } = await admin.get('/admin/referrers/search?query=rita').expect(200);
    return (body as { referrers: { lastActiveAt: string | null }[] }).referrers[0]?.lastActiveAt ?? null;
  };
  const hoursAgo = async (hours: number) => {
    const at = new Date(Date.now() - hours * 3_600_000);
    await app.db('user_activity').update({ last_active_at: at });
    await app.db('sessions').whereNull('impersonated_by').update({ last_seen_at: at });
    return at.toISOString();
  };

  it('stays after sign-out', async () => {
    expect(await found()).to.equal(null);
    const agent = await app.signInByPassword(rita);
    await agent.post('/api/auth/sign-out').expect(200);
    expect(Date.now() - Date.parse((await found()) ?? '')).to.be.below(60_000);
    const person = await app.system.services.accounts.people.find(await idOf(rita));
    expect(person?.lastSeenAt?.toISOString()).to.equal(await found());
    const { body } = await admin.get(`/admin/api/resources/users/records/${person?.id}/show`).expect(200);
    expect(body.record.params.lastSeenAt, 'in the console').to.equal(await found());
  });

  it('is updated by requests', async () => {
    const agent = await app.signIn(rita);
    const before = await hoursAgo(1);
    admin = await app.signIn(ada);
    await agent.get('/bookings').expect(200);
    expect(Date.parse((await found()) ?? '')).to.be.above(Date.parse(before) + 3_000_000);
  });

  it('is not updated before the second step succeeds', async () => {
    const person = createVisitor(app.url);
    await person.signIn(rita);
    const secret = (await person.post('/account/two-factor', { password: demoPassword })).text('.secret');
    await person.post('/account/two-factor/set-up', { code: totp(secret) });
    const before = await hoursAgo(1);
    admin = await app.signIn(ada);
    const again = createVisitor(app.url);
    expect((await again.signIn(rita)).at).to.contain('/sign-in/code');
    expect(await found()).to.equal(before);
    await again.post('/sign-in/code', { code: totp(secret, 1) });
    expect(Date.parse((await found()) ?? '')).to.be.above(Date.parse(before) + 3_000_000);
  });

  it('is not updated by an acting admin, and is shown in hours', async () => {
    await (await app.signIn(rita)).post('/api/auth/sign-out').expect(200);
    const before = await hoursAgo(8);
    admin = await app.signIn(ada);
    // Once, to the address with sealed search words.
    const page = await admin.get('/admin/act-as?q=rita').set('Accept', 'text/html').redirects(1).expect(200);
    expect(page.text).to.contain('8 hours ago');
    await admin
      .post('/admin/impersonate')
      .send({ userId: await idOf(rita), reason: 'On the phone' })
      .expect(200);
    await app.db('sessions').update({ last_seen_at: new Date(Date.now() - 120_000) });
    await admin.get('/bookings').expect(200);
    await admin.post('/admin/exit-impersonation').expect(200);
    expect(await found()).to.equal(before);
    const { text } = await admin.get('/admin/act-as').set('Accept', 'text/html').expect(200);
    expect(text, 'among the last ten').to.contain('8 hours ago');
  });

  it('is updated without an audit row', async () => {
    const agent = await app.signIn(rita);
    await hoursAgo(1);
    const count = async () => Number((await app.db('audit_log').count({ n: '*' }))[0]?.n);
    const before = await count();
    await agent.get('/bookings').expect(200);
    expect(await count()).to.equal(before);
  });
});

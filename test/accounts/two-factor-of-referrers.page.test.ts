// Two-step sign-in of referrers: offered when they sign in, and required where an admin says so for their organisation.
import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { goodPassword, openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';
import { formAddress, openForm, sendForm } from '../support/console-form.ts';
import { totp } from '../support/totp.ts';
import type { Visitor } from '../support/visitor.ts';

const rita = 'rita@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';
const ada = 'ada@examdesk.example';

describe('two-step sign-in of referrers', () => {
  let fixture: AccountFixture;
  before(async () => {
    fixture = await openAccountFixture();
  });
  after(() => fixture.close());

  const newReferrer = async (email: string): Promise<void> => {
    const { accounts } = fixture.app.system.services;
    const organizationId = await fixture.organizationId('Harbour Legal');
    await accounts.invite({ email, role: 'referrer', organizationId }, await fixture.actor(ada));
    const { path } = await fixture.mailTo(email, /invitation/);
    await fixture.visitor().post(path, { name: 'New Person', password: goodPassword });
  };
  const signIn = (person: Visitor, email: string, password = goodPassword) =>
    person.post('/sign-in', { email, password, next: '/bookings' });
  const require = async (isRequired: boolean): Promise<void> => {
    const agent = await fixture.app.signIn(ada);
    const path = formAddress('organizations', await fixture.organizationId('Harbour Legal'));
    const { version } = await openForm(agent, path);
    await sendForm(agent, path, { version, values: { requiresTwoFactor: isRequired } }).expect(200);
  };

  it('is offered after signing in, and not again for a while when they decline', async () => {
    const email = 'offered@harbour-legal.example';
    await newReferrer(email);
    const person = fixture.visitor();
    const offered = await signIn(person, email);
    expect(offered.at).to.equal('/account/two-factor?next=%2Fbookings');
    const declined = await person.post(
      '/account/two-factor/later',
      offered.form('/account/two-factor/later'),
    );
    expect([declined.status, declined.at]).to.deep.equal([200, '/bookings']);
    expect((await signIn(person, email)).at, 'the same browser').to.equal('/bookings');
    expect((await signIn(fixture.visitor(), email)).at, 'another').to.contain('/account/two-factor');
    expect((await signIn(fixture.visitor(), rita, demoPassword)).at, 'the demo’s people').to.equal(
      '/bookings',
    );
    const elsewhere = await person.post('/account/two-factor/later', { next: 'https://elsewhere.example/' });
    expect(elsewhere.at).to.equal('/');
  });

  it('is not offered to somebody whose form is kept until they have signed in again', async () => {
    const email = 'interrupted@harbour-legal.example';
    await newReferrer(email);
    const person = fixture.visitor();
    const offered = await signIn(person, email);
    expect(offered.at).to.contain('/account/two-factor');
    const { at } = await person.get('/account/email');
    await fixture.app.db('sessions').delete();
    const interrupted = await person.post(at, { email: 'next@harbour-legal.example' });
    const { at: home } = await person.post('/sign-in', { email, password: goodPassword });
    expect(home, 'no form waits there').to.equal('/account/two-factor?next=%2F');
    await fixture.app.db('sessions').delete();
    const back = await person.post('/sign-in', {
      ...interrupted.form('/sign-in'),
      email,
      password: goodPassword,
    });
    expect(back.at).to.equal('/account/email');
    expect(back.form('/account/email').email).to.equal('next@harbour-legal.example');
  });

  it('is required where an admin says so for the organisation: they can do nothing else before', async () => {
    const email = 'required@harbour-legal.example';
    await newReferrer(email);
    const here = fixture.visitor();
    await signIn(here, email);
    const other = await fixture.app.signIn(nadia);
    await require(true);
    try {
      for (const path of ['/bookings', '/bookings/new', '/account', '/specialists'])
        expect((await here.get(path)).at, path).to.equal('/account/two-factor');
      const page = await here.get('/account/two-factor?next=/bookings');
      expect(page.text('.panel-warn')).to.contain('People of your organisation');
      expect(page.has('form[action="/account/two-factor/later"]')).to.equal(false);
      expect((await here.post('/account/two-factor/later', { next: '/bookings' })).at).to.equal(
        '/account/two-factor',
      );
      const json = await here.raw('/bookings', { headers: { Accept: 'application/json' } });
      expect([json.status, ((await json.json()) as { code: string }).code]).to.deep.equal([403, 'forbidden']);
      expect((await here.raw('/session')).status, 'its page may ask until when').to.equal(200);
      await other.get('/bookings').expect(200);

      const begun = await here.post('/account/two-factor', { password: goodPassword });
      const secret = begun.text('.secret');
      await here.post('/account/two-factor/set-up', { code: totp(secret) });
      expect((await here.get('/bookings')).at).to.equal('/bookings');
      const on = await here.get('/account/two-factor');
      expect(on.has('form[action="/account/two-factor/off"]')).to.equal(false);
      expect(on.text('main')).to.contain('Your organisation requires it');
      const kept = await here.post('/account/two-factor/off', { offPassword: goodPassword });
      expect([kept.status, kept.text('.error-summary')]).to.deep.equal([
        422,
        'There is a problem You must use two-step sign-in',
      ]);
    } finally {
      await require(false);
    }
    const off = await here.post('/account/two-factor/off', { offPassword: goodPassword });
    expect(off.at).to.contain('done=two-factor-off');
  });

  it('does not keep an admin from acting as one of them', async () => {
    await require(true);
    try {
      const admin = await fixture.app.signIn(ada);
      const userId = await fixture.userId(rita);
      await admin.post('/admin/impersonate').send({ userId, reason: 'On the phone' }).expect(200);
      await admin.get('/bookings').expect(200);
      const status = await fixture.app.system.services.accounts.accountStatus(rita);
      expect(status?.mustSetUpTwoFactor, 'Check access says why she herself sees nothing').to.equal(true);
    } finally {
      await require(false);
    }
  });

  it('is switched in the console with an audit row, and a form that is out of date is refused', async () => {
    const agent = await fixture.app.signIn(ada);
    const id = await fixture.organizationId('Harbour Legal');
    const path = formAddress('organizations', id);
    const { version } = await openForm(agent, path);
    await sendForm(agent, path, { version, values: { requiresTwoFactor: true } }).expect(200);
    const row = await fixture.app.db('audit_log').where({ resource_id: id }).orderBy('id', 'desc').first();
    expect(row?.metadata).to.deep.equal({ columns: ['requires_two_factor'] });
    await sendForm(agent, path, { version, values: { remindsExaminees: true } }).expect(409);
    await require(false);
    const sam = await fixture.app.signIn('sam@examdesk.example');
    await sam
      .post(path)
      .send({ version, values: { requiresTwoFactor: true } })
      .expect(403);
  });
});

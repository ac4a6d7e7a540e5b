import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { openAccountHouse, type AccountHouse } from '../support/account-house.ts';

const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';

describe('changing the e-mail address', () => {
  let house: AccountHouse;
  before(async () => {
    house = await openAccountHouse();
  });
  after(() => house.close());
  beforeEach(() => house.mailbox.clear());

  const ask = async (email: string, password = demoPassword, from = rita) => {
    const person = await house.signedIn(from);
    return person.post('/account/email', { email, password });
  };

  it('takes effect when the link is confirmed, and notifies the old address', async () => {
    const asked = await ask('Rita@Alvarez.example');
    expect(asked.text('main')).to.contain('rita@alvarez.example');
    const { path } = await house.mailTo('rita@alvarez.example', /Confirm your new e-mail/);
    expect((await house.visitor().signIn(rita)).at, 'nothing has changed yet').to.equal('/');
    const scanner = await house.visitor().get(path);
    expect(scanner.status, 'a scanner of links changes nothing').to.equal(200);
    expect((await house.visitor().signIn(rita)).at).to.equal('/');
    const done = await house.visitor().post(path, {});
    expect(done.at).to.equal('/sign-in?after=email');
    expect((await house.visitor().signIn(rita)).status).to.equal(401);
    expect((await house.visitor().signIn('rita@alvarez.example')).at).to.equal('/');
    await house.mailTo(rita, /e-mail address was changed/);
    expect((await house.visitor().get(path)).status).to.equal(404);
    const id = await house.userId('rita@alvarez.example');
    const rows = (await house.app.db('audit_log').where({ resource_id: id }).orderBy('id', 'desc')) as {
      metadata: unknown;
    }[];
    expect(rows.map(({ metadata }) => metadata)).to.deep.include({
      change: 'email_changed',
      columns: ['email'],
    });
    expect(JSON.stringify(rows)).not.to.contain('@');
    await house.app.db('users').where({ id }).update({ email: rita });
  });

  it('needs the password, and a valid address that differs', async () => {
    const wrong = await ask('x@y.example', 'not the password');
    expect([wrong.status, wrong.text('.error-summary')]).to.deep.equal([
      422,
      'There is a problem This is not your password. Enter the one you sign in with',
    ]);
    expect(wrong.attribute('#email', 'value')).to.equal('x@y.example');
    expect((await ask('nonsense')).text('.error-summary')).to.contain('like name@example.com');
    expect((await ask(rita)).text('.error-summary')).to.contain('your address already');
    expect(house.mailbox.mails()).to.deep.equal([]);
  });

  it('does not reveal that another account has the address', async () => {
    const free = await ask('free@harbour-legal.example', demoPassword, nadia);
    const taken = await ask(rob, demoPassword, nadia);
    expect(taken.text('main').replaceAll(rob, '')).to.equal(
      free.text('main').replaceAll('free@harbour-legal.example', ''),
    );
    await house.mailTo('free@harbour-legal.example', /Confirm/);
    expect(house.mailbox.mails().filter(({ to }) => to.includes(rob))).to.deep.equal([]);
  });

  it('is refused when another account took the address meanwhile', async () => {
    await house.app.db('account_links').delete();
    await ask('race@harbour-legal.example', demoPassword, rob);
    const { path } = await house.mailTo('race@harbour-legal.example', /Confirm/);
    await house.app.db('users').where({ email: nadia }).update({ email: 'race@harbour-legal.example' });
    expect((await house.visitor().post(path, {})).status).to.equal(404);
    expect((await house.visitor().signIn(rob)).at).to.equal('/');
    await house.app.db('users').where({ email: 'race@harbour-legal.example' }).update({ email: nadia });
  });
});

describe('the list of own sessions', () => {
  let house: AccountHouse;
  before(async () => {
    house = await openAccountHouse();
  });
  after(() => house.close());

  it('shows this session first, and ends sessions one by one', async () => {
    const elsewhere = await house.signedIn(rita);
    const here = await house.signedIn(rita);
    const page = await here.get('/account/sessions');
    expect(page.texts('.session')).to.have.length(2);
    expect(page.texts('.session')[0]).to.contain('This device').and.contain('127.0.0.1');
    const after = await here.post('/account/sessions/end', page.form('/account/sessions/end'));
    expect(after.text('.notice')).to.contain('has ended');
    expect(after.texts('.session')).to.have.length(1);
    expect((await elsewhere.get('/bookings')).at).to.contain('/sign-in');
    expect((await here.get('/bookings')).at).to.equal('/bookings');
  });

  it('shows valid sessions only: for staff without idle ones', async () => {
    const idle = async (email: string) => {
      const user_id = await house.userId(email);
      await house.app.db('sessions').where({ user_id }).delete();
      await house.signedIn(email);
      await house.app
        .db('sessions')
        .where({ user_id })
        .update({ last_seen_at: house.app.db.raw(`clock_timestamp() - interval '31 minutes'`) });
      return (await house.signedIn(email)).get('/account/sessions');
    };
    expect((await idle('sam@examdesk.example')).texts('.session')).to.have.length(1);
    expect((await idle(rob)).texts('.session'), 'a referrer’s do not end of it').to.have.length(2);
  });

  it('does not end sessions of other people', async () => {
    const robs = await house.signedIn(rob);
    const [session] = (await house.app.db('sessions').where({ user_id: await house.userId(rob) })) as {
      id: string;
    }[];
    const here = await house.signedIn(rita);
    await here.post('/account/sessions/end', { sessionId: session?.id ?? '' });
    await here.post('/account/sessions/end', { sessionId: 'nonsense' });
    expect((await robs.get('/bookings')).at).to.equal('/bookings');
  });

  it('ends all sessions, including this one, with an audit row each', async () => {
    const people = [await house.signedIn(nadia), await house.signedIn(nadia), await house.signedIn(nadia)];
    const ids = await house.app
      .db('sessions')
      .where({ user_id: await house.userId(nadia) })
      .pluck('id');
    const out = await people[0]?.post('/account/sessions/end-all', {});
    expect(out?.text('.notice')).to.equal('You are signed out everywhere.');
    for (const person of people) expect((await person.get('/bookings')).at).to.contain('/sign-in');
    const rows = (await house.app
      .db('audit_log')
      .where({ action: 'auth.signed_out' })
      .whereIn('resource_id', ids)) as unknown[];
    expect(rows).to.have.length(3);
  });

  it('shows no token', async () => {
    const here = await house.signedIn(rita);
    const { html } = await here.get('/account/sessions');
    for (const token of await house.app.db('sessions').pluck('token')) expect(html).not.to.contain(token);
  });

  it('is closed to an admin who acts', async () => {
    const here = await house.signedIn(rita);
    const ada = await house.userId('ada@examdesk.example');
    await house.signedIn('ada@examdesk.example');
    const own = (await house.app.db('sessions').where({ user_id: ada }).first('id')) as { id: string };
    const [session] = (await house.app
      .db('sessions')
      .where({ user_id: await house.userId(rita) })
      .orderBy('created_at', 'desc')
      .limit(1)) as { id: string }[];
    await house.app
      .db('sessions')
      .where({ id: session?.id })
      .update({ impersonated_by: ada, impersonator_session_id: own.id });
    const forms: [string, Record<string, string>][] = [
      ['/account/password', { current: demoPassword, password: 'teapot granite violin' }],
      ['/account/email', { email: 'x@y.example', password: demoPassword }],
      ['/account/sessions/end', { sessionId: session?.id ?? '' }],
      ['/account/sessions/end-all', {}],
      ['/account/two-factor', { password: demoPassword }],
      ['/account/two-factor/set-up', { code: '123456' }],
      ['/account/two-factor/codes', { codesPassword: demoPassword }],
      ['/account/two-factor/off', { offPassword: demoPassword }],
    ];
    for (const [path, fields] of forms) {
      const refused = await here.post(path, fields);
      expect(refused.status, path).to.equal(403);
      expect(refused.text('main')).to.contain('While acting as somebody');
    }
    for (const path of [
      '/account',
      '/account/password',
      '/account/email',
      '/account/sessions',
      '/account/two-factor',
    ]) {
      expect((await here.get(path)).status, path).to.equal(403);
    }
    expect(await house.app.db('account_links').where({ user_id: await house.userId(rita) })).to.deep.equal(
      [],
    );
  });
});

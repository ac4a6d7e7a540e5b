import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';
import { untilBlocked } from '../support/locks.ts';

const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';

describe('changing the e-mail address', () => {
  let fixture: AccountFixture;
  before(async () => {
    fixture = await openAccountFixture();
  });
  after(() => fixture.close());
  beforeEach(() => fixture.mailbox.clear());

  const ask = async (email: string, password = demoPassword, from = rita) => {
    const person = await fixture.signedIn(from);
    return person.post('/account/email', { email, password });
  };

  it('takes effect when the link is confirmed, and notifies the old address', async () => {
    const asked = await ask('Rita@Alvarez.example');
    expect(asked.text('main')).to.contain('rita@alvarez.example');
    const { path } = await fixture.mailTo('rita@alvarez.example', /Confirm your new e-mail/);
    expect((await fixture.visitor().signIn(rita)).at, 'nothing has changed yet').to.equal('/');
    const scanner = await fixture.visitor().get(path);
    expect(scanner.status, 'a scanner of links changes nothing').to.equal(200);
    expect((await fixture.visitor().signIn(rita)).at).to.equal('/');
    const done = await fixture.visitor().post(path, {});
    expect(done.at).to.equal('/sign-in?after=email');
    expect((await fixture.visitor().signIn(rita)).status).to.equal(401);
    const newAddress = await fixture.visitor().signIn('rita@alvarez.example');
    expect(newAddress.at, 'people outside the demo are offered two-step sign-in').to.equal(
      '/account/two-factor?next=%2F',
    );
    await fixture.mailTo(rita, /e-mail address was changed/);
    expect((await fixture.visitor().get(path)).status).to.equal(404);
    const id = await fixture.userId('rita@alvarez.example');
    const rows = (await fixture.app.db('audit_log').where({ resource_id: id }).orderBy('id', 'desc')) as {
      metadata: unknown;
    }[];
    expect(rows.map(({ metadata }) => metadata)).to.deep.include({
      change: 'email_changed',
      columns: ['email'],
    });
    expect(JSON.stringify(rows)).not.to.contain('@');
    await fixture.app.db('users').where({ id }).update({ email: rita });
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
    expect(fixture.mailbox.mails()).to.deep.equal([]);
  });

  it('does not reveal that another account has the address', async () => {
    const free = await ask('free@harbour-legal.example', demoPassword, nadia);
    const taken = await ask(rob, demoPassword, nadia);
    expect(taken.text('main').replaceAll(rob, '')).to.equal(
      free.text('main').replaceAll('free@harbour-legal.example', ''),
    );
    await fixture.mailTo('free@harbour-legal.example', /Confirm/);
    expect(fixture.mailbox.mails().filter(({ to }) => to.includes(rob))).to.deep.equal([]);
  });

  it('is refused when another account took the address meanwhile', async () => {
    await fixture.app.db('account_links').delete();
    await ask('race@harbour-legal.example', demoPassword, rob);
    const { path } = await fixture.mailTo('race@harbour-legal.example', /Confirm/);
    await fixture.app.db('users').where({ email: nadia }).update({ email: 'race@harbour-legal.example' });
    expect((await fixture.visitor().post(path, {})).status).to.equal(404);
    expect((await fixture.visitor().signIn(rob)).at).to.equal('/');
    await fixture.app.db('users').where({ email: 'race@harbour-legal.example' }).update({ email: nadia });
  });

  it('sends no link when an admin changed the address after the request had begun', async () => {
    const { db } = fixture.app;
    await db('account_links').delete();
    const person = await fixture.signedIn(rob);
    const edit = await db.transaction();
    await edit('users').where({ email: rob }).update({ email: 'robert@harbour-legal.example' });
    const asked = person.post('/account/email', { email: 'elsewhere@x.example', password: demoPassword });
    await untilBlocked(db, asked);
    await edit.commit();
    await asked;
    expect(await db('account_links').pluck('email')).to.deep.equal([]);
    await db('users').where({ email: 'robert@harbour-legal.example' }).update({ email: rob });
  });
});

describe('the list of own sessions', () => {
  let fixture: AccountFixture;
  before(async () => {
    fixture = await openAccountFixture();
  });
  after(() => fixture.close());

  it('shows this session first, and ends sessions one by one', async () => {
    const elsewhere = await fixture.signedIn(rita);
    const here = await fixture.signedIn(rita);
    const page = await here.get('/account/sessions');
    expect(page.texts('.session')).to.have.length(2);
    expect(page.texts('.session')[0]).to.contain('This device').and.contain('127.0.0.1');
    const after = await here.post('/account/sessions/end', page.form('/account/sessions/end'));
    expect(after.text('.notice')).to.contain('has ended');
    expect(after.texts('.session')).to.have.length(1);
    expect((await elsewhere.get('/bookings')).at).to.contain('/sign-in');
    expect((await here.get('/bookings')).at).to.equal('/bookings');
  });

  it('shows valid sessions only: no idle ones', async () => {
    const idle = async (email: string, minutes: number) => {
      const user_id = await fixture.userId(email);
      await fixture.app.db('sessions').where({ user_id }).delete();
      await fixture.signedIn(email);
      await fixture.app
        .db('sessions')
        .where({ user_id })
        .update({
          last_seen_at: fixture.app.db.raw(`clock_timestamp() - ? * interval '1 minute'`, [minutes]),
        });
      return (await fixture.signedIn(email)).get('/account/sessions');
    };
    expect((await idle('sam@examdesk.example', 31)).texts('.session')).to.have.length(1);
    expect((await idle(rob, 31)).texts('.session')).to.have.length(2);
    expect((await idle(rob, 121)).texts('.session')).to.have.length(1);
  });

  it('does not end sessions of other people', async () => {
    const robs = await fixture.signedIn(rob);
    const [session] = (await fixture.app.db('sessions').where({ user_id: await fixture.userId(rob) })) as {
      id: string;
    }[];
    const here = await fixture.signedIn(rita);
    await here.post('/account/sessions/end', { sessionId: session?.id ?? '' });
    await here.post('/account/sessions/end', { sessionId: 'nonsense' });
    expect((await robs.get('/bookings')).at).to.equal('/bookings');
  });

  it('ends all sessions, including this one, with an audit row each', async () => {
    const people = [
      await fixture.signedIn(nadia),
      await fixture.signedIn(nadia),
      await fixture.signedIn(nadia),
    ];
    const ids = await fixture.app
      .db('sessions')
      .where({ user_id: await fixture.userId(nadia) })
      .pluck('id');
    const out = await people[0]?.post('/account/sessions/end-all', {});
    expect(out?.text('.notice')).to.equal('You are signed out everywhere.');
    for (const person of people) expect((await person.get('/bookings')).at).to.contain('/sign-in');
    const rows = (await fixture.app
      .db('audit_log')
      .where({ action: 'auth.signed_out' })
      .whereIn('resource_id', ids)) as unknown[];
    expect(rows).to.have.length(3);
  });

  it('shows no token', async () => {
    const here = await fixture.signedIn(rita);
    const { html } = await here.get('/account/sessions');
    for (const token of await fixture.app.db('sessions').pluck('token')) expect(html).not.to.contain(token);
  });

  it('is closed to an admin who acts', async () => {
    const here = await fixture.signedIn(rita);
    const ada = await fixture.userId('ada@examdesk.example');
    await fixture.signedIn('ada@examdesk.example');
    const own = (await fixture.app.db('sessions').where({ user_id: ada }).first('id')) as { id: string };
    const [session] = (await fixture.app
      .db('sessions')
      .where({ user_id: await fixture.userId(rita) })
      .orderBy('created_at', 'desc')
      .limit(1)) as { id: string }[];
    await fixture.app
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
    expect(
      await fixture.app.db('account_links').where({ user_id: await fixture.userId(rita) }),
    ).to.deep.equal([]);
  });
});

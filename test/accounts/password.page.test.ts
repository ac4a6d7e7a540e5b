import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { usualActionLimits } from '../../src/accounts/index.ts';
import { goodPassword, openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';

const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';

describe('resetting a forgotten password', () => {
  let fixture: AccountFixture;
  before(async () => {
    fixture = await openAccountFixture();
  });
  after(() => fixture.close());
  beforeEach(() => fixture.mailbox.clear());

  const forgotten = (email: string) => fixture.visitor().post('/account/forgotten', { email });
  const linkFor = async (email: string) => {
    await forgotten(email);
    return (await fixture.mailTo(email, /Choose a new password/)).path;
  };

  it('sets a new password by the link of an e-mail, ends every session and invalidates the old password', async () => {
    const elsewhere = await fixture.signedIn(rita);
    const path = await linkFor(rita);
    const person = fixture.visitor();
    const page = await person.get(path);
    expect(page.text('main')).to.contain(rita);
    const done = await person.post(path, { ...page.form(path), password: goodPassword });
    expect(done.at).to.equal('/sign-in?after=password');
    expect((await elsewhere.get('/bookings')).at).to.contain('/sign-in');
    expect((await fixture.visitor().signIn(rita)).status, 'old').to.equal(401);
    expect((await (await fixture.signedIn(rita, goodPassword)).get('/bookings')).at).to.equal('/bookings');
    await fixture.mailTo(rita, /password was changed/);
    expect((await fixture.visitor().get(path)).status, 'again').to.equal(404);
  });

  it('gives the same answer for an unknown address, and sends nothing there', async () => {
    const startedAt = performance.now();
    const unknown = await forgotten('nobody@nowhere.example');
    expect(performance.now() - startedAt).to.be.greaterThan(240);
    const known = await forgotten(rob);
    expect(unknown.status).to.equal(known.status);
    expect(unknown.text('main').replaceAll('nobody@nowhere.example', rob)).to.equal(known.text('main'));
    await fixture.mailTo(rob, /Choose a new password/);
    expect(fixture.mailbox.mails().map(({ to }) => to.join())).to.deep.equal([rob]);
  });

  it('accepts only the latest link', async () => {
    const first = await linkFor(nadia);
    await fixture.mailbox.clear();
    const second = await linkFor(nadia);
    expect(second).not.to.equal(first);
    expect((await fixture.visitor().get(first)).status).to.equal(404);
    expect((await fixture.visitor().get(second)).status).to.equal(200);
    await Promise.all([forgotten(nadia), forgotten(nadia)]);
    const open = fixture.app.db('account_links').whereNull('revoked_at').whereNull('used_at');
    expect(
      await open.where({ user_id: await fixture.userId(nadia) }),
      'asked for twice at once',
    ).to.have.length(1);
  });

  it('refuses a link after an hour, and one for an address that has changed', async () => {
    await fixture.app.db('account_links').delete();
    const path = await linkFor(rob);
    await fixture.app.db('users').where({ email: rob }).update({ email: 'robert@harbour-legal.example' });
    expect((await fixture.visitor().post(path, { password: goodPassword })).status).to.equal(404);
    await fixture.app.db('users').where({ email: 'robert@harbour-legal.example' }).update({ email: rob });
    expect((await fixture.visitor().get(path)).status).to.equal(200);
    await fixture.app
      .db('account_links')
      .update({ expires_at: fixture.app.db.raw(`clock_timestamp() - interval '1 second'`) });
    expect((await fixture.visitor().get(path)).status).to.equal(404);
  });

  it('sends nothing to deactivated people', async () => {
    await fixture.app.db('account_links').delete();
    const path = await linkFor(nadia);
    const id = await fixture.userId(nadia);
    await fixture.app.system.services.accounts.deactivate(id, await fixture.actor('ada@examdesk.example'));
    expect((await fixture.visitor().get(path)).status).to.equal(404);
    await fixture.mailbox.clear();
    await forgotten(nadia);
    expect(
      await fixture.app.db('account_links').where({ user_id: id }).whereNull('revoked_at'),
    ).to.deep.equal([]);
    await fixture.app.system.services.accounts.reactivate(id, await fixture.actor('ada@examdesk.example'));
  });

  it('sends five e-mails an hour at most to one person, answers the same, and keeps the last link valid', async () => {
    const limited = await openAccountFixture();
    try {
      for (let i = 0; i < usualActionLimits.forgotten.perSubject; i += 1) {
        expect((await limited.visitor().post('/account/forgotten', { email: rita })).status).to.equal(200);
      }
      const over = await limited.visitor().post('/account/forgotten', { email: ` ${rita.toUpperCase()} ` });
      expect(over.status).to.equal(200);
      expect(over.title).to.contain('Check your e-mail');
      const links = (await limited.app.db('account_links')) as { revoked_at: Date | null }[];
      expect(links).to.have.length(5);
      expect(
        links.filter(({ revoked_at }) => revoked_at === null),
        'the last one',
      ).to.have.length(1);
    } finally {
      await limited.close();
    }
  });

  it('sends five e-mails an hour at most while the cache is away', async () => {
    const cache = createMemoryCache({ clock: systemClock });
    cache.increment = () => Promise.reject(new Error('no cache'));
    const limited = await openAccountFixture({ overrides: { cache } });
    try {
      for (let i = 0; i < 7; i += 1) {
        expect((await limited.visitor().post('/account/forgotten', { email: rita })).status).to.equal(200);
      }
      const links = (await limited.app.db('account_links')) as { revoked_at: Date | null }[];
      expect(links).to.have.length(5);
      expect(links.filter(({ revoked_at }) => revoked_at === null)).to.have.length(1);
    } finally {
      await limited.close();
    }
  });

  it('writes an audit row of the change, without the token', async () => {
    await fixture.app.db('account_links').delete();
    const path = await linkFor(rob);
    await fixture.visitor().post(path, { password: goodPassword });
    const id = await fixture.userId(rob);
    const rows = (await fixture.app
      .db('audit_log')
      .where({ action: 'auth.password_reset', resource_id: id })) as { actor_id: string }[];
    expect(rows.map(({ actor_id }) => actor_id)).to.deep.equal([id]);
    const everything =
      JSON.stringify(await fixture.app.db('audit_log').select('*')) + fixture.app.logLines.join('\n');
    expect(everything).not.to.contain(path.split('/').at(-1)).and.not.contain(goodPassword);
  });
});

describe('changing the password', () => {
  let fixture: AccountFixture;
  before(async () => {
    fixture = await openAccountFixture();
  });
  after(() => fixture.close());

  const change = async (fields: Record<string, string>, email = rita, password?: string) =>
    (await fixture.signedIn(email, password)).post('/account/password', fields);

  it('needs the current password and an accepted new one', async () => {
    const wrong = await change({ current: 'not mine at all', password: goodPassword });
    expect(wrong.status).to.equal(422);
    expect(wrong.text('.error-summary')).to.contain('This is not your password');
    const short = await change({ current: demoPassword, password: 'short' });
    expect(short.text('.error-summary')).to.contain('at least 12 characters');
    expect((await fixture.visitor().signIn(rita)).at, 'the old one works still').to.equal('/');
  });

  it('keeps this session, ends the others and sends an e-mail', async () => {
    const elsewhere = await fixture.signedIn(rob);
    const here = await fixture.signedIn(rob);
    const done = await here.post('/account/password', { current: demoPassword, password: goodPassword });
    expect(done.at).to.equal('/account?done=password');
    expect((await here.get('/bookings')).at).to.equal('/bookings');
    expect((await elsewhere.get('/bookings')).at).to.contain('/sign-in');
    expect((await fixture.visitor().signIn(rob)).status).to.equal(401);
    await fixture.mailTo(rob, /password was changed/);
    const [row] = (await fixture.app
      .db('audit_log')
      .where({ resource_id: await fixture.userId(rob), action: 'record.changed' })
      .orderBy('id', 'desc')
      .limit(1)) as { metadata: Record<string, unknown> }[];
    expect(row?.metadata).to.deep.equal({ change: 'password_changed', columns: ['password'] });
  });

  it('revokes an open reset link', async () => {
    await fixture.visitor().post('/account/forgotten', { email: nadia });
    const { path } = await fixture.mailTo(nadia, /Choose a new password/);
    await change({ current: demoPassword, password: goodPassword }, nadia);
    expect((await fixture.visitor().get(path)).status).to.equal(404);
  });

  it('limits tries of the current password', async () => {
    const person = await fixture.signedIn('sam@examdesk.example');
    const statuses: number[] = [];
    for (let i = 0; i <= usualActionLimits.password.perSubject; i += 1) {
      statuses.push(
        (await person.post('/account/password', { current: 'wrong', password: goodPassword })).status,
      );
    }
    expect(statuses.at(-1)).to.equal(429);
    expect(new Set(statuses.slice(0, -1))).to.deep.equal(new Set([422]));
  });
});

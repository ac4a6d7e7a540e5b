import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { usualActionLimits } from '../../src/accounts/index.ts';
import { goodPassword, openAccountHouse, type AccountHouse } from '../support/account-house.ts';

const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';

describe('resetting a forgotten password', () => {
  let house: AccountHouse;
  before(async () => {
    house = await openAccountHouse();
  });
  after(() => house.close());
  beforeEach(() => house.mailbox.clear());

  const forgotten = (email: string) => house.visitor().post('/account/forgotten', { email });
  const linkFor = async (email: string) => {
    await forgotten(email);
    return (await house.mailTo(email, /Choose a new password/)).path;
  };

  it('sets a new password by the link of an e-mail, ends every session and invalidates the old password', async () => {
    const elsewhere = await house.signedIn(rita);
    const path = await linkFor(rita);
    const person = house.visitor();
    const page = await person.get(path);
    expect(page.text('main')).to.contain(rita);
    const done = await person.post(path, { ...page.form(path), password: goodPassword });
    expect(done.at).to.equal('/sign-in?after=password');
    expect((await elsewhere.get('/bookings')).at).to.contain('/sign-in');
    expect((await house.visitor().signIn(rita)).status, 'old').to.equal(401);
    expect((await (await house.signedIn(rita, goodPassword)).get('/bookings')).at).to.equal('/bookings');
    await house.mailTo(rita, /password was changed/);
    expect((await house.visitor().get(path)).status, 'again').to.equal(404);
  });

  it('gives the same answer for an unknown address, and sends nothing there', async () => {
    const startedAt = performance.now();
    const unknown = await forgotten('nobody@nowhere.example');
    expect(performance.now() - startedAt).to.be.greaterThan(240);
    const known = await forgotten(rob);
    expect(unknown.status).to.equal(known.status);
    expect(unknown.text('main').replaceAll('nobody@nowhere.example', rob)).to.equal(known.text('main'));
    await house.mailTo(rob, /Choose a new password/);
    expect(house.mailbox.mails().map(({ to }) => to.join())).to.deep.equal([rob]);
  });

  it('accepts only the latest link', async () => {
    const first = await linkFor(nadia);
    await house.mailbox.clear();
    const second = await linkFor(nadia);
    expect(second).not.to.equal(first);
    expect((await house.visitor().get(first)).status).to.equal(404);
    expect((await house.visitor().get(second)).status).to.equal(200);
    await Promise.all([forgotten(nadia), forgotten(nadia)]);
    const open = house.app.db('account_links').whereNull('revoked_at').whereNull('used_at');
    expect(
      await open.where({ user_id: await house.userId(nadia) }),
      'asked for twice at once',
    ).to.have.length(1);
  });

  it('refuses a link after an hour, and one for an address that has changed', async () => {
    await house.app.db('account_links').delete();
    const path = await linkFor(rob);
    await house.app.db('users').where({ email: rob }).update({ email: 'robert@harbour-legal.example' });
    expect((await house.visitor().post(path, { password: goodPassword })).status).to.equal(404);
    await house.app.db('users').where({ email: 'robert@harbour-legal.example' }).update({ email: rob });
    expect((await house.visitor().get(path)).status).to.equal(200);
    await house.app
      .db('account_links')
      .update({ expires_at: house.app.db.raw(`clock_timestamp() - interval '1 second'`) });
    expect((await house.visitor().get(path)).status).to.equal(404);
  });

  it('sends nothing to deactivated people', async () => {
    await house.app.db('account_links').delete();
    const path = await linkFor(nadia);
    const id = await house.userId(nadia);
    await house.app.system.services.accounts.deactivate(id, await house.actor('ada@examdesk.example'));
    expect((await house.visitor().get(path)).status).to.equal(404);
    await house.mailbox.clear();
    await forgotten(nadia);
    expect(await house.app.db('account_links').where({ user_id: id }).whereNull('revoked_at')).to.deep.equal(
      [],
    );
    await house.app.system.services.accounts.reactivate(id, await house.actor('ada@examdesk.example'));
  });

  it('sends five e-mails an hour at most to one person, answers the same, and keeps the last link valid', async () => {
    const limited = await openAccountHouse();
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
    const limited = await openAccountHouse({ overrides: { cache } });
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
    await house.app.db('account_links').delete();
    const path = await linkFor(rob);
    await house.visitor().post(path, { password: goodPassword });
    const id = await house.userId(rob);
    const rows = (await house.app
      .db('audit_log')
      .where({ action: 'auth.password_reset', resource_id: id })) as { actor_id: string }[];
    expect(rows.map(({ actor_id }) => actor_id)).to.deep.equal([id]);
    const everything =
      JSON.stringify(await house.app.db('audit_log').select('*')) + house.app.logLines.join('\n');
    expect(everything).not.to.contain(path.split('/').at(-1)).and.not.contain(goodPassword);
  });
});

describe('changing the password', () => {
  let house: AccountHouse;
  before(async () => {
    house = await openAccountHouse();
  });
  after(() => house.close());

  const change = async (fields: Record<string, string>, email = rita, password?: string) =>
    (await house.signedIn(email, password)).post('/account/password', fields);

  it('needs the current password and an accepted new one', async () => {
    const wrong = await change({ current: 'not mine at all', password: goodPassword });
    expect(wrong.status).to.equal(422);
    expect(wrong.text('.error-summary')).to.contain('This is not your password');
    const short = await change({ current: demoPassword, password: 'short' });
    expect(short.text('.error-summary')).to.contain('at least 12 characters');
    expect((await house.visitor().signIn(rita)).at, 'the old one works still').to.equal('/');
  });

  it('keeps this session, ends the others and sends an e-mail', async () => {
    const elsewhere = await house.signedIn(rob);
    const here = await house.signedIn(rob);
    const done = await here.post('/account/password', { current: demoPassword, password: goodPassword });
    expect(done.at).to.equal('/account?done=password');
    expect((await here.get('/bookings')).at).to.equal('/bookings');
    expect((await elsewhere.get('/bookings')).at).to.contain('/sign-in');
    expect((await house.visitor().signIn(rob)).status).to.equal(401);
    await house.mailTo(rob, /password was changed/);
    const [row] = (await house.app
      .db('audit_log')
      .where({ resource_id: await house.userId(rob), action: 'record.changed' })
      .orderBy('id', 'desc')
      .limit(1)) as { metadata: Record<string, unknown> }[];
    expect(row?.metadata).to.deep.equal({ change: 'password_changed', columns: ['password'] });
  });

  it('revokes an open reset link', async () => {
    await house.visitor().post('/account/forgotten', { email: nadia });
    const { path } = await house.mailTo(nadia, /Choose a new password/);
    await change({ current: demoPassword, password: goodPassword }, nadia);
    expect((await house.visitor().get(path)).status).to.equal(404);
  });

  it('limits tries of the current password', async () => {
    const person = await house.signedIn('sam@examdesk.example');
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

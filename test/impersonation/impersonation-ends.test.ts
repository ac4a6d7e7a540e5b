// What happens to an acting session and to the browser's cookies when the admin, the referrer
// or one of the two sessions changes, is banned or ends.
import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { createLinkTokens } from '../../src/accounts/index.ts';
import { paths } from '../../src/http/paths.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { untilBlocked } from '../support/locks.ts';
import { copyDemo } from '../support/own-demo.ts';
import type { OwnPerson } from '../support/own-people.ts';
import { testSecret } from '../support/session.ts';

const hour = 3_600_000;

describe('an acting session', () => {
  let app: TestApp;
  let admin: Agent;
  let ada: OwnPerson;
  let rita: OwnPerson;
  let rob: OwnPerson;

  before(async () => {
    app = await startTestApp();
  });
  after(() => app.close());
  beforeEach(async () => {
    ({ ada, rita, rob } = await copyDemo(app.db));
    admin = await app.signIn(ada.email);
  });

  const act = (agent: Agent, { id }: OwnPerson) =>
    agent.post('/admin/impersonate').send({ userId: id, reason: 'On the phone' });
  const page = (agent: Agent, path: string) => agent.get(path).set('Accept', 'text/html');
  const exitForm = (agent: Agent) => agent.post('/admin/exit-impersonation').set('Accept', 'text/html');
  const who = async (agent: Agent): Promise<string | null> => {
    const { body } = await agent.get('/api/auth/get-session').expect(200);
    return (body as { user: { email: string } } | null)?.user.email ?? null;
  };
  const acting = () => app.db('sessions').where({ impersonated_by: ada.id });
  const own = () => app.db('sessions').where({ user_id: ada.id }).whereNull('impersonated_by');
  const both = () => app.db('sessions').whereIn('user_id', [ada.id, rita.id, rob.id]);
  const over = () => ({ expires_at: new Date(Date.now() - 1_000) });
  const endReasons = () =>
    app.db('impersonations').where({ admin_id: ada.id }).orderBy('started_at').pluck('end_reason');

  describe('that depends on the admin’s own session', () => {
    it('ends with the admin’s session at the latest, and does not restore an expired one', async () => {
      await own().update({ expires_at: new Date(Date.now() + hour) });
      const { body } = await act(admin, rita).expect(200);
      const { expires_at } = (await acting().first('expires_at')) as { expires_at: Date };
      expect(expires_at.getTime()).to.be.within(Date.now() + 0.9 * hour, Date.now() + hour);
      expect(Date.parse(body.impersonation.expiresAt as string)).to.be.below(Date.now() + 0.6 * hour);

      await own().update(over());
      await admin.get('/bookings').expect(401);
      const left = await exitForm(admin).expect(303);
      expect(left.headers.location).to.equal('/sign-in?next=%2Fadmin');
      expect(await who(admin)).to.equal(null);
    });

    it('shows the end of the admin’s session when that comes first', async () => {
      await own().update({ expires_at: new Date(Date.now() + hour / 4) });
      const { body } = await act(admin, rita).expect(200);
      expect(Date.parse(body.impersonation.expiresAt as string)).to.be.below(Date.now() + 0.26 * hour);
    });

    it('ends when the admin changes the password in another browser', async () => {
      await act(admin, rita).expect(200);
      const elsewhere = await app.signIn(ada.email);
      await page(elsewhere, '/account/password').expect(200);
      await elsewhere
        .post('/account/password')
        .set('Accept', 'text/html')
        .type('form')
        .send({ current: demoPassword, password: 'teapot granite violin' })
        .expect(303);
      await admin.get('/bookings').expect(401);
      expect(await acting()).to.deep.equal([]);
      expect((await exitForm(admin).expect(303)).headers.location).to.equal('/sign-in?next=%2Fadmin');
    });

    it('ends when the admin’s password is reset by the link of a mail', async () => {
      await act(admin, rita).expect(200);
      const person = app.anonymous().set('Accept', 'text/html');
      await person.post('/account/forgotten').type('form').send({ email: ada.email });
      const link = (await app.db('account_links').where({ user_id: ada.id }).first('id')) as { id: string };
      const address = paths.accountPasswordReset(
        createLinkTokens([testSecret]).tokenFor('password_reset', link.id),
      );
      await person.post(address).type('form').send({ password: 'teapot granite violin' }).expect(303);
      await admin.get('/bookings').expect(401);
      expect(await acting()).to.deep.equal([]);
      expect(await endReasons()).to.deep.equal(['session_ended']);
    });

    it('keeps the admin and the referrer from being deleted while its record exists', async () => {
      await act(admin, rita).expect(200);
      await admin.post('/admin/exit-impersonation').expect(200);
      for (const { id, name } of [ada, rita]) {
        const deleted = app.db('users').where({ id }).delete();
        expect(
          await deleted.then(
            () => null,
            ({ code }: { code?: string }) => code,
          ),
          name,
        ).to.equal('23503');
      }
    });
  });

  for (const [what, happen] of [
    ['it expired', () => acting().update(over())],
    ['the referrer was deactivated', () => app.db('users').where({ id: rita.id }).update({ banned: true })],
    ['its row was deleted', () => acting().delete()],
  ] as const) {
    it(`restores the admin’s session on exit and on the next page when ${what}`, async () => {
      for (const leave of [
        async () => expect((await exitForm(admin).expect(303)).headers.location).to.equal('/admin'),
        async () => expect((await page(admin, '/bookings').expect(200)).text).not.to.contain('Acting as'),
        () => admin.post('/admin/exit-impersonation').expect(200, { ended: true }),
      ]) {
        await app.db('users').where({ id: rita.id }).update({ banned: false });
        await act(admin, rita).expect(200);
        await happen();
        await leave();
        expect(await who(admin)).to.equal(ada.email);
        expect(jar(admin)).to.deep.equal(['examdesk.session_token']);
        expect(await acting(), 'what they acted in').to.deep.equal([]);
        expect(await endReasons()).not.to.include(null);
      }
    });
  }

  it('restores the admin’s session when only the acting cookie is lost', async () => {
    await act(admin, rita).expect(200);
    admin.jar.setCookie('examdesk.session_token=; Max-Age=0; Path=/', '127.0.0.1', '/');
    await page(admin, '/bookings').expect(200);
    expect(await who(admin)).to.equal(ada.email);
    expect(await acting()).to.deep.equal([]);
    expect(await endReasons()).to.deep.equal(['session_ended']);
  });

  it('runs no request as the admin that was sent as the referrer, when it has expired', async () => {
    await act(admin, rita).expect(200);
    await acting().update(over());
    await admin.get('/bookings').expect(401);
    await page(admin, '/bookings').set('HX-Request-Type', 'partial').expect(401);
    const posted = admin.post('/bookings/search').set('Accept', 'text/html').type('form').send({ q: 'x' });
    expect((await posted.expect(303)).headers.location).to.match(/^\/sign-in/);
    expect(await who(admin)).to.equal(null);
    const { headers } = await page(admin, '/sign-in?next=%2Fbookings').expect(303);
    expect(headers.location).to.equal('/bookings');
    expect(await who(admin)).to.equal(ada.email);
  });

  for (const [what, happen] of [
    ['is idle', () => own().update({ last_seen_at: new Date(Date.now() - hour) })],
    ['has ended', () => own().delete()],
    [
      'belongs to somebody who is no longer an admin',
      () => app.db('users').where({ id: ada.id }).update({ role: 'support' }),
    ],
    ['belongs to a banned admin', () => app.db('users').where({ id: ada.id }).update({ banned: true })],
  ] as const) {
    it(`restores no session when the admin’s own session ${what}`, async () => {
      await act(admin, rita).expect(200);
      await acting().delete();
      await happen();
      expect((await page(admin, '/bookings').expect(303)).headers.location).to.match(/^\/sign-in/);
      expect((await exitForm(admin).expect(303)).headers.location).to.equal('/sign-in?next=%2Fadmin');
      expect(await who(admin)).to.equal(null);
    });
  }

  it('leaves only the admin’s session cookie in the browser, with its lifetime, after the exit', async () => {
    await act(admin, rita).expect(200);
    expect(jar(admin)).to.include('examdesk.dont_remember');
    const { headers } = await admin.post('/admin/exit-impersonation').expect(200);
    expect(jar(admin)).to.deep.equal(['examdesk.session_token']);
    const again = (headers['set-cookie'] as unknown as string[]).find((line) =>
      /session_token=[^;]/.test(line),
    );
    expect(again).to.contain('Max-Age=43200');
  });

  it('ends with both sessions and all cookies at sign-out', async () => {
    await act(admin, rita).expect(200);
    await admin.post('/api/auth/sign-out').expect(200);
    expect(jar(admin)).to.deep.equal([]);
    expect(await both()).to.deep.equal([]);
  });

  it('leaves no session after sign-out when it had ended before', async () => {
    await act(admin, rita).expect(200);
    await acting().delete();
    await admin.post('/api/auth/sign-out').expect(200);
    expect(await own()).to.deep.equal([]);
    expect(jar(admin)).to.deep.equal([]);
    const rows = app.db('audit_log').where({ action: 'auth.signed_out' });
    expect(await rows.whereIn('actor_id', [ada.id, rita.id]).pluck('actor_id')).to.deep.equal([ada.id]);
  });

  it('leaves no session of the admin when somebody else signs in afterwards', async () => {
    await act(admin, rita).expect(200);
    await acting().delete();
    await admin
      .post('/api/auth/sign-in/email')
      .send({ email: 'sam@examdesk.example', password: demoPassword })
      .expect(200);
    // The first says that Sam has signed in here; it opens nothing.
    expect(jar(admin)).to.deep.equal(['examdesk.known', 'examdesk.session_token']);
    expect(await own()).to.deep.equal([]);
    await admin.post('/api/auth/sign-out').expect(200);
    await page(admin, '/bookings').expect(303);
    expect(await who(admin)).to.equal(null);
  });

  it('replaces the one before, so that an admin’s session acts as one referrer at a time', async () => {
    const cookie = jarLine(admin);
    const attempts = await Promise.all(
      [rita, rob, rita].map(({ id }) =>
        app
          .anonymous()
          .post('/admin/impersonate')
          .set('Cookie', cookie)
          .send({ userId: id, reason: 'On the phone' }),
      ),
    );
    expect(attempts.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    expect(await acting()).to.have.length(1);
    expect((await endReasons()).filter((reason) => reason === null)).to.have.length(1);
    expect((await endReasons()).filter((reason) => reason === 'exit')).to.have.length(2);
  });

  it('requires an admin’s session that does not act itself, enforced by the database', async () => {
    const mine = (await own().first()) as { id: string };
    await act(admin, rita).expect(200);
    const session = (await acting().first()) as { id: string };
    const constraintOf = (write: () => Promise<unknown>) =>
      app.db.transaction(write).then(
        () => null,
        ({ constraint }: { constraint?: string }) => constraint,
      );
    const another = { ...session, id: app.db.raw('gen_random_uuid()'), token: 'x' };
    expect(await constraintOf(async () => app.db('sessions').insert(another))).to.equal(
      'sessions_impersonator_key',
    );
    for (const behind of [null, session.id]) {
      const written = { ...another, impersonator_session_id: behind };
      expect(await constraintOf(async () => app.db('sessions').insert(written)), String(behind)).to.equal(
        'acting_session_requires_admin_session',
      );
    }
    await app.db('sessions').where({ id: session.id }).update({ last_seen_at: new Date() });
    expect(await acting().first()).to.include({ impersonator_session_id: mine.id });
  });

  it('does not start when the referrer or the admin is banned or signed out at the same time', async () => {
    for (const [happen, status] of [
      [(trx: TestApp['db']) => trx('users').where({ id: rob.id }).update({ banned: true }), 404],
      [(trx: TestApp['db']) => trx('users').where({ id: ada.id }).update({ banned: true }), 401],
      [(trx: TestApp['db']) => trx('sessions').where({ user_id: ada.id }).delete(), 401],
    ] as const) {
      await app.db('users').whereIn('id', [ada.id, rob.id]).update({ banned: false });
      const agent = await app.signIn(ada.email);
      const trx = await app.db.transaction();
      await happen(trx);
      const started = act(agent, rob).then((answer) => answer.status);
      await untilBlocked(app.db);
      await trx.commit();
      expect(await started).to.equal(status);
      expect(await acting()).to.deep.equal([]);
    }
  });

  it('locks the person before the session when it starts', async () => {
    const trx = await app.db.transaction();
    await trx('users').where({ id: ada.id }).forUpdate().first('id');
    const started = act(admin, rita).then((answer) => answer.status);
    await untilBlocked(app.db);
    await trx('sessions').where({ user_id: ada.id }).delete();
    await trx.commit();
    expect(await started).to.equal(401);
    expect(await acting()).to.deep.equal([]);
  });

  it('reports the end that the stored last_seen_at gives when the request does not update it', async () => {
    await act(admin, rita).expect(200);
    await both().update({ last_seen_at: new Date(Date.now() - 40_000) });
    const { headers } = await page(admin, '/bookings').expect(200);
    const { last_seen_at } = (await acting().first('last_seen_at')) as { last_seen_at: Date };
    expect(Date.parse(String(headers['x-acting-until']))).to.equal(last_seen_at.getTime() + hour / 2);
  });

  it('always has an admin with a name, enforced by the database', async () => {
    const withoutName = app.db('users').where({ id: ada.id }).update({ name: ' ' });
    expect(
      await withoutName.then(
        () => null,
        ({ constraint }: { constraint?: string }) => constraint,
      ),
    ).to.equal('users_named');
  });
});

describe('an acting session and the admin’s own, the only rows of their table,', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startTestApp();
  });
  afterEach(() => app.close());

  it('do not deadlock with the update of last_seen_at when the acting session ends', async () => {
    const { ada, rita } = await copyDemo(app.db);
    const admin = await app.signIn(ada.email);
    const acting = () => app.db('sessions').where({ impersonated_by: ada.id });
    await admin.post('/admin/impersonate').send({ userId: rita.id, reason: 'On the phone' }).expect(200);
    await app.db('sessions').update({ last_seen_at: new Date(Date.now() - 120_000) });
    // With another index entry the admin’s row comes after that of the acting session, however the two are looked for.
    await acting().update({ id: '00000000-0000-4000-8000-000000000000' });
    await app.db('sessions').where({ user_id: ada.id }).update({ token: 'another' });
    const trx = await app.db.transaction();
    await trx('sessions').where({ user_id: ada.id }).forUpdate();
    const asked = admin.get('/bookings').then(({ status }) => status);
    await untilBlocked(app.db);
    await trx('sessions').where({ impersonated_by: ada.id }).delete();
    await trx.commit();
    expect(await asked).to.equal(200);
  });
});

/** Names of the cookies that the browser would send, except the one that only says whose forms may be restored. */
function jar(agent: Agent): string[] {
  return cookies(agent)
    .filter(({ name, value }) => value !== '' && name !== 'examdesk.typist')
    .map(({ name }) => name)
    .toSorted();
}

function jarLine(agent: Agent): string {
  return cookies(agent)
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}

function cookies(agent: Agent) {
  const access = { domain: '127.0.0.1', path: '/', secure: false, script: false };
  return agent.jar.getCookies(access);
}

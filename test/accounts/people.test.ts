import { expect } from 'chai';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Actor, Role } from '../../src/accounts/index.ts';
import { demoAccounts } from '../../seeds/demo.ts';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { anOrganization, aReferrer } from '../support/own-people.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

const ada = 'ada@examdesk.example';
const sam = 'sam@examdesk.example';
const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';

describe('managing people', () => {
  let app: TestApp;
  let acuity: FakeAcuity;
  before(async () => {
    acuity = createFakeAcuity();
    app = await startTestApp({ overrides: { acuity } });
  });
  after(() => app.close());

  const idIn = async (table: string, where: Record<string, string>) => {
    const row = (await app.db(table).where(where).first('id')) as { id: string } | undefined;
    return row?.id ?? '';
  };
  const idOf = (email: string) => idIn('users', { email });
  const actor = async (email: string): Promise<Actor> => {
    const user = (await app.db('users').where({ email }).first()) as { id: string; name: string; role: Role };
    return {
      viewer: {
        sessionId: user.id,
        userId: user.id,
        name: user.name,
        email,
        role: user.role,
        organization: null,
        actingAdmin: null,
      },
      request: { requestId: 'test-request', ip: null, userAgent: null },
    };
  };
  const status = async (agent: Agent) => (await agent.get('/bookings')).status;
  const lastRow = async (resourceId: string) =>
    (await app.db('audit_log').where({ resource_id: resourceId }).orderBy('id', 'desc').first()) as {
      action: string;
      actor_id: string | null;
      metadata: Record<string, unknown>;
    };

  async function bookedBy(email: string): Promise<{ id: string; reference: string }> {
    const startsAt = timeAhead(10);
    acuity.offer(7001, startsAt);
    const row = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
      id: string;
    };
    const { body } = await (await app.signIn(email))
      .post('/bookings')
      .send(bookingBody(row.id, startsAt))
      .expect(201);
    return body.booking as { id: string; reference: string };
  }

  /** The same app in another process's place: nothing in common but the database. */
  async function secondApp() {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const system = compose(app.system.services.config, { log: pino({ level: 'silent' }) });
    server.on('request', system.app);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return {
      status: async (cookie: string) =>
        (await fetch(`${url}/bookings`, { headers: { cookie, accept: 'application/json' } })).status,
      async close() {
        server.closeAllConnections();
        await new Promise((resolve) => {
          server.close(resolve);
        });
        await system.close();
      },
    };
  }

  it('signs a deactivated person out at the next request of every process, and lets a reactivated one in', async () => {
    const { accounts } = app.system.services;
    const { id, email } = await aReferrer(app.db);
    const agent = app.anonymous();
    const answer = await agent.post('/api/auth/sign-in/email').send({ email, password: 'examdesk-demo' });
    const [cookie = ''] = answer.headers['set-cookie'] as unknown as string[];
    const other = await secondApp();
    try {
      expect([await status(agent), await other.status(cookie)]).to.deep.equal([200, 200]);
      expect(await accounts.deactivate(id, await actor(ada))).to.deep.equal({ ok: true, value: null });
      expect([await status(agent), await other.status(cookie)]).to.deep.equal([401, 401]);
      expect(await lastRow(id)).to.deep.include({
        action: 'record.changed',
        actor_id: await idOf(ada),
        metadata: { change: 'deactivated', columns: ['banned'] },
      });
      await app
        .anonymous()
        .post('/api/auth/sign-in/email')
        .send({ email, password: 'examdesk-demo' })
        .expect(401);
      await accounts.reactivate(id, await actor(ada));
      await app.signIn(email);
      expect(await status(agent), 'the old session').to.equal(401);
    } finally {
      await other.close();
    }
  });

  it('signs out who is banned, demoted, moved or deleted by hand in psql', async () => {
    const [banned, deleted, moved] = [
      await aReferrer(app.db),
      await aReferrer(app.db),
      await aReferrer(app.db),
    ];
    const changes: [string, (id: string) => Promise<unknown>][] = [
      [banned.email, (id) => app.db('users').where({ id }).update({ banned: true })],
      [ada, (id) => app.db('users').where({ id }).update({ role: 'support' })],
      [deleted.email, (id) => app.db('users').where({ id }).delete()],
    ];
    try {
      for (const [email, change] of changes) {
        const agent = await app.signIn(email);
        expect(await status(agent), email).to.equal(200);
        const id = await idOf(email);
        await change(id);
        expect(await status(agent), email).to.equal(401);
        expect(await app.db('sessions').where({ user_id: id })).to.deep.equal([]);
        expect((await lastRow(id)).action).to.equal('record.changed');
      }
    } finally {
      await app.db('users').where({ email: ada }).update({ role: 'admin' });
    }
    const agent = await app.signIn(moved.email);
    await app.db('members').where({ user_id: moved.id }).delete();
    const { body } = await agent.get('/api/auth/get-session');
    expect(body.user.organization, 'at the next request').to.equal(null);
  });

  it('ends acting when the admin loses the role', async () => {
    const { id, email } = await aReferrer(app.db);
    await app.signIn(email);
    await app.signIn(ada);
    const own = await idIn('sessions', { user_id: await idOf(ada) });
    await app
      .db('sessions')
      .where({ user_id: id })
      .update({ impersonated_by: await idOf(ada), impersonator_session_id: own });
    await app.db('users').where({ email: ada }).update({ banned: true });
    const left = await app.db('sessions').where({ user_id: id });
    await app.db('users').where({ email: ada }).update({ banned: false });
    expect(left).to.deep.equal([]);
  });

  it('keeps the bookings of a deactivated person with the organisation', async () => {
    const firm = await anOrganization(app.db);
    const { id, email } = await aReferrer(app.db, firm.id);
    const booking = await bookedBy(email);
    await app.system.services.accounts.deactivate(id, await actor(ada));
    const robs = await app.signIn((await aReferrer(app.db, firm.id)).email);
    const seen = await robs.get(`/bookings/${booking.id}`).expect(200);
    expect(seen.body.booking).to.deep.include({ reference: booking.reference, status: 'active' });
    expect((await robs.get('/bookings').expect(200)).text).to.contain(booking.reference);
    await robs.post(`/bookings/${booking.id}/cancel`).send({ reason: 'The matter settled' }).expect(200);
    await (await app.signIn(nadia)).get(`/bookings/${booking.id}`).expect(404);
    const kept: unknown = await app
      .db('bookings')
      .where({ id: booking.id })
      .first('created_by_id', 'organization_id');
    expect(kept, 'and the name stays on what was done').to.deep.equal({
      created_by_id: id,
      organization_id: firm.id,
    });
    const rows = await app.db('members').where({ user_id: id });
    expect(rows, 'still named among the people of the organisation').to.have.length(1);
    const found = await app.system.services.accounts.organizations.list({ find: firm.name });
    const shown = found.items.map(({ name, members }) => ({ name, members }));
    expect(shown, 'but not counted').to.deep.equal([{ name: firm.name, members: 1 }]);
  });

  it('shows people and organisations page by page, and finds organisations by name', async () => {
    const numbered = (what: string, count: number): string[] =>
      Array.from({ length: count }, (_, n) => `${what} ${String(n).padStart(3, '0')}`);
    const names = numbered('Zürich Firm', 120);
    const created = { created_at: new Date() };
    const firmRows = names.map((name, n) => ({ name, slug: `firm-${n}`, ...created }));
    await app.db('organizations').insert(firmRows);
    const { id: firm } = await anOrganization(app.db);
    const { id: memberId } = await aReferrer(app.db, firm);
    const people = numbered('Person', 60);
    const account = { email_verified: true, role: 'referrer' } as const;
    const userRows = people.map((name, n) => ({ name, email: `p${n}@harbour-legal.example`, ...account }));
    const users = await app.db('users').insert(userRows).returning('id');
    const membership = { organization_id: firm, role: 'member', ...created } as const;
    await app.db('members').insert(users.map(({ id }) => ({ user_id: id, ...membership })));
    const agent = await app.signIn(ada);
    const shown = async (query: object, shape: RegExp) => {
      const { text } = await agent.get('/account/people').query(query).set('Accept', 'text/html').expect(200);
      return { text, found: [...new Set([...text.matchAll(shape)].map(([word]) => word))] };
    };
    const firms = /Zürich Firm \d{3}/g;
    const first = await shown({}, firms);
    const pages = [first, await shown({ list: '2' }, firms), await shown({ list: '3' }, firms)];
    expect(pages.flatMap(({ found }) => found).toSorted()).to.deep.equal(names);
    expect(first.found.length).to.be.below(51);
    expect(first.text).to.contain('list=2');

    // The chosen organisation can be invited to whichever page of the list is shown.
    const last = await idIn('organizations', { name: 'Zürich Firm 119' });
    expect((await shown({ of: last }, firms)).found).to.include('Zürich Firm 119');
    expect((await shown({ find: 'zurich 007' }, firms)).found).to.deep.equal(['Zürich Firm 007']);
    expect((await shown({ find: '%' }, firms)).found).to.deep.equal([]);

    const persons = /Person \d{3}/g;
    const both = [await shown({ of: firm }, persons), await shown({ of: firm, page: '2' }, persons)];
    expect(both.flatMap(({ found }) => found).toSorted()).to.deep.equal(people);
    for (const page of ['0', '-1', 'x', '99999', '1e9']) await shown({ of: firm, page, list: page }, persons);

    const { text } = await agent
      .get(`/account/people/${memberId}`)
      .query({ find: 'firm 119' })
      .set('Accept', 'text/html')
      .expect(200);
    expect(text).to.contain(last).and.to.contain(firm).and.not.to.contain('Zürich Firm 118');
  });

  it('allows admins only, refuses changes of oneself, and keeps one admin', async () => {
    const { accounts } = app.system.services;
    const id = await idOf(nadia);
    for (const email of [sam, rita]) {
      expect(await accounts.deactivate(id, await actor(email))).to.deep.equal({
        ok: false,
        reason: 'not_allowed',
      });
      expect(await accounts.endSessions(id, await actor(email))).to.deep.equal({
        ok: false,
        reason: 'not_allowed',
      });
      expect(await accounts.changeRole(id, { role: 'admin' }, await actor(email))).to.deep.equal({
        ok: false,
        reason: 'not_allowed',
      });
      expect(await accounts.organizations.create({ name: 'New Law' }, await actor(email))).to.deep.equal({
        ok: false,
        reason: 'not_allowed',
      });
    }
    const acting = await actor(ada);
    acting.viewer.actingAdmin = { id: acting.viewer.userId, name: 'Ada' };
    expect(await accounts.deactivate(id, acting)).to.deep.equal({ ok: false, reason: 'not_allowed' });
    expect(await accounts.deactivate(await idOf(ada), await actor(ada))).to.deep.equal({
      ok: false,
      reason: 'oneself',
    });
    expect(await accounts.deactivate(crypto.randomUUID(), await actor(ada))).to.deep.equal({
      ok: false,
      reason: 'not_found',
    });

    await accounts.changeRole(await idOf(sam), { role: 'admin' }, await actor(ada));
    try {
      const [one, two] = await Promise.all([
        accounts.deactivate(await idOf(sam), await actor(ada)),
        accounts.deactivate(await idOf(ada), await actor(sam)),
      ]);
      expect([one.ok, two.ok].filter(Boolean)).to.have.length(1);
      expect([one, two]).to.deep.include({ ok: false, reason: 'last_admin' });
    } finally {
      await app.db('users').where({ email: ada }).update({ banned: false });
      await app.db('users').where({ email: sam }).update({ banned: false, role: 'support' });
    }
  });

  it('counts no demo account as the remaining admin where demo accounts are refused', async () => {
    await app
      .db('users')
      .insert({ name: 'Grace', email: 'grace@agency.example', email_verified: true, role: 'admin' });
    const grace = await idOf('grace@agency.example');
    const { config } = app.system.services;
    const strict = compose({ ...config, DEMO_ACCOUNTS: false }, { log: pino({ level: 'silent' }) });
    try {
      const refused = { ok: false, reason: 'last_admin' };
      const { accounts } = strict.services;
      expect(await accounts.deactivate(grace, await actor(ada))).to.deep.equal(refused);
      expect(await accounts.changeRole(grace, { role: 'support' }, await actor(ada))).to.deep.equal(refused);
    } finally {
      await strict.close();
    }
    const here = await app.system.services.accounts.deactivate(grace, await actor(ada));
    expect(here.ok, 'in the demo there is Ada').to.equal(true);
  });

  it('changes roles, and signs the person out', async () => {
    const { accounts } = app.system.services;
    const { id, email } = await aReferrer(app.db);
    const agent = await app.signIn(email);
    expect(await accounts.changeRole(id, { role: 'referrer' }, await actor(ada))).to.deep.equal({
      ok: false,
      reason: 'unknown_organization',
    });
    const northside = await idIn('organizations', { name: 'Northside Claims' });
    expect((await accounts.changeRole(id, { role: 'support' }, await actor(ada))).ok).to.equal(true);
    expect(await status(agent)).to.equal(401);
    expect(await app.db('members').where({ user_id: id })).to.deep.equal([]);
    expect(
      (await accounts.changeRole(id, { role: 'referrer', organizationId: northside }, await actor(ada))).ok,
    ).to.equal(true);
    const back = await app.signIn(email);
    expect((await back.get('/api/auth/get-session')).body.user.organization.name).to.equal(
      'Northside Claims',
    );
  });

  it('lets an admin end all sessions of a person', async () => {
    const { id, email } = await aReferrer(app.db);
    const agents = [await app.signIn(email), await app.signIn(email)];
    expect(await app.system.services.accounts.endSessions(id, await actor(ada))).to.deep.equal({
      ok: true,
      value: { ended: 2 },
    });
    for (const agent of agents) expect(await status(agent)).to.equal(401);
    expect(await lastRow(id)).to.deep.include({
      action: 'auth.signed_out',
      metadata: { reason: 'ended_by_admin', sessions: 2 },
    });
  });

  it('keeps names of organisations unique', async () => {
    const { organizations } = app.system.services.accounts;
    const created = await organizations.create({ name: '  Müller  &  Sons ' }, await actor(ada));
    expect(created.ok).to.equal(true);
    const again = await organizations.create({ name: 'MULLER SONS' }, await actor(ada));
    expect(again).to.deep.include({ ok: false, reason: 'invalid' });
    const id = created.ok ? created.value.id : '';
    expect(await organizations.find(id)).to.deep.include({
      name: 'Müller & Sons',
      slug: 'muller-sons',
      members: 0,
    });
    const seen = {
      name: 'Müller & Sons',
      remindsExaminees: false,
      requiresTwoFactor: false,
      examineesCall: '',
    };
    const edit = {
      name: 'Müller Legal',
      remindsExaminees: true,
      requiresTwoFactor: false,
      examineesCall: '',
    };
    expect((await organizations.change(id, edit, await actor(ada), seen)).ok).to.equal(true);
    expect(await organizations.find(id)).to.deep.include(edit);
    expect((await lastRow(id)).metadata).to.deep.equal({ columns: ['name', 'reminds_examinees'] });
    expect(await organizations.change(id, seen, await actor(ada), seen)).to.deep.equal({
      ok: false,
      reason: 'stale',
      current: edit,
    });
    const shown = await organizations.find(id);
    const alone = { examineesCall: '02 9000 0000', remindsExaminees: 'false' };
    expect((await organizations.change(id, alone, await actor(ada), { ...shown })).ok).to.equal(true);
    expect(await organizations.find(id)).to.deep.include({
      name: 'Müller Legal',
      examineesCall: '02 9000 0000',
      remindsExaminees: false,
    });
    const wrong = { name: '<', examineesCall: 'ask Ida' };
    expect(
      await organizations.change(id, wrong, await actor(ada), { ...(await organizations.find(id)) }),
    ).to.deep.equal({
      ok: false,
      reason: 'invalid',
      errors: [
        { path: 'name', message: 'Enter the name of the organisation' },
        { path: 'examineesCall', message: 'Enter one phone number, like 02 9000 0000' },
      ],
    });
    expect(await organizations.change(crypto.randomUUID(), edit, await actor(ada), seen)).to.deep.equal({
      ok: false,
      reason: 'not_found',
    });
    expect((await organizations.create({ name: ' ' }, await actor(ada))).ok).to.equal(false);
    expect((await lastRow(id)).metadata).to.deep.equal({ columns: ['reminds_examinees', 'examinees_call'] });
    expect(await lastRow(id)).to.deep.include({ action: 'record.changed', actor_id: await idOf(ada) });
    expect(await organizations.find('nonsense')).to.equal(null);
  });

  it('knows exactly the five demo accounts of the seeds', async () => {
    const { isDemoAccount } = await import('../../src/accounts/index.ts');
    expect(demoAccounts.every(({ email }) => isDemoAccount(email))).to.equal(true);
    expect(isDemoAccount('new@examdesk.example')).to.equal(false);
    await app
      .db('users')
      .insert({ name: 'New', email: 'new@examdesk.example', email_verified: true, role: 'admin' });
    const row = (await app
      .db('accounts')
      .where({ user_id: await idOf(ada) })
      .first('password')) as { password: string };
    const id = await idOf('new@examdesk.example');
    await app.db('accounts').insert({
      account_id: id,
      provider_id: 'credential',
      user_id: id,
      password: row.password,
      updated_at: new Date(),
    });
    const agent = app.anonymous();
    await agent
      .post('/api/auth/sign-in/email')
      .send({ email: 'new@examdesk.example', password: 'examdesk-demo' })
      .expect(200);
    expect(await status(agent), 'no second step yet').to.equal(403);
    // Others count the admins who are left.
    await app.db('users').where({ id }).delete();
  });
});

describe('a session', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.close());

  const status = async (agent: Agent) => (await agent.get('/bookings')).status;
  const sessionOf = async (email: string) => {
    const [row] = (await app
      .db('sessions as s')
      .join('users as u', 'u.id', 's.user_id')
      .where('u.email', email)
      .orderBy('s.created_at', 'desc')
      .select('s.*')) as { id: string; created_at: Date; expires_at: Date; last_seen_at: Date }[];
    if (!row) throw new Error(`${email} has no session`);
    return row;
  };
  const ago = (minutes: number) => app.db.raw(`clock_timestamp() - ? * interval '1 minute'`, [minutes]);

  it('lasts twelve hours from sign-in, also when it is used', async () => {
    const { email } = await aReferrer(app.db);
    const agent = await app.signIn(email);
    const { id, created_at, expires_at } = await sessionOf(email);
    expect(expires_at.getTime() - created_at.getTime()).to.be.within(
      12 * 3_600_000 - 2_000,
      12 * 3_600_000 + 2_000,
    );
    await app
      .db('sessions')
      .where({ id })
      .update({ created_at: ago(700), updated_at: ago(700), expires_at: ago(-20) });
    expect(await status(agent)).to.equal(200);
    const after = await sessionOf(email);
    expect(after.expires_at.getTime() - Date.now(), 'not made longer by use').to.be.below(21 * 60_000);
    await app
      .db('sessions')
      .where({ id })
      .update({ expires_at: ago(1) });
    expect(await status(agent)).to.equal(401);
  });

  it('ends when its browser signs in again', async () => {
    const agent = await app.signIn(nadia);
    const { id } = await sessionOf(nadia);
    await agent.post('/api/auth/sign-in/email').send({ email: nadia, password: 'wrong' }).expect(401);
    expect(await app.db('sessions').where({ id })).to.have.length(1);
    await agent.post('/api/auth/sign-in/email').send({ email: rob, password: 'examdesk-demo' }).expect(200);
    expect(await app.db('sessions').where({ id })).to.deep.equal([]);
    const row = (await app.db('audit_log').where({ resource_id: id }).first()) as { metadata: unknown };
    expect(row.metadata).to.deep.equal({ reason: 'signed_in_again' });
    expect((await agent.get('/api/auth/get-session')).body.user.email).to.equal(rob);
  });

  it('of staff ends after thirty idle minutes, with an audit row', async () => {
    const agent = await app.signIn(sam);
    const { id } = await sessionOf(sam);
    await app
      .db('sessions')
      .where({ id })
      .update({ last_seen_at: ago(29) });
    expect(await status(agent)).to.equal(200);
    expect(Date.now() - (await sessionOf(sam)).last_seen_at.getTime(), 'awake again').to.be.below(60_000);
    await app
      .db('sessions')
      .where({ id })
      .update({ last_seen_at: ago(31) });
    expect(await status(agent)).to.equal(401);
    expect(await app.db('sessions').where({ id })).to.deep.equal([]);
    const row = (await app.db('audit_log').where({ resource_id: id }).first()) as {
      action: string;
      metadata: unknown;
    };
    expect(row).to.deep.include({ action: 'auth.signed_out', metadata: { reason: 'idle' } });
  });

  it('of a referrer ends after two idle hours, and tells programs so', async () => {
    const agent = await app.signIn(rob);
    const { id } = await sessionOf(rob);
    const quiet = (minutes: number) =>
      app
        .db('sessions')
        .where({ id })
        .update({ last_seen_at: ago(minutes) });
    await quiet(119);
    expect(await status(agent)).to.equal(200);
    await quiet(121);
    for (const _ of ['when it ends', 'afterwards']) {
      const { body } = await agent.get('/bookings').expect(401);
      expect(body).to.include({ code: 'not_signed_in', detail: 'The session has ended. Sign in again.' });
    }
    expect(await app.db('sessions').where({ id })).to.deep.equal([]);
    const row = await app.db('audit_log').where({ resource_id: id }).first('action', 'metadata');
    expect(row).to.deep.equal({ action: 'auth.signed_out', metadata: { reason: 'idle' } });
    const { text } = await agent.get('/sign-in').set('Accept', 'text/html').expect(200);
    expect(text).to.contain('Your session has ended');
  });

  it('tells how long it lasts, and lasts longer only when somebody asks for that', async () => {
    for (const [email, minutes] of [
      [nadia, 120],
      [sam, 30],
    ] as const) {
      const agent = await app.signIn(email);
      const { id } = await sessionOf(email);
      await app
        .db('sessions')
        .where({ id })
        .update({ last_seen_at: ago(10) });
      const looked = await agent.get('/session').set('X-Polling', 'true').expect(200);
      expect(looked.body.secondsLeft / 60).to.be.within(minutes - 10.5, minutes - 9.5);
      const stayed = await agent.post('/session').expect(200);
      expect(stayed.body.secondsLeft / 60).to.be.within(minutes - 0.5, minutes);
      // Twelve hours after sign-in it ends in any case.
      await app
        .db('sessions')
        .where({ id })
        .update({ expires_at: new Date(Date.now() + 60_000) });
      expect((await agent.post('/session').expect(200)).body.secondsLeft).to.be.within(50, 60);
    }
  });

  it('leaves a page alone whose timer finds it ended', async () => {
    const { headers } = await app
      .anonymous()
      .get('/bookings')
      .set({ Accept: 'text/html', 'HX-Request-Type': 'partial', 'X-Polling': 'true' })
      .expect(401);
    expect(headers['hx-reswap']).to.equal('none');
    expect(headers).not.to.have.property('hx-redirect');
  });

  it('is written to at most once a minute', async () => {
    const agent = await app.signIn(nadia);
    const before = await sessionOf(nadia);
    await status(agent);
    await status(agent);
    expect((await sessionOf(nadia)).last_seen_at).to.deep.equal(before.last_seen_at);
  });

  it('is not created when its audit row cannot be written', async () => {
    await app.db('sessions').delete();
    await app.database.owner.raw(`
      create function refuse_sign_in() returns trigger language plpgsql as $$
      begin
        if new.action = 'auth.signed_in' then raise exception 'refused in this test'; end if;
        return new;
      end $$;
      create trigger refuse_sign_in before insert on audit_log for each row execute function refuse_sign_in()`);
    const signIn = () =>
      app.anonymous().post('/api/auth/sign-in/email').send({ email: rita, password: 'examdesk-demo' });
    const refused = await signIn();
    expect([refused.status, refused.headers['set-cookie']]).to.deep.equal([500, undefined]);
    expect(await app.db('sessions')).to.deep.equal([]);
    await app.database.owner.raw('drop trigger refuse_sign_in on audit_log');
    await signIn().expect(200);
  });

  it('is deleted when it has expired', async () => {
    await app.db('sessions').delete();
    await app.signIn(rita);
    await app.db('sessions').update({ expires_at: ago(1) });
    const agent = await app.signIn(rob);
    await app.db('verifications').insert({ identifier: '2fa-x', value: 'x', expires_at: ago(1) });
    expect(await app.system.services.accounts.removeExpired()).to.equal(1);
    expect(await app.db('verifications')).to.deep.equal([]);
    expect(await status(agent)).to.equal(200);
  });

  it('of a demo account ends where demo accounts are refused', async () => {
    const agent = app.anonymous();
    const answer = await agent
      .post('/api/auth/sign-in/email')
      .send({ email: ada, password: 'examdesk-demo' });
    const [cookie = ''] = answer.headers['set-cookie'] as unknown as string[];
    const strict = compose(
      { ...app.system.services.config, DEMO_ACCOUNTS: false },
      { log: pino({ level: 'silent' }) },
    );
    try {
      const request = { cookie, headers: () => new Headers({ cookie }) };
      const { viewer } = await strict.services.accounts.viewer(request);
      expect(viewer).to.equal(null);
      const here = await app.system.services.accounts.viewer(request);
      expect(here.viewer?.email).to.equal(ada);
    } finally {
      await strict.close();
    }
  });
});

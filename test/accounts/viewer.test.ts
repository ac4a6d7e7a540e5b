// Our statement decides who is signed in; better-auth still writes the sessions. Here both answer for every kind of
// session, and ours may only be the stricter.
import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import { createAuth, type BetterAuth } from '../../src/accounts/index.ts';
import { compose, type System } from '../../src/compose.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { mintSession, testSecret } from '../support/session.ts';

const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';
const sam = 'sam@examdesk.example';
const ada = 'ada@examdesk.example';

/** The tables that the kinds change. */
const people = ['users', 'accounts', 'members'];

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

interface Kind {
  /** Makes the session. @returns the Cookie header of its browser */
  make: () => Promise<string>;
  /** What better-auth says, and what we say: `nobody`, or whose session it is. */
  is: string;
  /** Where we refuse what better-auth accepts. */
  butOurs?: 'nobody';
}

describe('viewer', () => {
  let app: TestApp;
  /** A second process on the same database. */
  let other: System;
  let auth: BetterAuth;
  const columns: Record<string, string> = {};

  before(async () => {
    app = await startTestApp();
    other = compose(app.system.services.config, { log: pino({ level: 'silent' }) });
    auth = await createAuth({ pool: app.system.services.pool, secrets: [testSecret], baseUrl: app.url })();
    await app.database.owner.raw(`create schema kept`);
    for (const table of people) {
      await app.database.owner.raw(`create table kept.${table} as table ${table}`);
      await app.database.owner.raw(`alter table kept.${table} drop column if exists search_text`);
      columns[table] = (
        (await app.database
          .owner('information_schema.columns')
          .where({ table_schema: 'kept', table_name: table })
          .orderBy('ordinal_position')
          .pluck('column_name')) as string[]
      ).join(', ');
    }
  });
  after(async () => {
    await other.close();
    await app.close();
  });
  beforeEach(() =>
    untriggered(
      ['sessions', 'impersonations', ...people].map((table) => `delete from ${table};`).join('') +
        people.map((table) => `insert into ${table} (${columns[table]}) table kept.${table};`).join(''),
    ),
  );

  const minted = async (email: string) => {
    const { name, value } = await mintSession(app.db, email);
    return `${name}=${value}`;
  };
  const idOf = async (email: string) => (await app.db('users').where({ email }).first('id'))!.id;
  const own = (email: string) => app.db('users').where({ email }).select('id');
  const sessions = (email: string) => app.db('sessions').whereIn('user_id', own(email));
  const cookiesOf = (agent: Agent) =>
    agent.jar.getCookies({ path: '/', domain: '127.0.0.1', secure: false, script: false }).toValueString();
  const acting = async () => {
    const admin = await app.signIn(ada);
    await admin.post('/admin/impersonate').send({ userId: await idOf(rita), reason: 'On the phone' });
    return cookiesOf(admin);
  };
  const actingOnly = async () => (await acting()).replace(/examdesk\.admin_session=[^;]*;?\s*/, '');
  const signed = (token: string, secret = testSecret) =>
    `examdesk.session_token=${encodeURIComponent(`${token}.${createHmac('sha256', secret).update(token).digest('base64')}`)}`;
  const changed = async (cookie: Promise<string>, change: () => PromiseLike<unknown>) => {
    const made = await cookie;
    await change();
    return made;
  };
  /** Without the triggers that end sessions: as if the row had outlived the change. */
  const untriggered = (sql: string) =>
    app.database.owner.transaction(async (trx) => {
      await trx.raw(`set local session_replication_role = replica`);
      await trx.raw(sql);
    });

  const ours = async (cookie: string, system: System = app.system) => {
    const { viewer, leftMs, cookies, mustSetUpTwoFactor } = await system.services.accounts.viewer({
      cookie,
      headers: () => new Headers({ cookie }),
    });
    return { viewer, leftMs, cookies, mustSetUpTwoFactor };
  };
  const theirs = async (cookie: string) => {
    const { response, headers } = await auth.api.getSession({
      headers: new Headers({ cookie }),
      returnHeaders: true,
    });
    return { answer: response, cookies: headers.getSetCookie() };
  };

  const kinds: Record<string, Kind> = {
    'no cookie of ours': { make: async () => 'tz=Australia%2FSydney', is: 'nobody' },
    'an empty cookie': { make: async () => 'examdesk.session_token=', is: 'nobody' },
    'a referrer': { make: () => minted(rita), is: rita },
    'a support person': { make: () => minted(sam), is: sam },
    'an admin': { make: () => minted(ada), is: ada },
    'a real sign-in': { make: async () => cookiesOf(await app.signInByPassword(rita)), is: rita },
    'a right password without the second step': {
      async make() {
        await app.db('users').where({ email: sam }).update({ two_factor_enabled: true });
        return cookiesOf(await app.signInByPassword(sam));
      },
      is: 'nobody',
    },
    'staff who have a second step': {
      make: () =>
        changed(minted(sam), () =>
          app.db('users').where({ email: sam }).update({ two_factor_enabled: true }),
        ),
      is: sam,
    },
    'an admin who acts': { make: acting, is: rita },
    'an admin who acts, without the second cookie': { make: actingOnly, is: rita },
    'an acting session whose admin has signed out': {
      make: () => changed(actingOnly(), () => sessions(ada).delete()),
      is: 'nobody',
    },
    'an acting session whose admin’s own session has expired': {
      make: () => changed(actingOnly(), () => sessions(ada).update({ expires_at: new Date(0) })),
      is: rita,
      butOurs: 'nobody',
    },
    'an acting session of a banned admin': {
      make: () =>
        changed(actingOnly(), () => untriggered(`update users set banned = true where email = '${ada}'`)),
      is: rita,
      butOurs: 'nobody',
    },
    'an acting session of a former admin': {
      make: () =>
        changed(actingOnly(), () => untriggered(`update users set role = 'support' where email = '${ada}'`)),
      is: rita,
      butOurs: 'nobody',
    },
    'an idle acting session': {
      make: () => changed(actingOnly(), () => sessions(rita).update({ last_seen_at: minutesAgo(31) })),
      is: rita,
      butOurs: 'nobody',
    },
    'an ended session': { make: () => changed(minted(rita), () => sessions(rita).delete()), is: 'nobody' },
    'an expired session': {
      make: () =>
        changed(minted(rita), () => sessions(rita).update({ expires_at: new Date(Date.now() - 1) })),
      is: 'nobody',
    },
    'a banned person': {
      make: () =>
        changed(minted(rita), () => app.db('users').where({ email: rita }).update({ banned: true })),
      is: 'nobody',
    },
    'a banned person whose session was left': {
      make: () =>
        changed(minted(rita), () => untriggered(`update users set banned = true where email = '${rita}'`)),
      is: rita,
      butOurs: 'nobody',
    },
    'a person with another role': {
      make: () =>
        changed(minted(ada), () => app.db('users').where({ email: ada }).update({ role: 'support' })),
      is: 'nobody',
    },
    'a person with another role whose session was left': {
      make: () =>
        changed(minted(ada), () => untriggered(`update users set role = 'support' where email = '${ada}'`)),
      is: ada,
    },
    'a person of a role that we do not know': {
      make: () =>
        changed(minted(rita), async () => {
          await app.database.owner.raw('alter table users drop constraint if exists users_role_check');
          await untriggered(`update users set role = 'owner' where email = '${rita}'`);
        }),
      is: rita,
      butOurs: 'nobody',
    },
    'a referrer who moved to another organisation': {
      make: () =>
        changed(minted(rita), () =>
          app
            .db('members')
            .whereIn('user_id', own(rita))
            .update({
              organization_id: app
                .db('organizations')
                .where({ name: 'Northside Claims' })
                .select('id') as never,
            }),
        ),
      is: rita,
    },
    'a referrer without organisation': {
      make: () => changed(minted(rita), () => app.db('members').whereIn('user_id', own(rita)).delete()),
      is: rita,
    },
    'a person who is gone': {
      make: () => changed(minted(rob), () => untriggered(`delete from users where email = '${rob}'`)),
      is: 'nobody',
    },
    'a referrer who was away for an hour': {
      make: () => changed(minted(rita), () => sessions(rita).update({ last_seen_at: minutesAgo(60) })),
      is: rita,
    },
    'an idle referrer': {
      make: () => changed(minted(rita), () => sessions(rita).update({ last_seen_at: minutesAgo(121) })),
      is: rita,
      butOurs: 'nobody',
    },
    'idle staff': {
      make: () => changed(minted(sam), () => sessions(sam).update({ last_seen_at: minutesAgo(31) })),
      is: sam,
      butOurs: 'nobody',
    },
    'a token that nobody has': { make: async () => signed('never-given-out'), is: 'nobody' },
    'a token without signature': {
      make: async () => (await minted(rita)).replace(/\.[^.]*$/, ''),
      is: 'nobody',
    },
    'a changed signature': {
      make: async () =>
        (await minted(rita)).replace(/%3D$/, '').replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')) + '%3D',
      is: 'nobody',
    },
    'a signature by another secret': {
      async make() {
        await minted(rita);
        const session = (await sessions(rita).first('token'))!;
        return signed(session.token, 'another secret, that was never ours 0123');
      },
      is: 'nobody',
    },
    'another person’s signature': {
      async make() {
        const [hers, his] = [await minted(rita), await minted(rob)];
        return hers.split('.').slice(0, 2).join('.') + '.' + his.split('.')[2];
      },
      is: 'nobody',
    },
    'the cookie of another prefix': {
      make: async () => `__Secure-${await minted(rita)}`,
      is: 'nobody',
    },
    'a cookie whose name ends as ours': { make: async () => `x${await minted(rita)}`, is: 'nobody' },
    'the cookie among others': { make: async () => `a=b;flag; ${await minted(rita)} ;c=%zz`, is: rita },
    'the cookie in quotes': {
      make: async () => (await minted(rita)).replace('=', '="') + '"',
      is: rita,
    },
    'the cookie not encoded': { make: async () => decodeURIComponent(await minted(rita)), is: rita },
    'two cookies of one name: the first counts': {
      make: async () => `${await minted(rita)}; ${await minted(rob)}`,
      is: rita,
    },
    'two cookies of one name, the first false': {
      make: async () => `examdesk.session_token=x.y; ${await minted(rob)}`,
      is: 'nobody',
    },
    'a cookie that cannot be decoded': { make: async () => 'examdesk.session_token=%zz.%', is: 'nobody' },
  };

  for (const [name, { make, is, butOurs }] of Object.entries(kinds)) {
    it(`is ${butOurs ?? is} for ${name}, ${butOurs ? 'stricter than' : 'as for'} better-auth`, async () => {
      const cookie = await make();
      // Ours last: it ends idle sessions.
      const first = await theirs(cookie);
      const askedAt = Date.now();
      const mine = await ours(cookie);
      expect(first.answer?.user.email ?? 'nobody').to.equal(is);
      expect(mine.viewer?.email ?? 'nobody').to.equal(butOurs ?? is);
      if (!mine.viewer || !first.answer) return;
      const { session, user } = first.answer;
      expect(askedAt + mine.leftMs).to.be.at.most(session.expiresAt.getTime() + 1_000);
      expect({
        sessionId: mine.viewer.sessionId,
        userId: mine.viewer.userId,
        name: mine.viewer.name,
        role: mine.viewer.role,
        admin: mine.viewer.actingAdmin?.id ?? null,
        cookies: mine.cookies,
      }).to.deep.equal({
        sessionId: session.id,
        userId: user.id,
        name: user.name,
        role: user.role,
        admin: session.impersonatedBy ?? null,
        cookies: first.cookies,
      });
    });
  }

  for (const kind of [
    'an ended session',
    'an expired session',
    'a person who is gone',
    'a token that nobody has',
  ]) {
    it(`clears the cookie of ${kind} as better-auth does`, async () => {
      const cookie = await kinds[kind]!.make();
      const mine = await ours(cookie);
      expect(mine.cookies).to.not.equal([]);
      expect(mine.cookies).to.deep.equal((await theirs(cookie)).cookies);
    });
  }

  const changes: Record<string, { who: () => Promise<string>; change: () => PromiseLike<unknown> }> = {
    'the end of the session': { who: () => minted(rita), change: () => sessions(rita).delete() },
    'a ban': {
      who: () => minted(rita),
      change: () => app.db('users').where({ email: rita }).update({ banned: true }),
    },
    'a demotion': {
      who: () => minted(ada),
      change: () => app.db('users').where({ email: ada }).update({ role: 'support' }),
    },
    'the end of acting': {
      who: actingOnly,
      change: () => app.db('sessions').whereNotNull('impersonated_by').delete(),
    },
    'the end of the admin’s own session': { who: actingOnly, change: () => sessions(ada).delete() },
  };
  for (const [name, { who, change }] of Object.entries(changes)) {
    it(`is nobody at the next request in every process after ${name}`, async () => {
      const cookie = await who();
      for (const system of [app.system, other])
        expect((await ours(cookie, system)).viewer, 'before').not.to.equal(null);
      await change();
      for (const system of [app.system, other]) expect((await ours(cookie, system)).viewer).to.equal(null);
    });
  }

  it('has the new organisation at the next request in every process after a move', async () => {
    const cookie = await minted(rita);
    for (const system of [app.system, other])
      expect((await ours(cookie, system)).viewer?.organization?.name).to.equal('Harbour Legal');
    await kinds['a referrer who moved to another organisation']!.make();
    for (const system of [app.system, other])
      expect((await ours(cookie, system)).viewer?.organization?.name).to.equal('Northside Claims');
  });

  it('is still read when a migration changes the type of a column', async () => {
    const cookie = await minted(rita);
    await ours(cookie);
    await app.database.owner.raw('alter table impersonations alter column started_at type timestamptz(3)');
    expect((await ours(cookie)).viewer?.organization?.name).to.equal('Harbour Legal');
  });

  it('writes last_seen_at once a minute', async () => {
    const cookie = await minted(rita);
    const seenAt = async () => (await sessions(rita).first('last_seen_at'))!.last_seen_at.getTime();
    const start = await seenAt();
    await ours(cookie);
    expect(await seenAt()).to.equal(start);
    await sessions(rita).update({ last_seen_at: new Date(start - 61_000) });
    await ours(cookie);
    const touched = await seenAt();
    expect(touched).to.be.above(start - 61_000);
    await ours(cookie);
    expect(await seenAt()).to.equal(touched);
  });

  it('is not read for static files, health, figures, webhooks and the relay', async () => {
    const { statements } = app.system.services;
    const rows = statements.rows.bind(statements);
    let read = 0;
    statements.rows = (statement, values) => {
      read += 1;
      return rows(statement, values);
    };
    const cookie = await minted(rita);
    const get = (path: string) => app.anonymous().get(path).set('Cookie', cookie);
    const post = (path: string) => app.anonymous().post(path).set('Cookie', cookie).send('{}');
    const files = ['/css/base.css', '/vendor/htmx.min.js'];
    for (const path of [...files, '/healthz', '/readyz', '/metrics']) {
      await get(path);
      expect(read, path).to.equal(0);
    }
    for (const path of ['/webhooks/acuity', '/automation/acuity']) {
      await post(path);
      expect(read, path).to.equal(0);
    }
    await get('/bookings').expect(200);
    expect(read).to.be.above(0);
  });
});

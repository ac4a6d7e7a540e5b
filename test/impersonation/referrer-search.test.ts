// Who is found by what an admin types, and who is found first among many who are called nearly so.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Database } from '../../src/db/knex.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { insertPeople } from '../support/own-people.ts';

describe('the search for a referrer', () => {
  let app: TestApp;
  let admin: Agent;

  before(async () => {
    app = await startTestApp();
    admin = await app.signIn('ada@examdesk.example');
    const harbour = (await app.db('organizations').where({ name: 'Harbour Legal' }).first('id'))!.id;
    await aReferrer(app.db, 'Zoë Müller-Lüdenscheid', 'zoe@harbour-legal.example', harbour);
    await aReferrer(app.db, 'Jonathan Smythe', 'j.smythe@harbour-legal.example', harbour);
    await aReferrer(app.db, 'Siobhán O’Brien', 'siobhan@harbour-legal.example', harbour);
  });
  after(() => app.close());

  const find = async (query: string): Promise<string[]> => {
    const { body } = await admin.get('/admin/referrers/search').query({ query }).expect(200);
    return (body.referrers as { name: string }[]).map(({ name }) => name);
  };

  for (const [query, name] of [
    ['rita', 'Rita Alvarez'],
    ['Alvarez Rita', 'Rita Alvarez'],
    ['alvarz', 'Rita Alvarez'],
    ['zoe muller', 'Zoë Müller-Lüdenscheid'],
    ['ludenscheid', 'Zoë Müller-Lüdenscheid'],
    ['jonathon smythe', 'Jonathan Smythe'],
    ['siobhan obrien', 'Siobhán O’Brien'],
    ['smythe harbour', 'Jonathan Smythe'],
    ['j.smythe@harbour', 'Jonathan Smythe'],
    ['j.smythe@harbour-legal.example', 'Jonathan Smythe'],
    ['smiythe', 'Jonathan Smythe'],
    ['smtyhe jonathan', 'Jonathan Smythe'],
    ['Jonathan Smyth Harbor', 'Jonathan Smythe'],
    ['jonathan from harbour', 'Jonathan Smythe'],
    ['Müller', 'Zoë Müller-Lüdenscheid'],
    ['MÜLLER ZOE', 'Zoë Müller-Lüdenscheid'],
    ['lüdensheid', 'Zoë Müller-Lüdenscheid'],
    ["O'Brien", 'Siobhán O’Brien'],
    ['harb siob', 'Siobhán O’Brien'],
    ['si', 'Siobhán O’Brien'],
  ] as const) {
    it(`finds ${name} by “${query}”, first`, async () => {
      expect((await find(query))[0]).to.equal(name);
    });
  }

  it('finds by organisation, and returns organisation and last activity', async () => {
    const { body } = await admin.get('/admin/referrers/search?query=northside').expect(200);
    expect(body.referrers).to.have.length(1);
    expect(body.referrers[0]).to.have.all.keys('id', 'name', 'email', 'organization', 'lastActiveAt');
    expect(body.referrers[0].organization.name).to.equal('Northside Claims');
  });

  it('never finds staff or the deactivated', async () => {
    expect(await find('examdesk')).to.deep.equal([]);
    const firm = await anOrganization(app.db, 'Tidewater Law');
    const id = await aReferrer(app.db, 'Gwendolyn Pryce', 'gwendolyn@tidewater.example', firm);
    expect(await find('gwendolyn')).to.deep.equal(['Gwendolyn Pryce']);
    await app.db('users').where({ id }).update({ banned: true });
    expect(await find('gwendolyn')).not.to.include('Gwendolyn Pryce');
  });

  it('finds a changed name at once', async () => {
    const firm = await anOrganization(app.db, 'Kittiwake Law');
    const id = await aReferrer(app.db, 'Ulrike Vogelsang', 'ulrike@kittiwake.example', firm);
    expect((await find('ulrike vogelsang'))[0]).to.equal('Ulrike Vogelsang');
    await app.db('users').where({ id }).update({ name: 'Ulrike Fischer' });
    expect((await find('fischer'))[0]).to.equal('Ulrike Fischer');
    expect((await find('fisher'))[0]).to.equal('Ulrike Fischer');
    expect(await find('ulrike vogelsang')).not.to.include('Ulrike Vogelsang');
  });

  it('follows a new name of the organisation, a new address, and a move to another', async () => {
    const firm = await anOrganization(app.db, 'Cormorant Law');
    const next = await anOrganization(app.db, 'Windward Claims');
    const id = await aReferrer(app.db, 'Fionnuala O’Hagan', 'fionnuala@cormorant.example', firm);
    await aReferrer(app.db, 'Bettina Marlowe', 'bettina@cormorant.example', firm);
    await app.db('organizations').where({ id: firm }).update({ name: 'Breakwater Partners' });
    expect(await find('breakwater fionnuala')).to.deep.equal(['Fionnuala O’Hagan']);
    const user = app.db('users').where({ id });
    await user.clone().update({ email: 'fionnuala@elsewhere.example' });
    expect(await find('fionnuala@elsewhere')).to.deep.equal(['Fionnuala O’Hagan']);
    await app.db('members').where({ user_id: id }).update({ organization_id: next });
    expect(await find('ohagan windward')).to.deep.equal(['Fionnuala O’Hagan']);
    expect(await find('ohagan breakwater')).not.to.include('Fionnuala O’Hagan');
    await user.clone().update({ banned: true });
    expect(await find('ohagan')).to.deep.equal([]);
    await user.clone().update({ banned: false });
    expect(await find('ohagan')).to.deep.equal(['Fionnuala O’Hagan']);
  });

  it('accepts any text as a query', async () => {
    for (const odd of [
      '!',
      "it's",
      ':*',
      "a'|'b",
      '& |',
      'rita:*',
      'é́',
      '%',
      '_',
      '\\',
      "'",
      '"',
      '🦄',
      '(',
      ' a  ',
      'x'.repeat(200),
    ])
      await find(odd);
    await admin.get('/admin/referrers/search?query=').expect(422);
    await admin.get('/admin/referrers/search').expect(422);
    await admin.get(`/admin/referrers/search?query=${'x'.repeat(201)}`).expect(422);
  });
});

describe('the search for a referrer among many', () => {
  let app: TestApp;
  let admin: Agent;

  before(async () => {
    app = await startTestApp();
    admin = await app.signIn('ada@examdesk.example');
    const smith = await anOrganization(app.db, 'Smith Legal');
    const other = await anOrganization(app.db, 'Breakwater Claims');
    // Those whom one does not mean come first, and are more than are ranked.
    for (let n = 0; n < 400; n += 1) {
      await aReferrer(app.db, 'Jameson Smithers', `js${n}@breakwater.example`, other);
      if (n % 2 === 0) await aReferrer(app.db, 'James Brown', `jb${n}@smith-legal.example`, smith);
    }
    await aReferrer(app.db, 'James Smith', 'james@breakwater.example', other);
    await aReferrer(app.db, 'Zoë Smith-Jameson', 'zoe@breakwater.example', other);
    for (let n = 0; n < 30; n += 1)
      await aReferrer(app.db, 'Ngaire Dang', `nd${n}@breakwater.example`, other);
    await aReferrer(app.db, 'David Ng', 'dng@breakwater.example', other);
    await aReferrer(app.db, 'Siobhán O’Brien', 'so@breakwater.example', other);
    await aReferrer(app.db, 'Łukasz Strauß', 'ls@breakwater.example', other);
    await aReferrer(app.db, 'Mina Kolb', 'mk@breakwater.example', other);
    await aReferrer(app.db, 'Nobody’s Own', 'nobody@nowhere.example', null);
    await app.database.owner.raw('analyze referrer_search');
  });
  after(() => app.close());

  const find = async (query: string): Promise<string[]> => {
    const { body } = await admin.get('/admin/referrers/search').query({ query }).expect(200);
    return (body.referrers as { name: string }[]).map(({ name }) => name);
  };

  for (const [query, name] of [
    ['james smith', 'James Smith'],
    ['Smith, James', 'James Smith'],
    ['james smit', 'James Smith'],
    ['james smith breakwater', 'James Smith'],
    ['zoe smith jameson', 'Zoë Smith-Jameson'],
    ['jameson zoe', 'Zoë Smith-Jameson'],
    ['jameson smithers', 'Jameson Smithers'],
    ['james smth breakwater', 'James Smith'],
    ['zoe smithe jameson', 'Zoë Smith-Jameson'],
    ['jamess smith', 'James Smith'],
    ['jmaes smiht', 'James Smith'],
    ['siobhan obrein', 'Siobhán O’Brien'],
    ['oze smith-jameson', 'Zoë Smith-Jameson'],
    ['zo smith-jameson', 'Zoë Smith-Jameson'],
    ['mnia kolb', 'Mina Kolb'],
    ['mima', 'Mina Kolb'],
    ['mna', 'Mina Kolb'],
    ['milna', 'Mina Kolb'],
    ['klob', 'Mina Kolb'],
    ['ng', 'David Ng'],
    ['Mr Ng', 'David Ng'],
    ['D Ng', 'David Ng'],
    ['Ng, David', 'David Ng'],
    ['ng breakwater', 'David Ng'],
    ['obrien', 'Siobhán O’Brien'],
    ['O´Brien siobhan', 'Siobhán O’Brien'],
    ['o brien', 'Siobhán O’Brien'],
    ['strauss lukasz', 'Łukasz Strauß'],
    ['smithjameson', 'Zoë Smith-Jameson'],
  ] as const) {
    it(`finds ${name} by “${query}”, first`, async () => {
      expect((await find(query))[0]).to.equal(name);
    });
  }

  it('returns twenty at most, without duplicates', async () => {
    const { body } = await admin.get('/admin/referrers/search?query=james').expect(200);
    const ids = (body.referrers as { id: string }[]).map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length).and.to.equal(20);
  });

  it('does not find referrers without an organisation', async () => {
    expect(await find('nobodys own')).to.deep.equal([]);
    expect(await find('nobody@nowhere')).to.deep.equal([]);
    const user = app.db('users').where({ email: 'zoe@breakwater.example' }).select('id');
    const left = await app.db('members').whereIn('user_id', user).delete().returning('*');
    expect(await find('zoe smith jameson')).not.to.include('Zoë Smith-Jameson');
    await app.db('members').insert(left);
    expect((await find('zoe smith jameson'))[0]).to.equal('Zoë Smith-Jameson');
  });
});

describe('the last ten that an admin acted as', () => {
  let app: TestApp;
  const ids: Record<string, string> = {};

  before(async () => {
    app = await startTestApp();
    await app.db('users').where({ email: 'sam@examdesk.example' }).update({ role: 'admin' });
    const { id: organizationId } = (await app.db('organizations').first('id')) as { id: string };
    for (let n = 1; n <= 12; n += 1) {
      const [user] = await app
        .db('users')
        .insert({ name: `Person ${n}`, email: `p${n}@x.example`, email_verified: true, role: 'referrer' })
        .returning('id');
      const member = { user_id: user!.id, organization_id: organizationId, role: 'member' as const };
      await app.db('members').insert({ ...member, created_at: new Date() });
    }
    for (const { id, name, email } of await app.db('users').select('id', 'name', 'email'))
      ids[name] = ids[email] = id;
    for (let n = 1; n <= 12; n += 1) await acted('ada@examdesk.example', `Person ${n}`, 100 - n);
    await acted('ada@examdesk.example', 'Person 3', 5);
    await acted('sam@examdesk.example', 'Rita Alvarez', 1);
  });
  after(() => app.close());

  const acted = (admin: string, name: string, minutesAgo: number) => {
    const at = new Date(Date.now() - minutesAgo * 60_000);
    return app.db('impersonations').insert({
      id: randomUUID(),
      session_id: randomUUID(),
      admin_id: ids[admin],
      user_id: ids[name],
      reason: 'On the phone',
      started_at: at,
      ended_at: at,
      end_reason: 'exit',
    });
  };
  const recentlyActedAs = async (email: string): Promise<string[]> => {
    const agent = await app.signIn(email);
    const { text } = await agent.get('/admin/act-as').set('Accept', 'text/html').expect(200);
    return [...text.matchAll(/<strong>([^<]+)<\/strong>/g)].map(([, name]) => name ?? '');
  };

  it('are listed once, by the last time, without those of other admins', async () => {
    expect(await recentlyActedAs('ada@examdesk.example')).to.deep.equal(
      [3, 12, 11, 10, 9, 8, 7, 6, 5, 4].map((n) => `Person ${n}`),
    );
    expect(await recentlyActedAs('sam@examdesk.example')).to.deep.equal(['Rita Alvarez']);
  });

  it('are left out when they can no longer be acted as', async () => {
    await app.db('users').where({ name: 'Person 12' }).update({ banned: true });
    const left = await app.db('members').where({ user_id: ids['Person 11'] }).delete().returning('*');
    try {
      expect(await recentlyActedAs('ada@examdesk.example')).to.deep.equal(
        [3, 10, 9, 8, 7, 6, 5, 4, 2, 1].map((n) => `Person ${n}`),
      );
    } finally {
      await app.db('users').where({ name: 'Person 12' }).update({ banned: false });
      await app.db('members').insert(left);
    }
  });
});

async function anOrganization(db: Database, name: string): Promise<string> {
  const row = { name, slug: name.toLowerCase().replace(' ', '-'), created_at: new Date() };
  const [made] = (await db('organizations').insert(row).returning('id')) as { id: string }[];
  return made?.id ?? '';
}

async function aReferrer(
  db: Database,
  name: string,
  email: string,
  organizationId: string | null,
): Promise<string> {
  const id = randomUUID();
  await insertPeople(db, [{ id, name, email, organizationId }]);
  return id;
}

// Who is found first, among many who are called nearly so.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';

describe('the search for a referrer among many', () => {
  let app: TestApp;
  let admin: Agent;

  before(async () => {
    app = await startTestApp();
    admin = await app.signIn('ada@examdesk.example');
    const smith = await anOrganization('Smith Legal');
    const other = await anOrganization('Breakwater Claims');
    // Those whom one does not mean come first, and are more than are ranked.
    for (let n = 0; n < 400; n += 1) {
      await aReferrer('Jameson Smithers', `js${n}@breakwater.example`, other);
      if (n % 2 === 0) await aReferrer('James Brown', `jb${n}@smith-legal.example`, smith);
    }
    await aReferrer('James Smith', 'james@breakwater.example', other);
    await aReferrer('Zoë Smith-Jameson', 'zoe@breakwater.example', other);
    for (let n = 0; n < 30; n += 1) await aReferrer('Ngaire Dang', `nd${n}@breakwater.example`, other);
    await aReferrer('David Ng', 'dng@breakwater.example', other);
    await aReferrer('Siobhán O’Brien', 'so@breakwater.example', other);
    await aReferrer('Łukasz Strauß', 'ls@breakwater.example', other);
    await aReferrer('Mina Kolb', 'mk@breakwater.example', other);
    await aReferrer('Nobody’s Own', 'nobody@nowhere.example', null);
    await app.database.owner.raw('analyze referrer_search');
  });
  after(() => app.close());

  const anOrganization = async (name: string): Promise<string> => {
    const row = { name, slug: name.toLowerCase().replace(' ', '-'), created_at: new Date() };
    const [made] = (await app.db('organizations').insert(row).returning('id')) as { id: string }[];
    return made?.id ?? '';
  };
  const aReferrer = async (name: string, email: string, organizationId: string | null) => {
    const [user] = (await app
      .db('users')
      .insert({ name, email, email_verified: true, role: 'referrer' })
      .returning('id')) as { id: string }[];
    if (organizationId === null) return;
    await app.db('members').insert({
      user_id: user?.id,
      organization_id: organizationId,
      role: 'member',
      created_at: new Date(),
    });
  };
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
    for (let n = 1; n <= 12; n += 1) await acted('ada@examdesk.example', `Person ${n}`, 100 - n);
    await acted('ada@examdesk.example', 'Person 3', 5);
    await acted('sam@examdesk.example', 'Rita Alvarez', 1);
    expect(await recentlyActedAs('ada@examdesk.example')).to.deep.equal(
      [3, 12, 11, 10, 9, 8, 7, 6, 5, 4].map((n) => `Person ${n}`),
    );
    expect(await recentlyActedAs('sam@examdesk.example')).to.deep.equal(['Rita Alvarez']);
  });

  it('are left out when they can no longer be acted as', async () => {
    await app.db('users').where({ name: 'Person 12' }).update({ banned: true });
    await app.db('members').where({ user_id: ids['Person 11'] }).delete();
    expect(await recentlyActedAs('ada@examdesk.example')).to.deep.equal(
      [3, 10, 9, 8, 7, 6, 5, 4, 2, 1].map((n) => `Person ${n}`),
    );
  });
});

import { verifyPassword } from 'better-auth/crypto';
import { expect } from 'chai';
import { demoAccounts, demoPassword, seedDemo } from '../../seeds/demo.ts';
import { type TestDatabase, openTestDatabase } from '../support/database.ts';

describe('the demo seeds', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await openTestDatabase();
  });
  afterEach(() => database.close());

  it('fill an empty database with accounts that can sign in', async () => {
    expect(await seedDemo(database.db)).to.equal(true);
    const rows = (await database
      .db('users')
      .join('accounts', 'accounts.user_id', 'users.id')
      .leftJoin('members', 'members.user_id', 'users.id')
      .leftJoin('organizations', 'organizations.id', 'members.organization_id')
      .where('accounts.provider_id', 'credential')
      .select(
        'users.id',
        'account_id',
        'email',
        'users.role',
        'organizations.name as organization',
        'password',
      )
      .orderBy('email')) as {
      id: string;
      account_id: string;
      email: string;
      role: string;
      password: string;
    }[];
    expect(rows).to.have.length(demoAccounts.length);
    for (const { id, account_id, password } of rows) {
      expect(account_id).to.equal(id);
      expect(await verifyPassword({ hash: password, password: demoPassword })).to.equal(true);
    }
    const rita = rows.find(({ email }) => email === 'rita@harbour-legal.example');
    expect(rita).to.include({ role: 'referrer', organization: 'Harbour Legal' });
  });

  it('give at least six specialists in three time zones a service that fits their place', async () => {
    await seedDemo(database.db);
    const offered = (await database
      .db('specialists')
      .join('specialist_services', 'specialist_id', 'specialists.id')
      .select('specialists.id', 'timezone', 'location', 'type')) as Record<
      'id' | 'timezone' | 'location' | 'type',
      string
    >[];
    expect(new Set(offered.map(({ id }) => id)).size).to.be.at.least(6);
    expect(new Set(offered.map(({ timezone }) => timezone)).size).to.be.at.least(3);
    for (const { type, location } of offered) if (type === 'in_person') expect(location).to.be.a('string');
  });

  it('leave a database alone when it holds an account', async () => {
    expect(await seedDemo(database.db)).to.equal(true);
    expect(await seedDemo(database.db)).to.equal(false);
    expect(await database.db('users').count()).to.deep.equal([{ count: demoAccounts.length }]);
  });

  it('fill the database once when two starts run at the same time', async () => {
    const done = await Promise.all([seedDemo(database.db), seedDemo(database.db)]);
    expect(done).to.have.members([false, true]);
  });

  it('are refused in production', async () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      const refusal: unknown = await seedDemo(database.db).catch((error: unknown) => error);
      expect(refusal).to.be.an('error').with.property('message').that.contains('production');
      expect(await database.db('users').select('id')).to.deep.equal([]);
    } finally {
      process.env.NODE_ENV = before;
    }
  });
});

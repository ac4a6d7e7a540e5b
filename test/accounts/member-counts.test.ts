import { expect } from 'chai';
import { countActiveMembers } from '../../src/accounts/index.ts';
import type { Queryable } from '../../src/db/knex.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { untilBlocked } from '../support/locks.ts';

describe('the kept number of active members', () => {
  let database: TestDatabase;
  let firms: Record<'harbour' | 'northside', string>;
  beforeEach(async () => {
    database = await openTestDatabase();
    const rows = await database
      .db('organizations')
      .insert(['harbour', 'northside'].map((slug) => ({ name: slug, slug, created_at: new Date() })))
      .returning('id');
    firms = { harbour: rows[0]?.id ?? '', northside: rows[1]?.id ?? '' };
  });
  afterEach(() => database.close());

  let numbered = 0;
  const person = async (db: Queryable, banned = false): Promise<string> => {
    numbered += 1;
    const email = `p${numbered}@example.org`;
    const [made] = await db('users')
      .insert({ name: 'Pat', email, email_verified: true, role: 'referrer', banned })
      .returning('id');
    return made?.id ?? '';
  };
  const join = (db: Queryable, id: string, organization: string) =>
    db('members').insert({
      user_id: id,
      organization_id: organization,
      role: 'member',
      created_at: new Date(),
    });
  const counts = async () => {
    const { rows } = await database.db.raw<{ rows: { kept: number; counted: number }[] }>(
      `select ${countActiveMembers('o.id')} as kept, (
         select count(*)::int from members m join users u on u.id = m.user_id
         where m.organization_id = o.id and not u.banned) as counted
       from organizations o order by o.slug`,
    );
    expect(rows.map(({ kept }) => kept)).to.deep.equal(rows.map(({ counted }) => counted));
    return rows.map(({ kept }) => kept);
  };

  it('follows people who join, move, are deactivated, return, leave and are deleted', async () => {
    const { db } = database;
    expect(await counts()).to.deep.equal([0, 0]);
    const [ann, bob, cas] = [await person(db), await person(db), await person(db, true)];
    for (const id of [ann, bob, cas]) await join(db, id, firms.harbour);
    expect(await counts()).to.deep.equal([2, 0]);
    await db('members').where({ user_id: ann }).update({ organization_id: firms.northside });
    expect(await counts()).to.deep.equal([1, 1]);
    await db('users').whereIn('id', [ann, bob]).update({ banned: true });
    expect(await counts()).to.deep.equal([0, 0]);
    await db('users').update({ banned: false });
    expect(await counts()).to.deep.equal([2, 1]);
    await db('members').where({ user_id: cas }).delete();
    expect(await counts()).to.deep.equal([1, 1]);
    await database.owner('users').where({ id: bob }).delete();
    expect(await counts()).to.deep.equal([0, 1]);
    await database.owner('organizations').where({ id: firms.northside }).delete();
    expect(await counts()).to.deep.equal([0]);
  });

  it('is right when people join at the same moment', async () => {
    const { db } = database;
    const people = [await person(db), await person(db)];
    const [one, other] = [await db.transaction(), await db.transaction()];
    await join(one, people[0] ?? '', firms.harbour);
    const second = join(other, people[1] ?? '', firms.harbour).then(() => other.commit());
    await untilBlocked(db, second);
    await one.commit();
    await second;
    expect(await counts()).to.deep.equal([2, 0]);
  });

  for (const first of ['joins', 'is deactivated'])
    it(`is right when somebody joins and is deactivated at the same moment, and ${first} first`, async () => {
      const { db } = database;
      const id = await person(db);
      const works = [
        (trx: Queryable) => join(trx, id, firms.harbour),
        (trx: Queryable) => trx('users').where({ id }).update({ banned: true }),
      ];
      if (first === 'is deactivated') works.reverse();
      const [one, other] = [await db.transaction(), await db.transaction()];
      await works[0]?.(one);
      const second = Promise.resolve(works[1]?.(other)).then(() => other.commit());
      await untilBlocked(db, second);
      await one.commit();
      await second;
      expect(await counts()).to.deep.equal([0, 0]);
    });
});

import { expect } from 'chai';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { startTestApp } from '../support/app.ts';

describe('an app on a ground', () => {
  let ground: AppGround;
  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());

  const backends = async (db: AppGround['database']['db']): Promise<number[]> => {
    const { rows } = await db.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
    return rows.map(({ pid }) => pid);
  };

  it('finds the rows of the seed on the connections of the app before it', async () => {
    const first = await startTestApp({ ground });
    await first.db('specialists').update({ name: 'Dr Another' });
    const connection = await backends(first.db);
    await first.close();
    const second = await startTestApp({ ground });
    expect(await second.db('specialists').pluck('name')).not.to.include('Dr Another');
    expect(await backends(second.db)).to.deep.equal(connection);
    await (await second.signIn('rita@harbour-legal.example')).get('/bookings').expect(200);
    await second.close();
  });

  it('reaches the database no more once it is closed', async () => {
    const first = await startTestApp({ ground });
    const { db, pool } = first.system.services;
    await first.close();
    const second = await startTestApp({ ground });
    for (const late of [() => db('users').delete(), () => db.transaction((trx) => trx('users').delete())])
      expect(String(await late().catch((error: unknown) => error))).to.include(
        'Unable to acquire a connection',
      );
    const late: unknown = await pool.query('delete from users').catch((error: unknown) => error);
    expect(String(late)).to.include('Cannot use a pool after calling end');
    await second.close();
  });

  it('closes only when its last query is answered, and until then no other app starts', async () => {
    const first = await startTestApp({ ground });
    const { db, pool } = first.system.services;
    const holder = await ground.database.owner.transaction();
    await holder.raw('lock table users in access exclusive mode');
    const answers: string[] = [];
    const running = [
      db('users')
        .pluck('email')
        .then(() => answers.push('db')),
      pool.query('select email from users').then(() => answers.push('pool')),
    ];
    const closed = first.close().then(() => answers.push('closed'));
    const refused: unknown = await startTestApp({ ground }).catch((error: unknown) => error);
    expect(String(refused)).to.include('Another app still has the connections');
    expect(answers).to.deep.equal([]);
    await holder.commit();
    await Promise.all([...running, closed]);
    expect(answers.at(-1)).to.equal('closed');
  });

  it('has the connections of the ground, and no settings of its own for them', async () => {
    const refused: unknown = await startTestApp({ ground, env: { DATABASE_POOL_MAX: '2' } }).catch(String);
    expect(refused).to.include('has the connections of the ground');
  });
});

import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';

describe('the version of what web processes keep in memory', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.close());

  const version = async () => Number((await app.db('kept_version').first('version'))?.version);
  const touchAll = () => app.db('specialists').update({ position: app.db.raw('position + 1') });

  it('rises once in a transaction, however many rows it changes, and again in the next', async () => {
    const before = await version();
    expect(await touchAll()).to.be.above(1);
    expect(await version()).to.equal(before + 1);
    await touchAll();
    expect(await version()).to.equal(before + 2);
  });

  it('rises for each of two transactions when the second waits for the first', async () => {
    const before = await version();
    await Promise.all(
      (await app.db('specialists').limit(2).pluck('id')).map((id) =>
        app.db.transaction(async (trx) => {
          await trx('specialists').where({ id }).update({ position: 7 });
          await trx.raw('set constraints all immediate');
          await trx.raw('select pg_sleep(0.2)');
        }),
      ),
    );
    expect(await version()).to.equal(before + 2);
  });
});

import { expect } from 'chai';
import type { Transaction } from '../../src/db/knex.ts';
import { sendTogether, type Call } from '../../src/db/statements.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

const call = (text: string, ...values: unknown[]): Call => ({ name: text, text, values });
const adding = (kind: string) => call('insert into email_kinds (kind) values ($1)', kind);

describe('sendTogether', () => {
  let database: TestDatabase;

  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.close());

  const added = () => database.owner('email_kinds').where('kind', 'like', 'one of %').pluck('kind');
  const errorOf = (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: Error) => error.message,
    );

  for (const place of ['a transaction of its own', 'the open transaction']) {
    it(`keeps nothing, and throws the first error, when a statement in the middle fails in ${place}`, async () => {
      const db = database.owner;
      const calls = [adding('one of three'), call('select 1 / 0'), adding('one of two')] as const;
      const work =
        place === 'the open transaction'
          ? db.transaction((trx) => sendTogether(trx, ...calls))
          : sendTogether(db, ...calls);
      expect(await errorOf(work)).to.match(/division by zero/);
      expect(await added()).to.deep.equal([]);
      // The connection can be used again, also for the statements that failed.
      await sendTogether(db, adding('one of three'));
      expect(await added()).to.deep.equal(['one of three']);
      await db('email_kinds').where('kind', 'like', 'one of %').delete();
    });
  }

  it('refuses a transaction that has ended, whose connection serves others', async () => {
    let ended: Transaction | null = null;
    await database.owner.transaction(async (trx) => {
      ended = trx;
      await trx.raw('select 1');
    });
    expect(await errorOf(sendTogether(ended as unknown as Transaction, adding('one of late')))).to.match(
      /transaction that has ended/,
    );
    expect(await added()).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import type pg from 'pg';
import { openPool, type Transaction } from '../../src/db/knex.ts';
import {
  createStatements,
  endWith,
  sendInTurn,
  sendTogether,
  transact,
  type Query,
} from '../../src/db/statements.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

interface Connection {
  connection: NodeJS.EventEmitter;
}
interface KnexClient {
  acquireConnection(): Promise<unknown>;
  releaseConnection(connection: unknown): Promise<void>;
}
const query = (text: string, ...values: unknown[]): Query => ({ name: text, text, values });
const adding = (kind: string) => query('insert into email_kinds (kind) values ($1)', kind);

describe('statements', () => {
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
    it(`sendTogether keeps nothing, and throws the first error, when a statement in the middle fails in ${place}`, async () => {
      const db = database.owner;
      const queries = [adding('one of three'), query('select 1 / 0'), adding('one of two')] as const;
      const work =
        place === 'the open transaction'
          ? db.transaction((trx) => sendTogether(trx, ...queries))
          : sendTogether(db, ...queries);
      expect(await errorOf(work)).to.match(/division by zero/);
      expect(await added()).to.deep.equal([]);
      // The connection can be used again, also for the statements that failed.
      await sendTogether(db, adding('one of three'));
      expect(await added()).to.deep.equal(['one of three']);
      await db('email_kinds').where('kind', 'like', 'one of %').delete();
    });
  }

  it('keeps nothing when pg refuses one of several statements without sending it', async () => {
    const db = database.owner;
    const unwritable = { toPostgres: () => expect.fail('has no text') };
    await sendTogether(db, { name: 'taken', text: 'select 1', values: [] });
    const refusals: [Query, RegExp][] = [
      [query('select $1::text', unwritable), /has no text/],
      [{ name: 'taken', text: 'select 2', values: [] }, /must be unique/],
    ];
    for (const [refused, error] of refusals) {
      const queries = [adding('one of first'), refused, adding('one of last')];
      expect(await errorOf(sendTogether(db, ...queries))).to.match(error);
      expect(await errorOf(db.transaction((trx) => sendTogether(trx, ...queries)))).to.match(error);
      expect(await errorOf(transact(db, [], async () => endWith(queries, () => 'kept')))).to.match(error);
      expect(await errorOf(transact(db, [refused], async () => endWith(queries, () => 'kept')))).to.match(
        error,
      );
      expect(await added()).to.deep.equal([]);
    }
    const [[row]] = await sendTogether(
      db,
      query('select $1::text as word', 'sent') as Query<{ word: string }>,
    );
    expect(row?.word).to.equal('sent');
  });

  it('sendTogether refuses a transaction that has ended, whose connection serves others', async () => {
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

  it('answers all statements of a batch at once', async () => {
    const db = database.owner;
    const counting = Array.from({ length: 5 }, (_, n) => query(`select ${n} as n`) as Query<{ n: number }>);
    await sendTogether(db, ...counting);
    const connection = (await (db.client as KnexClient).acquireConnection()) as Connection;
    await (db.client as KnexClient).releaseConnection(connection);
    let ready = 0;
    const count = () => (ready += 1);
    connection.connection.on('readyForQuery', count);
    const answers = await sendTogether(db, ...counting);
    connection.connection.off('readyForQuery', count);
    expect(answers.map(([row]) => row?.n)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(ready).to.equal(1);
  });

  describe('sendInTurn', () => {
    const db = () => database.owner;
    const text = `select count(*) as n from email_kinds where kind like 'one of %'`;
    const counting: Query<{ n: number }> = { name: 'count kinds', text, values: [] };
    afterEach(() => db()('email_kinds').where('kind', 'like', 'one of %').delete());

    it('carries out the second transaction after the first has committed', async () => {
      const [, second] = await sendInTurn(db(), [adding('one of first')], [counting]);
      expect(second).to.deep.equal({ status: 'fulfilled', value: [[{ n: 1 }]] });
    });

    it('keeps the first transaction when the second fails', async () => {
      const [, second] = await sendInTurn(
        db(),
        [adding('one of first')],
        [adding('one of second'), query('select 1 / 0')],
      );
      expect(second).to.have.property('status', 'rejected');
      expect(await added()).to.deep.equal(['one of first']);
    });

    it('throws the error of the first transaction, and carries out the second', async () => {
      const work = sendInTurn(
        db(),
        [adding('one of first'), query('select 1 / 0')],
        [adding('one of second')],
      );
      expect(await errorOf(work)).to.match(/division by zero/);
      expect(await added()).to.deep.equal(['one of second']);
    });
  });

  describe('transact', () => {
    const db = () => database.owner;
    const locking = query('select pg_advisory_xact_lock(14)');
    const tryLock = query('select pg_try_advisory_xact_lock(14) as is_free') as Query<{ is_free: boolean }>;
    const isLockFree = async () => (await sendTogether(db(), tryLock))[0][0]?.is_free;
    afterEach(() => db()('email_kinds').where('kind', 'like', 'one of %').delete());

    it('keeps what its first, middle and last statements did, and returns what the last answered', async () => {
      const text = `select count(*) as n from email_kinds where kind like 'one of %'`;
      const counting: Query<{ n: number }> = { name: 'count kinds', text, values: [] };
      const counted = await transact(db(), [locking], async (trx) => {
        expect(await isLockFree()).to.equal(false);
        await sendTogether(trx, adding('one of first'));
        return endWith([adding('one of last'), counting], ([, [row]]) => row?.n);
      });
      expect(counted).to.equal(2);
      expect(await added()).to.have.members(['one of first', 'one of last']);
      expect(await isLockFree()).to.equal(true);
    });

    it('does not begin its work when one of its first statements fails', async () => {
      const work = transact(db(), [locking, query('select 1 / 0')], () => {
        throw new Error('begun');
      });
      expect(await errorOf(work)).to.match(/division by zero/);
      expect(await isLockFree()).to.equal(true);
    });

    it('keeps nothing when its work or one of its last statements fails', async () => {
      for (const last of [[query('select 1 / 0'), adding('one of last')], [], [query('select 1 / 0')]]) {
        const work = transact(db(), [locking], async (trx) => {
          await sendTogether(trx, adding('one of first'));
          if (last.length === 0) throw new Error('division by zero');
          return endWith(last, () => 'kept');
        });
        expect(await errorOf(work)).to.match(/division by zero/);
        expect(await added()).to.deep.equal([]);
        expect(await isLockFree()).to.equal(true);
      }
    });
  });
});

describe('createStatements', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  /** Descriptions of columns that PostgreSQL sent. */
  let described = 0;

  before(async () => {
    database = await openTestDatabase();
    pool = openPool(database.ownerUrl, 1, 0);
    pool.on('connect', (client) => {
      const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
      connection.on('rowDescription', () => (described += 1));
    });
    await pool.query('create table counted (n integer, day date)');
    await pool.query(`insert into counted select n, date '2026-12-01' + n from generate_series(1, 3) n`);
  });
  after(async () => {
    await pool.end();
    await database.close();
  });

  const statement = { name: 'some', text: 'select n, day from counted where n > $1 order by n' };

  it('reads rows of a statement whose columns are described once a connection', async () => {
    const statements = createStatements(pool);
    described = 0;
    const last = [{ n: 3, day: '2026-12-04' }];
    expect(await statements.rows(statement, [1])).to.deep.equal([{ n: 2, day: '2026-12-03' }, ...last]);
    expect(await statements.rows(statement, [2])).to.deep.equal(last);
    expect(await statements.rows(statement, [3])).to.deep.equal([]);
    expect(await statements.rows(statement, [2])).to.deep.equal(last);
    expect(described).to.equal(1);
  });

  it('reads the columns as they are now when a migration has changed them', async () => {
    const statements = createStatements(pool);
    const again = { name: 'all', text: 'select * from counted order by n limit 1' };
    expect(await statements.rows(again, [])).to.deep.equal([{ n: 1, day: '2026-12-02' }]);
    await pool.query('alter table counted alter n type text using n::text');
    expect(await statements.rows(again, [])).to.deep.equal([{ n: '1', day: '2026-12-02' }]);
  });

  for (const kind of ['rows', 'shortRows'] as const)
    it(`reads rows after an error of the same statement (${kind})`, async () => {
      const statements = createStatements(pool);
      const parted = { name: 'parted', text: 'select 6 / $1::integer as part' };
      const asked = [6, 0, 2].map((by) => statements[kind]<{ part: number }>(parted, [by]));
      const answers = await Promise.allSettled(asked);
      expect(
        answers.map((one) =>
          one.status === 'fulfilled' ? one.value[0]?.part : (one.reason as Error).message,
        ),
      ).to.deep.equal([1, 'division by zero', 3]);
    });
});

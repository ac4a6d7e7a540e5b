// What fails inside a batch, on one connection: which statements are kept, what is reported, and that the connection
// can be used again, also under the same names.
import { expect } from 'chai';
import { type Database, openDatabase } from '../../src/db/knex.ts';
import { endWith, sendInTurn, sendTogether, transact, type Query } from '../../src/db/statements.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { untilBlocked } from '../support/locks.ts';
import { adding, one, query } from '../support/tried-queries.ts';

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => ({ code: 'none', message: 'no error' }),
    (error: Error & { code?: string }) => ({ code: error.code, message: error.message }),
  );

describe('a batch in which a statement fails', () => {
  let database: TestDatabase;
  let db: Database;

  before(async () => {
    database = await openTestDatabase();
    db = openDatabase(database.ownerUrl, 1);
    await db.raw('create table tried (n integer primary key)');
    await db.raw('create table late (n integer unique deferrable initially deferred)');
    await db.raw('create table held (n integer primary key)');
    await db.raw('insert into held values (1), (2)');
  });
  after(async () => {
    await db.destroy();
    await database.close();
  });
  afterEach(() => db('tried').delete());

  const tried = () => db('tried').orderBy('n').pluck('n');
  /** The only connection: not in a transaction, and each name works. */
  async function expectClean(...queries: Query[]): Promise<void> {
    const status = query<{ is_idle: boolean }>(
      'idle?',
      'select pg_current_xact_id_if_assigned() is null as is_idle',
    );
    const [[row]] = await sendTogether(db, status);
    expect(row).to.deep.equal({ is_idle: true });
    for (const again of queries) await sendTogether(db, again);
  }

  const pid = async () =>
    (await db.raw<{ rows: [{ pid: number }] }>('select pg_backend_pid() pid')).rows[0].pid;

  const failing: Record<string, [Query, string]> = {
    'violates a constraint': [query('again', 'insert into tried (n) values (7), ($1)', 7), '23505'],
    'does not parse': [query('unparsed', 'selec 1'), '42601'],
    'names no table': [query('no table', 'select * from nowhere'), '42P01'],
    'gets text with NUL': [query('nul', 'select $1::text', 'a\u0000b'), '22021'],
    'gets a value of another type': [query('typed', 'select $1::integer', 'one'), '22P02'],
    'gets too few values': [query('few', 'select $1::integer, $2::integer', 1), '08P01'],
    'gets too many values': [query('many', 'select $1::integer', 1, 2), '08P01'],
    'takes too long': [
      query('slow', "select pg_sleep(10) from set_config('statement_timeout', '50', false)"),
      '57014',
    ],
  };
  // Applies from the next statement on, and is set back below.
  const limit = query('limit', "select set_config('statement_timeout', '50', false)");

  for (const [what, [bad, code]] of Object.entries(failing)) {
    it(`keeps nothing and leaves a clean connection when one ${what}`, async () => {
      const before = what === 'takes too long' ? [limit] : [];
      const later = query(`later than ${bad.name}`, 'select 2 as n');
      const queries = [...before, adding(1), bad, adding(2), later];
      const connected = await pid();
      for (const send of [
        () => sendTogether(db, ...queries),
        () => db.transaction((trx) => sendTogether(trx, ...queries)),
        () => transact(db, [], async () => endWith(queries, () => 'kept')),
        () => transact(db, queries, async () => endWith([], () => 'kept')),
        () => sendInTurn(db, queries, [one()]),
      ]) {
        expect(await errorOf(send())).to.include({ code });
        await db.raw('set statement_timeout to 0');
        expect(await tried()).to.deep.equal([]);
        await expectClean(later, one());
      }
      expect(await pid()).to.equal(connected);
    });
  }

  it('reports a constraint that is checked at the end, and keeps nothing', async () => {
    const late = () => query('late', 'insert into late (n) values ($1)', 1);
    for (const send of [
      () => sendTogether(db, adding(1), late(), late(), adding(2)),
      () => transact(db, [], async () => endWith([adding(1), late(), late()], () => 'kept')),
    ]) {
      expect(await errorOf(send())).to.include({ code: '23505' });
      expect(await tried()).to.deep.equal([]);
      await expectClean(one());
    }
  });

  it('reports a deadlock, a lock that is not free, a serialization failure and a cancelled statement', async () => {
    const other = openDatabase(database.ownerUrl, 2);
    const lock = (n: number) => query(`lock ${n}`, `select from held where n = ${n} for update`);
    try {
      const trx = await other.transaction();
      await trx.raw('select from held where n = 2 for update');
      const limited = query('lock limit', "select set_config('lock_timeout', '20', true)");
      expect(await errorOf(sendTogether(db, adding(1), limited, lock(2), adding(2)))).to.include({
        code: '55P03',
      });
      await trx.raw("set deadlock_timeout to '1min'");
      const theirs = async () => {
        const asked = trx.raw('select from held where n = 1 for update').then(() => undefined);
        await untilBlocked(other);
        return { asked };
      };
      const fast = query('fast', "select set_config('deadlock_timeout', '20', true)");
      const granted: { asked: Promise<void> }[] = [];
      const cycle = transact(db, [fast, lock(1)], async () => {
        granted.push(await theirs());
        return endWith([adding(1), lock(2), adding(2)], () => 'kept');
      });
      expect(await errorOf(cycle)).to.include({ code: '40P01' });
      await granted[0]?.asked;

      const cancelled = errorOf(sendTogether(db, adding(1), lock(2), adding(2)));
      await untilBlocked(other);
      await other.raw(
        "select pg_cancel_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      );
      expect(await cancelled).to.include({ code: '57014' });
      await trx.rollback();

      const serial = query('serial', 'set transaction isolation level repeatable read');
      const update = () => query('update held', 'update held set n = n where n = 1');
      const lost = transact(db, [serial, query('snapshot', 'select from held')], async () => {
        await other.raw('update held set n = n where n = 1');
        return endWith([adding(1), update(), adding(2)], () => 'kept');
      });
      expect(await errorOf(lost)).to.include({ code: '40001' });
      expect(await tried()).to.deep.equal([]);
      await expectClean(lock(1), lock(2), update());
    } finally {
      await other.destroy();
    }
  });

  it('does not say that a transaction was kept when PostgreSQL ended it by a rollback', async () => {
    const work = transact(db, [], async (trx) => {
      await sendTogether(trx, adding(1));
      await sendTogether(trx, query('zero', 'select 1 / 0')).catch(() => undefined);
      return endWith([], () => 'kept');
    });
    expect(await errorOf(work)).to.include({ message: 'The transaction was rolled back, not committed' });
    expect(await tried()).to.deep.equal([]);
    await expectClean(one());
  });

  it('carries out the second of two transactions whose statements the first did not come to prepare', async () => {
    const fresh = () => query<{ n: number }>('fresh', 'select 3 as n');
    const work = sendInTurn(db, [query('zero', 'select 1 / 0'), fresh()], [adding(1), fresh()]);
    expect(await errorOf(work)).to.include({ code: '22012' });
    expect(await tried()).to.deep.equal([1]);
    await expectClean(fresh());
  });

  it('prepares again what an earlier batch had prepared when a later one could not', async () => {
    const both = () => query<{ n: number }>('both', 'select 4 as n');
    await errorOf(
      db.transaction(async (trx) => {
        const sent = [
          sendTogether(trx, query('zero', 'select 1 / 0'), both()),
          sendTogether(trx, both()),
          sendTogether(trx, both(), both()),
        ];
        await Promise.allSettled(sent);
        await Promise.all(sent);
      }),
    );
    await expectClean(both(), one(), both());
  });

  it('answers careless callers of one connection each with their own rows', async () => {
    const n = (value: number) => query<{ n: number }>(`n ${value % 3}`, `select $1::integer as n`, value);
    await db.transaction(async (trx) => {
      const asked = Array.from({ length: 30 }, (_, at) =>
        at % 3 === 0
          ? trx.raw<{ rows: [{ n: number }] }>(`select ${at} as n`).then(({ rows }) => [rows])
          : sendTogether(trx, n(at), n(at + 100)),
      );
      const answers = await Promise.all(asked);
      expect(answers.map(([rows]) => rows?.[0]?.n)).to.deep.equal(answers.map((_, at) => at));
    });
  });

  it('answers a batch of none, of thousands, and of large values and results', async () => {
    expect(await sendTogether(db)).to.deep.equal([]);
    const many = Array.from({ length: 5_000 }, (_, n) =>
      query<{ n: number }>('n', 'select $1::integer as n', n),
    );
    const answers = await sendTogether(db, ...many);
    expect(answers.map(([row]) => row?.n)).to.deep.equal(answers.map((_, n) => n));
    const large = 'ß'.repeat(4_000_000);
    const echo = query<{ text: string }>('echo', 'select $1::text as text', large);
    for (const [row] of await sendTogether(db, echo, echo, echo, echo))
      expect(row?.text).to.have.length(4_000_000);
    const wide = query<{ t: string }>('wide', "select repeat('x', 10000) as t from generate_series(1, 3000)");
    for (const rows of await sendTogether(db, wide, wide)) expect(rows).to.have.length(3_000);
  });

  it('answers past notices and notifications, and statements without text', async () => {
    const noisy = query(
      'noisy',
      "select pg_notify('told', 'x'), set_config('client_min_messages', 'notice', true)",
    );
    const drop = query('drop', 'drop table if exists never_was');
    await db.raw('listen told');
    const answers = await sendTogether(db, one(), noisy, drop, query('empty', ''), one());
    expect(answers.map((rows) => rows.length)).to.deep.equal([1, 1, 0, 0, 1]);
    await db.raw('unlisten *');
  });

  it('sends undefined as null, and refuses more values than the protocol can count', async () => {
    const kept = query<{ is_null: boolean }>('null?', 'select $1::text is null as is_null', undefined);
    expect(await sendTogether(db, kept)).to.deep.equal([[{ is_null: true }]]);
    const values = Array.from({ length: 65_536 + 1 }, () => 1);
    expect(await errorOf(sendTogether(db, adding(1), { ...one(), values }))).not.to.include({ code: 'none' });
    expect(await tried()).to.deep.equal([]);
    await expectClean(one());
  });

  it('refuses a name that PostgreSQL would cut, and so confuse with another', async () => {
    const long = 'x'.repeat(63);
    const refused = sendTogether(db, adding(1), query(`${long}1`, 'select 1'));
    expect(await errorOf(refused))
      .to.have.property('message')
      .that.matches(/is longer than 63 bytes/);
    await sendTogether(db, query(long, 'select 1'), query('ä'.repeat(31), 'select 1'));
    expect(await tried()).to.deep.equal([]);
  });

  for (const lost of ['discard all', 'deallocate all']) {
    it(`prepares again after ${lost}, except inside a transaction that has begun its work`, async () => {
      await sendTogether(db, adding(1), one());
      await db.raw(lost);
      await sendTogether(db, adding(2), one());
      await db.raw(lost);
      const [, second] = await sendInTurn(db, [adding(3)], [one()]);
      expect(second).to.deep.equal({ status: 'fulfilled', value: [[{ n: 1 }]] });
      await db.raw(lost);
      expect(await transact(db, [one()], async () => endWith([adding(4)], () => 'kept'))).to.equal('kept');
      expect(await tried()).to.deep.equal([1, 2, 3, 4]);
      const inside = db.transaction(async (trx) => {
        await trx.raw(lost.replace('discard', 'deallocate'));
        await sendTogether(trx, adding(5));
      });
      expect(await errorOf(inside)).to.include({ code: '26000' });
      await sendTogether(db, adding(6));
      expect(await tried()).to.deep.equal([1, 2, 3, 4, 6]);
    });
  }

  it('reads a table as it is now when a migration has changed its columns', async () => {
    await db.raw('create table changing (n integer)');
    await db.raw('insert into changing values (1)');
    const all = () => query<{ n: unknown }>('all', 'select * from changing');
    await sendTogether(db, all());
    await db.raw('alter table changing alter n type text');
    expect(await sendTogether(db, adding(1), all())).to.deep.equal([[], [{ n: '1' }]]);
    await db.raw('alter table changing rename n to m');
    expect(await sendTogether(db, all())).to.deep.equal([[{ m: '1' }]]);
    await db.raw('alter table changing add o integer');
    const work = transact(db, [all()], async (_trx, [rows]) => endWith([adding(2)], () => rows));
    expect(await work).to.deep.equal([{ m: '1', o: null }]);
    await db.raw('alter table changing drop o');
    const [, second] = await sendInTurn(db, [adding(3)], [all()]);
    expect(second).to.deep.equal({ status: 'fulfilled', value: [[{ m: '1' }]] });
    expect(await tried()).to.deep.equal([1, 2, 3]);
  });

  it('refuses two texts under one name, also in one batch', async () => {
    const two = () => [query('text of two', 'select 1'), query('text of two', 'select 2')] as const;
    expect(await errorOf(sendTogether(db, adding(1), ...two())))
      .to.have.property('message')
      .that.matches(/unique/);
    expect(await tried()).to.deep.equal([]);
    await expectClean(two()[1]);
  });

  it('refuses to begin a transaction inside another', async () => {
    const inside = (work: (trx: Database) => Promise<unknown>) => errorOf(db.transaction((trx) => work(trx)));
    for (const work of [
      (trx: Database) => transact(trx, [adding(1)], async () => endWith([], () => 'kept')),
      (trx: Database) => sendInTurn(trx, [adding(1)], [adding(2)]),
    ])
      expect(await inside(work))
        .to.have.property('message')
        .that.matches(/inside another/);
    expect(await tried()).to.deep.equal([]);
  });
});

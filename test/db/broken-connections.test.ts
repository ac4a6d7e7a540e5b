// Connections that end before, during and after a batch: every caller gets an error, nothing waits for ever, and the pool
// does not hand the connection out again.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import { type Database, openDatabase, openPool } from '../../src/db/knex.ts';
import { createStatements, endWith, sendInTurn, sendTogether, transact } from '../../src/db/statements.ts';
import { databaseTrouble } from '../../src/db/trouble.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { openDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import { adding, one, query } from '../support/tried-queries.ts';
import { until } from '../support/until.ts';

const sleeping = (seconds: number) => query('sleep', 'select pg_sleep($1)', seconds);
const suicide = () => query('end', 'select pg_terminate_backend(pg_backend_pid())');
const troubleOf = (work: Promise<unknown>) => work.then(() => 'no error', databaseTrouble);

describe('a connection that ends', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let db: Database;
  let pool: pg.Pool;
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);

  before(async () => {
    database = await openTestDatabase();
    await database.owner.raw('create table tried (n integer primary key)');
    proxy = await openDatabaseProxy(database.ownerUrl);
    process.on('unhandledRejection', note);
  });
  after(async () => {
    process.off('unhandledRejection', note);
    await proxy.close();
    await database.close();
  });
  beforeEach(() => {
    db = openDatabase(proxy.url, 1, 2_000);
    pool = openPool(proxy.url, 1, 2_000);
    pool.on('error', () => undefined);
  });
  afterEach(async () => {
    await Promise.all([db.destroy(), pool.end()]);
    proxy.unblock();
    await database.owner('tried').delete();
    expect(unhandled).to.deep.equal([]);
    const { rows } = await database.owner.raw<{ rows: unknown[] }>(
      "select query from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()",
    );
    expect(rows).to.deep.equal([]);
  });

  const tried = () => database.owner('tried').orderBy('n').pluck('n');
  const pidOf = async () =>
    (await db.raw<{ rows: [{ pid: number }] }>('select pg_backend_pid() pid')).rows[0].pid;
  const terminate = (pid: number) => database.owner.raw('select pg_terminate_backend(?, 5000)', [pid]);
  const isWaiting = (pid: number) => async () => {
    const asked = "select from pg_stat_activity where pid = ? and wait_event = 'PgSleep'";
    return (await database.owner.raw<{ rows: unknown[] }>(asked, [pid])).rows.length > 0;
  };
  const sleepers = async () => {
    const asked =
      "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    return (await database.owner.raw<{ rows: unknown[] }>(asked)).rows.length;
  };
  async function expectAllWorks(): Promise<void> {
    expect(await sendTogether(db, one())).to.deep.equal([[{ n: 1 }]]);
    expect(await transact(db, [one()], async () => endWith([one()], ([rows]) => rows))).to.deep.equal([
      { n: 1 },
    ]);
    expect(await createStatements(pool).rows(one(), [])).to.deep.equal([{ n: 1 }]);
  }

  it('before a batch is replaced without an error', async () => {
    await expectAllWorks();
    await terminate(await pidOf());
    await until(
      async () =>
        (
          await database.owner.raw<{ rows: unknown[] }>(
            "select from pg_stat_activity where datname = current_database() and application_name = 'examdesk' and pid <> pg_backend_pid() and client_addr is not null",
          )
        ).rows.length <= 1,
    );
    await sleep(20);
    await expectAllWorks();
  });

  const ways: Record<string, () => Promise<unknown>[]> = {
    sendTogether: () => [sendTogether(db, adding(1), sleeping(30), adding(2))],
    'sendTogether in a transaction': () => [
      db.transaction((trx) => sendTogether(trx, adding(1), sleeping(30), adding(2))),
    ],
    'sendTogether twice in a transaction at once': () => [
      db.transaction((trx) =>
        Promise.all([sendTogether(trx, adding(1), sleeping(30)), sendTogether(trx, adding(2))]),
      ),
    ],
    'the first of sendInTurn': () => [sendInTurn(db, [adding(1), sleeping(30)], [adding(2)])],
    'the first statements of transact': () => [
      transact(db, [adding(1), sleeping(30)], async () => endWith([adding(2)], () => 'kept')),
    ],
    'the last statements of transact': () => [
      transact(db, [adding(1)], async () => endWith([adding(2), sleeping(30)], () => 'kept')),
    ],
  };
  for (const [way, send] of Object.entries(ways)) {
    for (const [cause, end] of Object.entries({
      'is terminated': terminate,
      'is reset': async () => proxy.block(),
    })) {
      it(`while ${way} is answered, because it ${cause}, fails it and whoever waits is served by another`, async () => {
        await sendTogether(db, one());
        const pid = await pidOf();
        const failing = send().map(troubleOf);
        // The pool has one connection.
        const waiting = sendTogether(db, one());
        const waited = cause === 'is reset' ? troubleOf(waiting) : waiting;
        await until(isWaiting(pid));
        await end(pid);
        expect(await Promise.all(failing)).to.deep.equal(failing.map(() => 'database unavailable'));
        if (cause === 'is terminated') expect(await waited).to.deep.equal([[{ n: 1 }]]);
        else {
          await waited;
          await terminate(pid);
          proxy.unblock();
        }
        expect(await tried()).to.deep.equal([]);
        await expectAllWorks();
      });
    }
  }

  it('by a statement of the batch itself serves whoever waits, and all later callers, by another', async () => {
    for (const end of [
      () => sendTogether(db, adding(1), suicide(), adding(2)),
      () => db.raw('select pg_terminate_backend(pg_backend_pid())'),
      () => transact(db, [suicide()], async () => endWith([adding(1)], () => 'kept')),
      () => transact(db, [], async () => endWith([adding(1), suicide()], () => 'kept')),
      () => sendInTurn(db, [adding(1), suicide()], [adding(2)]),
    ]) {
      const ended = troubleOf(end());
      const waiting = [sendTogether(db, one()), db.raw('select 1'), sendTogether(db, one())];
      expect(await ended).to.equal('database unavailable');
      await sendTogether(db, one());
      await Promise.all(waiting);
      expect(await tried()).to.deep.equal([]);
    }
    for (let round = 0; round < 3; round += 1) {
      const statements = createStatements(pool);
      const ended = troubleOf(statements.rows(suicide(), []));
      const waiting = [statements.rows(one(), []), statements.shortRows(one(), [])];
      expect(await ended).to.equal('database unavailable');
      expect(await Promise.all(waiting)).to.deep.equal([[{ n: 1 }], [{ n: 1 }]]);
    }
  });

  it('keeps what was kept when it is reset after the batch', async () => {
    await sendTogether(db, adding(1));
    proxy.block();
    await troubleOf(sendTogether(db, adding(2)));
    proxy.unblock();
    expect(await tried()).to.deep.equal([1]);
    await expectAllWorks();
  });

  it('while an answer is half read fails the batch and what is queued behind it', async () => {
    const wide = query('wide', "select repeat('x', 100000) as t from generate_series(1, 5000)");
    await sendTogether(db, one());
    const client = await (db.client as { acquireConnection(): Promise<pg.Client> }).acquireConnection();
    await (db.client as { releaseConnection(c: pg.Client): Promise<void> }).releaseConnection(client);
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    const half = once(connection as never, 'dataRow');
    const failing = [
      sendInTurn(db, [adding(1), wide], [adding(2)]),
      db.transaction((trx) =>
        Promise.all([sendTogether(trx, wide), trx.raw('select 1'), sendTogether(trx, one())]),
      ),
    ].map(troubleOf);
    await half;
    proxy.block();
    const [first] = await Promise.all(failing);
    expect(first).to.equal('database unavailable');
    proxy.unblock();
    await expectAllWorks();
  });

  it('that falls silent during a batch fails after the limit, and is closed', async () => {
    const [short, shortPool] = [openDatabase(proxy.url, 1, 200), openPool(proxy.url, 2, 200)];
    shortPool.on('error', () => undefined);
    try {
      await sendTogether(short, one());
      await createStatements(shortPool).rows(one(), []);
      const statements = createStatements(shortPool);
      proxy.freeze();
      const failing = [
        sendInTurn(short, [one()], [one()]),
        statements.rows(one(), []),
        statements.shortRows(one(), []),
      ].map(troubleOf);
      expect(new Set(await Promise.all(failing))).to.deep.equal(new Set(['database unavailable']));
      proxy.thaw();
      expect(await sendTogether(short, one())).to.deep.equal([[{ n: 1 }]]);
      expect(await statements.rows(one(), [])).to.deep.equal([{ n: 1 }]);
      expect(await statements.shortRows(one(), [])).to.deep.equal([{ n: 1 }]);
    } finally {
      await Promise.all([short.destroy(), shortPool.end()]);
    }
  });

  it('is not handed out again when its holder gives it back without saying that it failed', async () => {
    const held = openPool(proxy.url, 1, 200);
    held.on('error', () => undefined);
    try {
      for (const fail of [
        (client: pg.PoolClient) => client.query('select pg_terminate_backend(pg_backend_pid())'),
        (client: pg.PoolClient) => {
          proxy.freeze();
          return client.query('select 1');
        },
      ]) {
        const client = await held.connect();
        expect(await troubleOf(fail(client))).to.equal('database unavailable');
        client.release();
        const again = held.query<{ n: number }>('select 1 as n');
        proxy.thaw();
        expect((await again).rows).to.deep.equal([{ n: 1 }]);
      }
    } finally {
      await held.end();
    }
  });

  it('because the process stops is closed after its batch was answered', async () => {
    const [stopping, stoppingPool] = [openDatabase(database.ownerUrl, 2), openPool(database.ownerUrl, 2, 0)];
    const sent = [
      sendTogether(stopping, adding(1), sleeping(1), adding(2)),
      transact(stopping, [adding(3), sleeping(1)], async () => endWith([adding(4)], () => 'kept')),
      createStatements(stoppingPool).rows(sleeping(1), [1]),
    ];
    await until(async () => (await sleepers()) === sent.length);
    await Promise.all([stopping.destroy(), stoppingPool.end()]);
    await Promise.all(sent);
    expect(await tried()).to.deep.equal([1, 2, 3, 4]);
    expect(await troubleOf(createStatements(stoppingPool).rows(one(), []))).not.to.equal('no error');
    expect(await troubleOf(sendTogether(stopping, one()))).not.to.equal('no error');
  });

  it('is not waited for longer than the limit when the server does not answer', async () => {
    proxy.freeze();
    const server = await openDatabaseProxy(proxy.url);
    server.freeze();
    const [lost, lostPool] = [openDatabase(server.url, 1, 200), openPool(server.url, 1, 200)];
    try {
      const failing = [sendTogether(lost, one()), createStatements(lostPool).rows(one(), [])].map(troubleOf);
      expect(await Promise.all(failing)).to.deep.equal(['database unavailable', 'database unavailable']);
    } finally {
      await Promise.all([lost.destroy(), lostPool.end()]);
      await server.close();
      proxy.thaw();
    }
  });
});

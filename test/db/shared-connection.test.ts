// Short reads share a connection (src/db/shared-connection.ts).
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import { openPool } from '../../src/db/knex.ts';
import { createStatements } from '../../src/db/statements.ts';
import { databaseTrouble } from '../../src/db/trouble.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

describe('shortRows', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  /** Writes to the sockets of all connections. */
  let writes = 0;

  before(async () => {
    database = await openTestDatabase();
    pool = openPool(database.ownerUrl, 5, 0);
    pool.on('connect', (client) => {
      const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
      const given = stream as unknown as Record<'_write' | '_writev', (...args: unknown[]) => void>;
      for (const name of ['_write', '_writev'] as const) {
        const write = given[name].bind(stream);
        given[name] = (...args) => {
          writes += 1;
          write(...args);
        };
      }
    });
  });
  after(async () => {
    await pool.end();
    await database.close();
  });

  const backend = {
    name: 'backend',
    text: 'select pg_backend_pid() as pid, $1::integer as n, pg_sleep($2) is null as slept',
  };
  interface Read {
    pid: number;
    n: number;
  }

  it('sends all reads of one turn in one write, on one connection', async () => {
    const statements = createStatements(pool);
    await statements.shortRows(backend, [0, 0]);
    writes = 0;
    const reads = await Promise.all([1, 2, 3, 4].map((n) => statements.shortRows<Read>(backend, [n, 0])));
    expect(writes).to.equal(1);
    expect(reads.flat().map(({ n }) => n)).to.deep.equal([1, 2, 3, 4]);
    expect(new Set(reads.flat().map(({ pid }) => pid)).size).to.equal(1);
    expect(pool.idleCount).to.equal(pool.totalCount);
  });

  it('sends a read on the same connection while another is under way', async () => {
    const statements = createStatements(pool);
    const slow = statements.shortRows<Read>(backend, [1, 0.3]);
    while (pool.idleCount === pool.totalCount) await nextTurn();
    const [[first], [second]] = await Promise.all([slow, statements.shortRows<Read>(backend, [2, 0])]);
    expect(second?.pid).to.equal(first?.pid);
    expect(pool.idleCount).to.equal(pool.totalCount);
  });

  it('fails all that are under way when their connection ends, and reads the next on another', async () => {
    const statements = createStatements(pool);
    const [before] = await statements.shortRows<Read>(backend, [0, 0]);
    if (!before) throw new Error('Nothing was read');
    const slow = Promise.allSettled([1, 2].map((n) => statements.shortRows(backend, [n, 60])));
    while (pool.idleCount === pool.totalCount) await nextTurn();
    await database.owner.raw('select pg_terminate_backend(?, 5000)', [before.pid]);
    const failed = await slow;
    expect(
      failed.map((one) => (one.status === 'rejected' ? databaseTrouble(one.reason) : 'no error')),
    ).to.deep.equal(['database unavailable', 'database unavailable']);
    const [after] = await statements.shortRows<Read>(backend, [3, 0]);
    expect(after?.pid).not.to.equal(before.pid);
    expect(pool.idleCount).to.equal(pool.totalCount);
  });

  it('gives the connection to whoever waits for one, however many reads follow each other', async () => {
    const narrow = openPool(database.ownerUrl, 1, 0);
    const statements = createStatements(narrow);
    const over = new AbortController();
    const readOn = async (n: number) => {
      while (!over.signal.aborted) await statements.shortRows(backend, [n, 0.01]);
    };
    await statements.shortRows(backend, [0, 0]);
    const readers = [1, 2, 3].map(readOn);
    try {
      while (narrow.idleCount > 0) await nextTurn();
      expect(await statements.rows(backend, [4, 0])).to.have.length(1);
    } finally {
      over.abort();
      await Promise.all(readers);
      await narrow.end();
    }
  });

  it('fails when the pool has no connection, and reads once it has', async () => {
    const narrow = openPool(database.ownerUrl, 1, 0);
    narrow.options.connectionTimeoutMillis = 50;
    const holder = await narrow.connect();
    const statements = createStatements(narrow);
    const failed = await Promise.allSettled([1, 2].map((n) => statements.shortRows(backend, [n, 0])));
    expect(failed.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    holder.release();
    expect(await statements.shortRows(backend, [3, 0])).to.have.length(1);
    await narrow.end();
    const after = await Promise.allSettled([statements.shortRows(backend, [4, 0])]);
    expect(after[0]?.status).to.equal('rejected');
  });
});

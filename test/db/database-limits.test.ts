import { expect } from 'chai';
import { type Agent, startTestApp, type TestApp } from '../support/app.ts';
import { databaseTrouble } from '../../src/db/trouble.ts';
import { openSeededDatabase } from '../support/database.ts';
import { openDatabaseProxy } from '../support/database-proxy.ts';
import { until } from '../support/until.ts';

describe('a connection', () => {
  it('that breaks during a query answers 503, and is logged as an unavailable database', async () => {
    const database = await openSeededDatabase();
    const proxy = await openDatabaseProxy(database.url);
    const app = await startTestApp({ database, env: { DATABASE_URL: proxy.url } });
    const lock = await database.db.transaction();
    try {
      const rita = await app.signIn('rita@harbour-legal.example');
      await lock.raw('lock table bookings in access exclusive mode');
      const asked = rita.get('/bookings').then((answer) => answer);
      await until(async () => {
        const { rows } = await lock.raw<{ rows: unknown[] }>(
          'select from pg_locks where not granted and relation = ?::regclass',
          ['bookings'],
        );
        return rows.length > 0;
      });
      proxy.block();
      const { status, headers } = await asked;
      expect([status, headers['retry-after']]).to.deep.equal([503, '5']);
      expect(app.logLines.some((line) => line.includes('"msg":"database unavailable"'))).to.equal(true);
    } finally {
      await lock.rollback();
      await app.close();
      await proxy.close();
    }
  });

  it('that falls silent answers 503 some seconds after the time-out of statements, and is replaced', async () => {
    const database = await openSeededDatabase();
    const proxy = await openDatabaseProxy(database.url);
    const env = { DATABASE_URL: proxy.url, DATABASE_STATEMENT_TIMEOUT_MS: '300' };
    const app = await startTestApp({ database, env });
    try {
      const rita = await app.signIn('rita@harbour-legal.example');
      for (const path of ['/bookings', '/bookings?status=active']) await rita.get(path).expect(200);
      proxy.freeze();
      const { db } = app.system.services;
      const [answer, query, transaction] = await Promise.all([
        rita.get('/bookings').then((one) => one),
        db('users').first('id').catch(databaseTrouble),
        db.transaction((trx) => trx('users').first('id')).catch(databaseTrouble),
      ]);
      expect([answer.status, answer.headers['retry-after']]).to.deep.equal([503, '5']);
      expect([query, transaction]).to.deep.equal(['database unavailable', 'database unavailable']);
      proxy.thaw();
      for (const path of ['/bookings', '/bookings?status=active']) await rita.get(path).expect(200);
    } finally {
      await app.close();
      await proxy.close();
    }
  });
});

describe('a database that cannot keep up', () => {
  let app: TestApp;
  let rita: Agent;

  before(async () => {
    app = await startTestApp({ env: { DATABASE_STATEMENT_TIMEOUT_MS: '300', DATABASE_POOL_MAX: '2' } });
    rita = await app.signIn('rita@harbour-legal.example');
  });
  after(() => app.close());

  const causes = (): { msg: string; route: string }[] =>
    app.logLines
      .map((line) => JSON.parse(line) as { msg: string; route: string })
      .filter(({ msg }) => msg !== 'request');

  it('cancels a statement that waits too long, and answers 503 with the reason', async () => {
    const lock = await app.db.transaction();
    try {
      await lock.raw('lock table bookings in access exclusive mode');
      const { body } = await rita.get('/bookings').expect(503).expect('Retry-After', '5');
      expect(body).to.include({ code: 'unavailable' });
      expect(body.detail).to.contain('took too long');
    } finally {
      await lock.rollback();
    }
    expect(causes().at(-1)).to.include({ msg: 'statement timed out', route: '/bookings' });
    await rita.get('/bookings').expect(200);
  });

  it('sets no such limit for commands', async () => {
    const { rows } = await app.db.raw<{ rows: [{ statement_timeout: string }] }>('show statement_timeout');
    expect(rows[0].statement_timeout).to.equal('0');
  });

  it('answers 503 with its own reason when no connection is free in ten seconds', async () => {
    // The list without filters is a prepared statement, which has a pool of its own.
    const filtered = '/bookings?status=active';
    const { db } = app.system.services;
    const held = [await db.transaction(), await db.transaction()];
    try {
      const { body } = await rita.get(filtered).expect(503).expect('Retry-After', '5');
      expect(body.detail).to.contain('Too many people');
    } finally {
      for (const trx of held) await trx.rollback();
    }
    expect(causes().at(-1)).to.include({ msg: 'no free database connection', route: '/bookings' });
    await rita.get(filtered).expect(200);
  });
});

describe('a plan for a request', () => {
  it('weighs no parallel workers, on each kind of connection', async () => {
    const app = await startTestApp();
    try {
      const { db, pool } = app.system.services;
      const asked = 'show max_parallel_workers_per_gather';
      const answers = [await db.raw<{ rows: unknown[] }>(asked), await pool.query(asked)];
      const none = { max_parallel_workers_per_gather: '0' };
      expect(answers.map(({ rows }) => rows)).to.deep.equal([[none], [none]]);
    } finally {
      await app.close();
    }
  });
});

import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { auditLog, sealAudit, systemActor, verifyAudit } from '../../src/audit/index.ts';
import { openDatabase, type Database } from '../../src/db/knex.ts';
import { parseKeyring, type Keyring } from '../../src/lib/keyring.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

const keys = (text: string): Keyring => parseKeyring(text) as Keyring;
const old = `old:${'a1'.repeat(32)}`;
const keyring = keys(old);

describe('the seals of the audit log', () => {
  let database: TestDatabase;
  let db: Database;

  beforeEach(async () => {
    database = await openTestDatabase();
    db = database.db;
  });
  afterEach(() => database.close());

  const write = (resourceId: string, on: Parameters<typeof auditLog.record>[0] = db) =>
    auditLog.record(on, systemActor, {
      action: 'booking.viewed',
      resourceType: 'booking',
      resourceId,
      metadata: { n: 1 },
    });
  const faults = async (with_: Keyring = keyring) =>
    (await verifyAudit(db, with_)).faults.map(({ fault }) => fault);
  /** As somebody who owns the tables would. */
  const tamper = async (sql: string) => {
    const { owner } = database;
    await owner.raw('alter table audit_log disable trigger all; alter table audit_seals disable trigger all');
    await owner.raw(sql);
  };

  it('cover every row exactly once', async () => {
    for (const id of ['a', 'b', 'c']) await write(id);
    expect(await sealAudit(db, keyring)).to.equal(3);
    expect(await sealAudit(db, keyring)).to.equal(0);
    await write('d');
    expect(await verifyAudit(db, keyring)).to.deep.equal({ seals: 1, rows: 3, unsealed: 1, faults: [] });
    expect(await sealAudit(db, keyring)).to.equal(1);
    expect(await verifyAudit(db, keyring)).to.deep.equal({ seals: 2, rows: 4, unsealed: 0, faults: [] });
  });

  it('are digests of a line of jsonb for each row, whatever its text', async () => {
    await write('“é”\t\\ "quoted" <&> \u2028 \u007f \u0001');
    await write('b');
    await sealAudit(db, keyring);
    const { rows } = await db.raw<{ rows: { line: string }[] }>(
      `select jsonb_build_array(id, (extract(epoch from at) * 1000000)::bigint, actor_id, acting_as_id, action,
                resource_type, resource_id, outcome, metadata, ip, user_agent, request_id)::text as line
       from audit_log order by id`,
    );
    const digest = createHmac('sha256', keyring.current.key)
      .update(Buffer.alloc(32))
      .update(rows.map(({ line }) => `${line}\n`).join(''))
      .digest();
    const [seal] = await db('audit_seals').select('digest');
    expect((seal as { digest: Buffer }).digest.equals(digest)).to.equal(true);
  });

  it('verify in any time zone of the session', async () => {
    await write('a');
    await sealAudit(db, keyring);
    const url = new URL(database.url);
    url.searchParams.set('options', '-c TimeZone=Pacific/Auckland');
    const elsewhere = openDatabase(url.href, 2);
    try {
      const { rows } = await elsewhere.raw<{ rows: { TimeZone: string }[] }>('show time zone');
      expect(rows).to.deep.equal([{ TimeZone: 'Pacific/Auckland' }]);
      expect((await verifyAudit(elsewhere, keyring)).faults).to.deep.equal([]);
    } finally {
      await elsewhere.destroy();
    }
  });

  it('name every fault, in order, when several of many do not fit', async () => {
    for (let n = 1; n <= 12; n += 1) {
      await write(`row ${n}`);
      await sealAudit(db, keyring);
    }
    await tamper(
      `update audit_log set resource_id = 'another' where resource_id in ('row 3', 'row 8', 'row 11')`,
    );
    const verdict = await verifyAudit(db, keyring);
    const seals = await db('audit_seals').orderBy('id').pluck('id');
    expect(verdict).to.include({ seals: 12, rows: 12, unsealed: 0 });
    expect(verdict.faults.map(({ seal, fault }) => [seal, fault])).to.deep.equal(
      [2, 7, 10].map((at) => [seals[at], 'changed']),
    );
  });

  it('wait for a row whose transaction has not committed', async () => {
    const slow = await db.transaction();
    await write('slow', slow);
    await write('quick');
    expect(await sealAudit(db, keyring, 200)).to.equal(0);
    const sealing = sealAudit(db, keyring, 5_000);
    await sleep(200);
    await slow.commit();
    expect(await sealing).to.equal(2);
  });

  it('form one chain when two processes seal at once', async () => {
    for (let i = 0; i < 20; i++) await write(String(i));
    const sealed = await Promise.all([1, 2, 3, 4].map(() => sealAudit(db, keyring)));
    expect(sealed.reduce((sum, n) => sum + n)).to.equal(20);
    expect(await verifyAudit(db, keyring)).to.deep.include({ rows: 20, unsealed: 0, faults: [] });
  });

  for (const [what, sql, fault] of [
    ['a changed row', `update audit_log set outcome = 'denied' where resource_id = 'b'`, 'changed'],
    ['a removed row', `delete from audit_log where resource_id = 'b'`, 'missing_rows'],
    [
      'a row that was slipped in',
      `insert into audit_log (id, action, resource_type) overriding system value
       select max(id) - 1, 'booking.viewed', 'booking' from audit_log`,
      'extra_rows',
    ],
    ['a removed seal', 'delete from audit_seals where id = (select min(id) from audit_seals)', 'gap'],
    [
      'a changed seal',
      `update audit_seals set digest = '\\\\x00' where id = (select min(id) from audit_seals)`,
      'changed',
    ],
  ] as const) {
    it(`fail verification after ${what}`, async () => {
      await write('a');
      await write('b');
      await sealAudit(db, keyring);
      // A row drawn and rolled back leaves a number free: that is where one could slip something in.
      await db
        .transaction(async (trx) => {
          await write('rolled back', trx);
          await trx.rollback();
        })
        .catch(() => undefined);
      await write('c');
      await sealAudit(db, keyring);
      expect(await faults()).to.deep.equal([]);
      await tamper(sql);
      expect(await faults()).to.include(fault);
    });
  }

  it('are verified with their own key after the key has changed', async () => {
    await write('a');
    await sealAudit(db, keyring);
    const rotated = keys(`new:${'b2'.repeat(32)},${old}`);
    await write('b');
    await sealAudit(db, rotated);
    expect(await faults(rotated)).to.deep.equal([]);
    expect(await faults(keyring)).to.deep.equal(['unknown_key']);
  });

  it('cannot be changed by the app, nor by the owner while the triggers exist', async () => {
    await write('a');
    await sealAudit(db, keyring);
    const refusalOf = (by: Database) =>
      by('audit_seals')
        .update({ row_count: 2 })
        .catch((error: Error) => error.message);
    expect(await refusalOf(db)).to.contain('permission denied');
    expect(await refusalOf(database.owner)).to.contain('append-only');
  });
});

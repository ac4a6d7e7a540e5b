import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { auditLog, systemActor } from '../../src/audit/index.ts';
import { aBookingOf, anEmailAbout } from '../support/console-records.ts';
import { openSeededDatabase, openTestDatabase, type TestDatabase } from '../support/database.ts';

describe('the audit log', () => {
  let database: TestDatabase;
  const specialist = '0192f000-0000-7000-8000-000000000001';

  before(async () => {
    database = await openTestDatabase();
    await database.db('specialists').insert({
      id: specialist,
      name: 'Dr Test',
      specialty: 'Neurology',
      timezone: 'Australia/Perth',
      acuity_calendar_id: 1,
    });
  });
  after(() => database.close());

  const actionsFor = (id: string): Promise<string[]> =>
    database.db('audit_log').where({ resource_id: id }).orderBy('id').pluck('action');

  it('refuses update, delete and truncate, also to the table’s owner', async () => {
    const { db, owner } = database;
    for (const by of [db, owner])
      for (const change of [
        'update audit_log set ip = null',
        'delete from audit_log',
        'truncate audit_log',
      ]) {
        const refused: unknown = await by.raw(change).then(
          () => null,
          (error: unknown) => error,
        );
        expect(refused, change).to.be.instanceOf(Error).with.property('code', '42501');
      }
  });

  it('records a change without an audit row, with columns but no values', async () => {
    const { db } = database;
    await db('specialists').where({ id: specialist }).update({ name: 'Dr Changed' });
    const row = (await db('audit_log').where({ resource_id: specialist }).orderBy('id', 'desc').first()) as {
      action: string;
      metadata: { columns: string[] };
    };
    expect(row.action).to.equal('record.changed');
    expect(row.metadata.columns).to.deep.equal(['name']);
    expect(JSON.stringify(row)).not.to.contain('Dr Changed');
  });

  it('adds nothing when the transaction wrote an audit row for the change', async () => {
    const { db } = database;
    const before = await actionsFor(specialist);
    await db.transaction(async (trx) => {
      await trx('specialists').where({ id: specialist }).update({ specialty: 'Psychiatry' });
      await auditLog.record(trx, systemActor, {
        action: 'record.changed',
        resourceType: 'specialist',
        resourceId: specialist,
        metadata: { by: 'a test' },
      });
    });
    expect(await actionsFor(specialist)).to.have.length(before.length + 1);
  });

  it('records the change when only a restored row has the transaction’s number', async () => {
    const { db } = database;
    const before = await actionsFor(specialist);
    await db.transaction(async (trx) => {
      // Its number is this transaction's.
      await trx('audit_log').insert({
        action: 'record.changed',
        resource_type: 'specialist',
        resource_id: specialist,
        at: trx.raw(`transaction_timestamp() - interval '1 hour'`),
      });
      await trx('specialists').where({ id: specialist }).update({ specialty: 'Neurology' });
    });
    expect(await actionsFor(specialist)).to.have.length(before.length + 2);
  });

  it('rolls the change back when the row cannot be written', async () => {
    const { db } = database;
    const attempt: unknown = await db
      .transaction(async (trx) => {
        await trx('specialists').where({ id: specialist }).update({ title: 'Must not stay' });
        await auditLog.record(trx, systemActor, {
          action: 'no.such_action' as 'record.changed',
          resourceType: 'specialist',
          resourceId: specialist,
        });
      })
      .then(
        () => null,
        (error: unknown) => error,
      );
    expect(attempt).to.be.instanceOf(Error);
    expect(await db('specialists').where({ title: 'Must not stay' })).to.deep.equal([]);
  });

  describe('records, typed into psql,', () => {
    let seeded: TestDatabase;
    const [email, event] = [randomUUID(), randomUUID()];
    let booking: string;
    let someone: string;
    before(async () => {
      seeded = await openSeededDatabase();
      booking = await aBookingOf(seeded.db, 'rita');
      someone = (await seeded.db('specialists').where({ acuity_calendar_id: 7001 }).first('id'))!.id;
      await seeded.db('specialist_services').where({ specialist_id: someone }).delete();
      await anEmailAbout(seeded.db, booking, { id: email, status: 'sent', sent_at: new Date() });
      await seeded.db('webhook_events').insert({
        id: event,
        channel: 'relay',
        state: 'dead',
        received_at: new Date(),
        action: 'changed',
        appointment_id: 1,
        body: Buffer.from('a'),
        body_digest: Buffer.alloc(32),
      });
    });
    after(() => seeded.close());

    const unannouncedChanges = async (sql: string, id: string): Promise<string[]> => {
      const last = await seeded.db('audit_log').orderBy('id', 'desc').first('id');
      await seeded.db.raw(sql, [id]);
      const rows = (await seeded.db('audit_log').where('id', '>', last?.id ?? 0)) as {
        resource_type: string;
        metadata: { operation: string; columns: string[] };
      }[];
      return rows.map(({ resource_type, metadata }) =>
        [resource_type, metadata.operation, ...metadata.columns].join(' '),
      );
    };

    for (const [sql, of, told] of [
      [
        `insert into specialist_services values (?, 'telehealth', 1, 30)`,
        () => someone,
        ['specialist insert'],
      ],
      [
        'update specialist_services set duration_minutes = 45 where specialist_id = ?',
        () => someone,
        ['specialist update duration_minutes'],
      ],
      ['delete from specialist_services where specialist_id = ?', () => someone, ['specialist delete']],
      [
        `insert into booking_progress (id, booking_id, progress, source) values (gen_random_uuid(), ?, 'no_show', 'portal')`,
        () => booking,
        ['booking_progress insert'],
      ],
      [
        `update emails set recipient = 'eve@elsewhere.example' where id = ?`,
        () => email,
        ['email update recipient'],
      ],
      [
        `update emails set status = 'queued', sent_at = null where id = ?`,
        () => email,
        ['email update sent_at status'],
      ],
      // What the sender does with it: no row for each try.
      [`update emails set attempts = 2, last_error = 'ETIMEDOUT' where id = ?`, () => email, []],
      [`update emails set status = 'sent', sent_at = now() where id = ?`, () => email, []],
      ['delete from emails where id = ?', () => email, ['email delete']],
      [
        `update webhook_events set state = 'waiting', next_attempt_at = now() where id = ?`,
        () => event,
        ['webhook_event update next_attempt_at state'],
      ],
      [
        `update webhook_events set state = 'delivering', lease_until = now(), attempts = 1 where id = ?`,
        () => event,
        [],
      ],
      [`update webhook_events set state = 'processed', outcome = 'ignored' where id = ?`, () => event, []],
      [
        'update webhook_events set appointment_id = 2 where id = ?',
        () => event,
        ['webhook_event update appointment_id'],
      ],
      ['delete from webhook_events where id = ?', () => event, ['webhook_event delete']],
    ] as const)
      it(`${sql}: ${told.join() || 'nothing'}`, async () => {
        expect(await unannouncedChanges(sql, of())).to.deep.equal(told);
      });
  });
});

import { expect } from 'chai';
import { auditLog, systemActor } from '../../src/audit/index.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

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
    database.db('audit_log').where({ resource_id: id }).orderBy('id').pluck('action') as Promise<string[]>;

  it('refuses update, delete and truncate', async () => {
    const { db } = database;
    for (const change of ['update audit_log set ip = null', 'delete from audit_log', 'truncate audit_log']) {
      const refused: unknown = await db.raw(change).then(
        () => null,
        (error: unknown) => error,
      );
      expect(refused, change).to.be.instanceOf(Error).with.property('code', '42501');
    }
  });

  it('notices a change that nobody announced, and names the columns but not the values', async () => {
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

  it('adds nothing to a change that was announced in the same transaction', async () => {
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

  it('takes the change along when it cannot be written', async () => {
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
});

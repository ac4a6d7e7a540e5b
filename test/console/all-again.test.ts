// All that failed, once more: by two at once, nobody is written to twice, and nothing is delivered twice.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Transaction } from '../../src/db/knex.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { aBookingOf, anEmailAbout } from '../support/console-records.ts';

describe('an action for all records while somebody else does the same', () => {
  let app: TestApp;
  let ada: Agent;
  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
  });
  after(() => app.close());

  /** What Ada is told who asked while another held the row, and then left it so. */
  async function noticeDuring(
    address: string,
    does: (trx: Transaction) => Promise<unknown>,
  ): Promise<string> {
    const trx = await app.db.transaction();
    await does(trx);
    const asked = ada
      .post(address)
      .send({ version: '', values: {} })
      .expect(200)
      .then(({ body }) => body as { notice: string });
    await waitsForLock();
    await trx.commit();
    return (await asked).notice;
  }

  async function waitsForLock(): Promise<void> {
    for (let look = 0; look < 200; look += 1) {
      const { rows } = await app.db.raw(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows.length > 0) return;
      await sleep(20);
    }
    throw new Error('Nobody waits for the row');
  }

  it('sends no e-mail again that has been sent meanwhile', async () => {
    const id = await anEmailAbout(app.db, await aBookingOf(app.db, 'rita'));
    const sent = { status: 'sent' as const, sent_at: new Date(), attempts: 1 };
    const notice = await noticeDuring('/admin/forms/emails/send-all-again', (trx) =>
      trx('emails').where({ id }).update(sent),
    );
    expect(notice).to.equal('Queued: 0');
    expect(await app.db('emails').where({ id }).first()).to.include({ status: 'sent', attempts: 1 });
    const again = app
      .db('audit_log')
      .where({ resource_id: id })
      .whereRaw(`metadata ->> 'change' = 'sent_again'`);
    expect(await again).to.deep.equal([]);
  });

  it('delivers no event again that has been processed meanwhile', async () => {
    const id = randomUUID();
    await app.db('webhook_events').insert({
      id,
      channel: 'relay',
      action: 'changed',
      appointment_id: 1,
      state: 'dead',
      attempts: 12,
      body: Buffer.from('x'),
      body_digest: Buffer.alloc(32),
      received_at: new Date(),
    });
    const done = { state: 'processed' as const, outcome: 'updated' as const, processed_at: new Date() };
    const notice = await noticeDuring('/admin/forms/webhook-events/replay-all', (trx) =>
      trx('webhook_events').where({ id }).update(done),
    );
    expect(notice).to.match(/^Replayed: 0\b/);
    expect(await app.db('webhook_events').where({ id }).first()).to.include({ state: 'processed' });
    expect(await app.db('audit_log').where({ action: 'webhook.replayed' })).to.deep.equal([]);
  });
});

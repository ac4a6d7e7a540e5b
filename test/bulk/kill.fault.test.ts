// Kills a worker in the middle of a bulk action: the next one does what is left, and no record twice.
import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { openChildPool, type ChildPool } from '../support/child-pool.ts';
import { aBookingOf, anEmailAbout } from '../support/console-records.ts';
import type { BulkPlan } from '../support/processes/bulk-child.ts';
import { testSecret } from '../support/session.ts';

describe('a bulk action whose worker is killed', function () {
  this.timeout(60_000);
  let app: TestApp;
  let sam: Agent;
  let children: ChildPool<BulkPlan>;
  before(async () => {
    app = await startTestApp();
    sam = await app.signIn('sam@examdesk.example');
    children = openChildPool<BulkPlan>(path.join(import.meta.dirname, '../support/processes/bulk-child.ts'), {
      NODE_ENV: 'test',
      LOG_LEVEL: 'fatal',
      DATABASE_URL: app.database.url,
      DATABASE_POOL_MAX: '4',
      BASE_URL: app.url,
      BETTER_AUTH_SECRET: testSecret,
      SMTP_URL: 'smtp://127.0.0.1:9',
      ACUITY_BASE_URL: 'http://127.0.0.1:9',
      ACUITY_USER_ID: '11100001',
      ACUITY_API_KEY: 'demo-acuity-key',
      DEMO_ACCOUNTS: 'true',
    });
  });
  after(async () => {
    await children.close();
    await app.close();
  });

  for (const step of ['bulk_record_done', 'bulk_record_committed'] as const) {
    it(`sends each e-mail again once when it dies at ${step}`, async () => {
      const bookingId = await aBookingOf(app.db, 'rita');
      const ids: string[] = [];
      for (let n = 0; n < 3; n += 1) ids.push(await anEmailAbout(app.db, bookingId));
      const form = (address: string, fields: Record<string, string>) =>
        sam.post(address).set('Accept', 'text/html').type('form').send(fields).expect(303);
      const { headers } = await form('/admin/bulk', {
        kind: 'emails/send-again',
        which: 'selected',
        ids: ids.join(','),
      });
      const address = String(headers.location);
      await form(`${address}/start`, {});
      const bulkActionId = address.split('/').at(-1) ?? '';

      const child = children.take({ killAt: step, bulkActionId });
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      expect(signal, `it was to be killed at ${step}`).to.equal('SIGKILL');
      const done = async () =>
        (await app.db('bulk_items').where({ bulk_action_id: bulkActionId, state: 'done' })).length;
      const again = async () =>
        (
          await app
            .db('audit_log')
            .whereIn('resource_id', ids)
            .whereRaw(`metadata ->> 'change' = 'sent_again'`)
        ).length;
      const isKept = step === 'bulk_record_committed';
      expect([await done(), await again()]).to.deep.equal(isKept ? [1, 1] : [0, 0]);

      await app
        .db('bulk_actions')
        .where({ id: bulkActionId })
        .update({ worked_at: app.db.raw(`now() - interval '1 minute'`) });
      expect(await app.system.services.bulkWork.sweep()).to.equal(1);
      await app.system.services.bulkWork.continue(bulkActionId);
      expect([await done(), await again()]).to.deep.equal([3, 3]);
      expect(await app.db('bulk_actions').where({ id: bulkActionId }).first()).to.include({ state: 'done' });
    });
  }
});

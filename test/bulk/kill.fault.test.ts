// Kills a worker in the middle of two bulk actions: the next one does what is left, and no record twice.
import path from 'node:path';
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { forkChild, kill, messageOf } from '../support/child-pool.ts';
import { aBookingOf, anEmailAbout } from '../support/console-records.ts';
import type { BulkPlan } from '../support/processes/bulk-child.ts';
import { testSecret } from '../support/session.ts';

// A transaction that stops keeps its locks, so it comes last.
const steps = ['bulk_record_committed', 'bulk_record_done'] as const;

describe('a bulk action whose worker is killed', function () {
  this.timeout(60_000);
  let app: TestApp;
  let sam: Agent;
  const actions = new Map<string, { bulkActionId: string; ids: string[] }>();
  /** By step: how many records were done when the worker died, and how many e-mails are sent again. */
  const atOnce = new Map<string, number[]>();

  before(async () => {
    app = await startTestApp();
    sam = await app.signIn('sam@examdesk.example');
    const worker = forkChild(path.join(import.meta.dirname, '../support/processes/bulk-child.ts'), {
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
    try {
      for (const step of steps) {
        const action = await startSendingAgain();
        actions.set(step, action);
        const stopped = messageOf(worker);
        worker.send({ stopAt: step, bulkActionId: action.bulkActionId } satisfies BulkPlan);
        expect(await stopped).to.deep.equal({ stoppedAt: step });
      }
    } finally {
      await kill(worker);
    }
    expect(worker.signalCode).to.equal('SIGKILL');
    for (const step of steps) atOnce.set(step, await countsOf(step));
    await app.db('bulk_actions').update({ worked_at: app.db.raw(`now() - interval '1 minute'`) });
    expect(await app.system.services.bulkWork.sweep()).to.equal(steps.length);
    for (const { bulkActionId } of actions.values())
      await app.system.services.bulkWork.continue(bulkActionId);
  });
  after(() => app.close());

  async function startSendingAgain(): Promise<{ bulkActionId: string; ids: string[] }> {
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
    return { bulkActionId: address.split('/').at(-1) ?? '', ids };
  }

  async function countsOf(step: string): Promise<[done: number, sentAgain: number]> {
    const { bulkActionId, ids } = actions.get(step)!;
    const done = await app
      .db('bulk_items')
      .where({ bulk_action_id: bulkActionId, state: 'done' })
      .pluck('place');
    const again = await app
      .db('audit_log')
      .whereIn('resource_id', ids)
      .whereRaw(`metadata ->> 'change' = 'sent_again'`)
      .pluck('id');
    return [done.length, again.length];
  }

  for (const step of steps) {
    it(`sends each e-mail again once when it dies at ${step}`, async () => {
      const isKept = step === 'bulk_record_committed';
      expect(atOnce.get(step)).to.deep.equal(isKept ? [1, 1] : [0, 0]);
      expect(await countsOf(step)).to.deep.equal([3, 3]);
      const id = actions.get(step)?.bulkActionId ?? '';
      expect(await app.db('bulk_actions').where({ id }).first()).to.include({ state: 'done' });
    });
  }
});

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { healthPort, readConfig } from '../../src/config.ts';
import { freePort } from '../../src/dev/free-port.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBookingStack, type BookingStack } from '../support/booking-stack.ts';
import { processEnv } from '../support/process-env.ts';
import { projectRoot } from '../support/stack.ts';
import { aDriftReport } from '../support/builders/drift-report.ts';

interface Ready {
  checks: Record<string, string>;
  details: { workers?: { jobs: number; relay: number } };
}

describe('signs of life', () => {
  describe('of a worker that stops', () => {
    let app: TestApp;
    before(async () => {
      app = await startTestApp();
    });
    after(() => app.close());

    const ready = async () => (await app.anonymous().get('/readyz').expect(200)).body as Ready;

    it('are removed at once: /readyz reports no worker, and stays 200', async () => {
      expect((await ready()).checks.jobs).to.equal('no worker');
      await app.system.worker.start();
      expect(await ready()).to.deep.include({
        checks: { ...(await ready()).checks, jobs: 'ok' },
      });
      expect((await ready()).details.workers).to.deep.equal({ jobs: 1, relay: 1 });
      await app.system.worker.stop();
      expect((await ready()).checks.jobs).to.equal('no worker');
      expect(await app.db('workers').select('id')).to.deep.equal([]);
    });

    it('are reported missing on the console’s dashboard, and so is a reconciliation that is overdue', async () => {
      const first = async (email: string) => {
        const { body } = await (await app.signIn(email)).get('/admin/api/dashboard').expect(200);
        return (body as { attention: { label: string; href: string | null; repair: object }[] }).attention[0];
      };
      expect(await first('ada@examdesk.example')).to.deep.equal({
        label: 'No worker is running: e-mails and changes from Acuity are held up',
        count: null,
        href: '/admin/doctor',
        repair: { label: 'Check the system', href: '/admin/doctor' },
      });
      expect(await first('sam@examdesk.example')).to.deep.include({
        href: null,
        repair: { label: 'Ask an admin to look', href: null },
      });
      await app.system.worker.start();
      try {
        expect((await first('ada@examdesk.example'))?.label).not.to.match(/worker|compared/);
        const threeHoursAgo = new Date(Date.now() - 3 * 3_600_000 - 60_000);
        await aDriftReport(app.db, { started_at: threeHoursAgo, finished_at: threeHoursAgo });
        expect(await first('ada@examdesk.example')).to.deep.include({
          label: 'Not compared with Acuity for 3 hours',
          repair: { label: 'Reconcile now', href: '/admin/resources/drift-reports/actions/reconcile' },
        });
      } finally {
        await app.system.worker.stop();
      }
    });

    it('are too old when a worker was killed', async () => {
      await app.db('workers').insert({
        id: '0192f000-0000-7000-8000-000000000009',
        kind: 'jobs',
        seen_at: new Date(Date.now() - 46_000),
      });
      expect((await ready()).checks.jobs).to.equal('no worker');
    });
  });

  describe('of processes', function () {
    this.timeout(60_000);
    let stack: BookingStack;
    const children: ChildProcess[] = [];

    before(async () => {
      stack = await openBookingStack({ METRICS_TOKEN: 'of-a-test' });
    });
    after(async () => {
      for (const child of children) {
        if (child.exitCode === null) {
          child.kill('SIGTERM');
          await once(child, 'exit');
        }
      }
      await stack.close();
    });

    async function start(entry: string, env: Record<string, string>): Promise<void> {
      const child = fork(path.join(projectRoot, `src/${entry}.ts`), [], {
        env: { ...processEnv, ...stack.env, ...env },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      children.push(child);
      await once(child, 'message');
    }

    for (const [entry, variable, kind] of [
      ['worker', 'HEALTH_PORT', 'jobs'],
      ['relay-process', 'PORT', 'relay'],
    ] as const) {
      it(`are served by ${entry}.ts beside its health and metrics`, async () => {
        const port = await freePort();
        await start(entry, { [variable]: String(port), RUN_RELAY: 'false' });
        const ask = (way: string, headers: Record<string, string> = {}) =>
          fetch(`http://127.0.0.1:${port}${way}`, { headers });
        expect((await ask('/healthz')).status).to.equal(200);
        const ready = await ask('/readyz');
        expect(ready.status).to.equal(200);
        expect(((await ready.json()) as Ready).details.workers).to.have.property(kind, 1);
        expect((await ask('/metrics')).status).to.equal(401);
        const figures = await ask('/metrics', { authorization: 'Bearer of-a-test' });
        expect(await figures.text()).to.contain(`examdesk_workers{kind="${kind}"} 1`);
        expect((await ask('/bookings')).status).to.equal(404);
      });
    }

    it('need no port of their own: a second worker takes a free one', async () => {
      const taken = createServer();
      const bound = once(taken, 'listening');
      taken.listen(healthPort(readConfig(stack.env)).port, '127.0.0.1');
      // Any other process may have it as well.
      await bound.catch((error: NodeJS.ErrnoException) => expect(error.code).to.equal('EADDRINUSE'));
      await start('worker', {}).finally(() => taken.close());
      const { rows } = await stack.db.raw<{ rows: { count: number }[] }>(
        `select count(*)::int from workers where kind = 'jobs'`,
      );
      expect(rows[0]?.count).to.equal(2);
    });
  });
});

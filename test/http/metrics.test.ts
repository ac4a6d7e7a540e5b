import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { figuresQuery } from '../../src/metrics/figures.ts';
import { startSimulator } from '../../src/simulator/index.ts';
import { inProduction, startTestApp, type TestApp } from '../support/app.ts';
import { until } from '../support/until.ts';

describe('/metrics', () => {
  let app: TestApp;
  afterEach(() => app.close());

  it('counts requests by the pattern of their route, never by URL', async () => {
    app = await startTestApp();
    const rita = await app.signIn('rita@harbour-legal.example');
    await rita.get('/bookings?q=Marsh').expect(200);
    await rita.get('/bookings/0190aaaa-0000-7000-8000-000000000000').expect(404);
    const { text } = await app
      .anonymous()
      .get('/metrics')
      .expect(200)
      .expect('Content-Type', /text\/plain/);
    expect(text).to.match(
      /http_request_duration_seconds_count\{method="GET",route="\/bookings",status="200"\} 1/,
    );
    expect(text).to.include('route="/bookings/:id",status="404"');
    expect(text).not.to.match(/Marsh|0190aaaa/);
  });

  it('shows what waits in the database and since when, the last successes, and live workers', async () => {
    // Nothing is done at the start: the last seal stays the last.
    app = await startTestApp({ overrides: { jobs: { cron: [] } } });
    await app.db('emails').insert({
      id: randomUUID(),
      kind: 'password_changed',
      dedupe_key: 'x',
      recipient: 'rita@harbour-legal.example',
      created_at: new Date(Date.now() - 600_000),
    });
    await app.db('audit_seals').insert({
      from_id: 0,
      to_id: 1,
      row_count: 1,
      key_id: 'k',
      digest: Buffer.from('x'),
      sealed_at: new Date('2026-11-29T10:00:00Z'),
    });
    await app.system.worker.start();
    try {
      const { text } = await app.anonymous().get('/metrics').expect(200);
      const value = (name: string) => Number(text.split(`\n${name} `)[1]?.split('\n')[0]);
      expect(value('examdesk_database_up')).to.equal(1);
      expect(value('examdesk_waiting{what="queued_emails"}')).to.equal(1);
      expect(value('examdesk_oldest_waiting_age_seconds{what="queued_emails"}')).to.be.within(600, 700);
      expect(value('examdesk_oldest_waiting_age_seconds{what="open_attempts"}')).to.equal(0);
      const sealed = value('examdesk_last_success_timestamp_seconds{what="audit_seal"}');
      expect(new Date(sealed * 1_000).toISOString()).to.equal('2026-11-29T10:00:00.000Z');
      expect(text, 'of what never happened').not.to.contain(
        'examdesk_last_success_timestamp_seconds{what="reconciliation"}',
      );
      expect(value('examdesk_workers{kind="jobs"}')).to.equal(1);
      expect(value('examdesk_database_pool_connections{pool="app",state="waiting"}')).to.equal(0);
    } finally {
      await app.system.worker.stop();
    }
  });

  it('queries every growing table by indexes only', async () => {
    app = await startTestApp();
    await app.db.transaction(async (trx) => {
      // Of a small table the planner would rather read all.
      await trx.raw('set local enable_seqscan = off');
      const { rows } = await trx.raw<{ rows: { 'QUERY PLAN': string }[] }>(`explain ${figuresQuery}`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      const read = [...plan.matchAll(/Seq Scan on (\w+)/g)].map(([, table]) => table);
      expect(plan).to.contain('emails_status_idx').and.to.contain('audit_log_pkey');
      for (const table of read) expect(table).to.be.oneOf(['_private_jobs', 'webhook_subscriptions']);
    });
  });

  it('counts jobs by name and outcome', async () => {
    app = await startTestApp();
    await app.system.worker.start();
    try {
      // What is done at every start.
      await until(async () =>
        (await app.anonymous().get('/metrics')).text.includes(
          'examdesk_job_duration_seconds_count{task="seal_audit",outcome="done"} 1',
        ),
      );
    } finally {
      await app.system.worker.stop();
    }
  });

  it('measures calls to Acuity by route and outcome, the wait for the quota, and the breaker', async () => {
    const simulator = await startSimulator({ port: 0, userId: '11100001', apiKey: 'demo-acuity-key' });
    app = await startTestApp({ env: { ACUITY_BASE_URL: simulator.url } });
    const { acuity } = app.system.services;
    const text = async () => (await app.anonymous().get('/metrics').expect(200)).text;
    try {
      await acuity.calendars();
      await acuity.getAppointment(1);
      const before = await text();
      const counted = (route: string, outcome: string) =>
        `examdesk_acuity_call_duration_seconds_count{method="GET",route="${route}",outcome="${outcome}"} 1`;
      expect(before).to.contain(counted('/calendars', 'ok'));
      expect(before).to.contain(counted('/appointments/{id}', 'not_found'));
      expect(before).to.contain('examdesk_acuity_quota_wait_seconds_count{lane="page",outcome="granted"} 2');
      expect(before).to.contain('examdesk_acuity_breaker_open 0');
      await simulator.close();
      for (let call = 0; call < 3; call += 1) await acuity.calendars();
      const after = await text();
      expect(after).to.contain('examdesk_acuity_breaker_open 1');
      expect(after).to.contain('examdesk_acuity_breaker_opened_total 1');
      expect(after).to.contain('outcome="breaker_open"');
    } finally {
      await simulator.close();
    }
  });

  it('requires the token when METRICS_TOKEN is set', async () => {
    app = await startTestApp({ env: { METRICS_TOKEN: 'a-token-for-prometheus' } });
    await app.anonymous().get('/metrics').expect(401);
    await app.anonymous().get('/metrics').set('Authorization', 'Bearer another-for-prometheus').expect(401);
    await app.anonymous().get('/metrics').set('Authorization', 'Bearer a-token-for-prometheus').expect(200);
  });

  it('is closed in production when METRICS_TOKEN is unset', async () => {
    app = await startTestApp({ env: inProduction });
    await app.anonymous().get('/metrics').expect(404);
  });
});

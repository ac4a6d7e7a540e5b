import { expect } from 'chai';
import { pino } from 'pino';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { readConnection } from '../../src/sync/connection.ts';
import { ensureSubscriptions } from '../../src/sync/subscriptions.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { until } from '../support/until.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';

interface Subscription {
  id: number;
  event: string;
  target: string;
  status: string;
}

let stack: WebhookStack;
const openStack = async () => {
  stack = await openWebhookStack({ target: null });
};
const closeStack = () => stack.close();
/** As after the installation: Acuity has no webhooks, and nothing is stored about ours. */
const disconnect = async () => {
  await stack.control('/reset', {});
  const { db } = stack.app;
  await db('emails').delete();
  await db('drift_reports').delete();
  await db('webhook_subscriptions').delete();
  await db('acuity_connection').update({ checked_at: null, trouble: null, working_until: null });
  // A process waits two seconds between two readings of the forms.
  await db('acuity_forms').update({ forms: null, read_at: null, failed_at: null, reading_until: null });
};

const sync = () => stack.app.system.services.sync;
const ours = () => `${stack.app.url}/automation/acuity`;
const there = () => stack.staff<Subscription[]>('GET', '/webhooks');
const subscribed = async (): Promise<Subscription> => {
  await sync().connect(null);
  const [one] = await there();
  if (!one) throw new Error('No subscription');
  return one;
};
const mails = () => stack.app.db('emails').pluck('kind');
const connection = () => sync().connection();

describe('our webhooks in Acuity', () => {
  before(openStack);
  after(closeStack);
  beforeEach(disconnect);

  it('are made again when somebody deleted them', async () => {
    const { id } = await subscribed();
    await fetch(`${stack.simulator.url}/api/v1/webhooks/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Basic ${Buffer.from('11100001:demo-acuity-key').toString('base64')}` },
    });
    await sync().checkSubscriptions();
    expect(await there()).to.have.length(1);
    expect(await mails()).to.deep.equal(['webhooks_repaired']);
  });

  it('are made by the periodic check, without a mail, when there never were any', async () => {
    const audit = () => stack.app.db('audit_log').where({ resource_type: 'acuity_connection' });
    const earlier = await audit().pluck('id');
    await sync().checkSubscriptions();
    expect((await there()).map(({ target, status }) => ({ target, status }))).to.deep.equal([
      { target: ours(), status: 'active' },
    ]);
    expect(await mails()).to.deep.equal([]);
    expect(await audit().whereNotIn('id', earlier).select('action', 'metadata')).to.deep.equal([
      {
        action: 'record.changed',
        metadata: { made: [{ event: 'appointment.changed', mended: 'missing' }] },
      },
    ]);
  });

  it('are unchanged, and keep their creation time, when they work', async () => {
    const { id } = await subscribed();
    const made = await stack.app.db('webhook_subscriptions').pluck('created_at');
    await sync().checkSubscriptions();
    expect((await there()).map((one) => one.id)).to.deep.equal([id]);
    expect(await mails()).to.deep.equal([]);
    expect(await stack.app.db('webhook_subscriptions').pluck('created_at')).to.deep.equal(made);
    expect((await stack.app.anonymous().get('/readyz')).body.details.webhooks[0].repaired).to.equal(null);
  });

  it('are unchanged when they belong to other installations on the same account', async () => {
    const other = {
      event: 'appointment.changed',
      target: 'https://staging.examdesk.example/automation/acuity',
    };
    const { id } = await stack.staff('POST', '/webhooks', other);
    const done = await sync().connect(null);
    expect(done.ok && done.value.others.map((one) => one.id)).to.deep.equal([id]);
    expect((await there()).map(({ target }) => target)).to.have.members([other.target, ours()]);
  });

  it('are adopted when a process made them and died before it stored them', async () => {
    const { id } = await stack.staff('POST', '/webhooks', { event: 'appointment.changed', target: ours() });
    await sync().checkSubscriptions();
    expect((await there()).map((one) => one.id)).to.deep.equal([id]);
    expect(await stack.app.db('webhook_subscriptions').pluck('acuity_id')).to.deep.equal([id]);
  });

  it('are reduced to one when there are two', async () => {
    const wanted = { event: 'appointment.changed', target: ours() };
    await stack.staff('POST', '/webhooks', wanted);
    await stack.staff('POST', '/webhooks', wanted);
    await sync().checkSubscriptions();
    expect(await there()).to.have.length(1);
  });

  it('are made once when several processes connect concurrently', async () => {
    // Keeps the one that is let in at its work until the others have asked: later they would rightly connect once more.
    const holder = await stack.app.db.transaction();
    await holder.raw('lock table webhook_subscriptions in access exclusive mode');
    let refused = 0;
    const asked = Array.from({ length: 4 }, async () => {
      const result = await sync().connect(null);
      if (!result.ok) refused += 1;
      return result;
    });
    await until(() => refused === 3);
    await holder.commit();
    const done = await Promise.all(asked);
    expect(await there()).to.have.length(1);
    expect(done.filter(({ ok }) => ok)).to.have.length(1);
    expect(done.flatMap((one) => (one.ok ? [] : [one.reason]))).to.deep.equal(Array(3).fill('under_way'));
    expect(await sync().connect(null)).to.include({ ok: true });
  });

  it('can be made again when the process that was making them died', async () => {
    const { db } = stack.app;
    await db('acuity_connection').update({ working_until: db.raw(`now() + interval '1 minute'`) });
    expect(await sync().connect(null)).to.include({ reason: 'under_way' });
    await db('acuity_connection').update({ working_until: db.raw(`now() - interval '1 second'`) });
    expect(await sync().connect(null)).to.include({ ok: true });
  });

  const failing = async (method: string, status: number, body: object) =>
    stack.control('/faults', {
      rules: [{ method, path: '/webhooks', times: 20, effect: { status, body: JSON.stringify(body) } }],
    });
  const refusals: [string, string, number, object, string][] = [
    [
      'the key is wrong',
      'GET',
      401,
      { status_code: 401, message: 'Unauthorized', error: 'unauthorized' },
      'unauthorized',
    ],
    [
      'the plan has no API',
      'GET',
      403,
      { status_code: 403, message: 'Forbidden', error: 'forbidden' },
      'no_api_access',
    ],
    ['Acuity refuses', 'POST', 400, { status_code: 400, message: 'No', error: 'bad_request' }, 'refused'],
  ];
  for (const [when, method, status, body, reason] of refusals) {
    it(`are reported as failed, by /readyz too, when ${when}`, async () => {
      await failing(method, status, body);
      expect(await sync().connect(null)).to.include({ ok: false, reason });
      await sync().checkSubscriptions();
      const answer = await stack.app.anonymous().get('/readyz');
      expect(answer.body.details.connection).to.include({ attention: 'never_connected', trouble: reason });
      expect(await stack.app.db('acuity_connection').pluck('trouble')).to.deep.equal([reason]);
      expect(await connection()).to.include({ attention: 'never_connected' });
    });
  }

  it('are reported when Acuity allows no more for the account', async () => {
    for (let n = 0; n < 25; n += 1)
      await stack.staff('POST', '/webhooks', {
        event: 'order.completed',
        target: `https://shop.example/${n}`,
      });
    expect(await sync().connect(null)).to.include({ ok: false, reason: 'limit_reached' });
    expect(await there()).to.have.length(25);
  });

  it('are made when the next check succeeds', async () => {
    await failing('POST', 500, {});
    expect(await sync().connect(null)).to.include({ reason: 'unavailable' });
    await stack.control('/faults', { rules: [] });
    await sync().checkSubscriptions();
    expect(await there()).to.have.length(1);
    expect(await connection()).to.include({ attention: null, trouble: null });
  });

  it('are unchanged while Acuity does not answer', async () => {
    await subscribed();
    await stack.control('/faults', {
      rules: [{ path: '/webhooks', times: 20, effect: { status: 502, body: '<html>' } }],
    });
    expect(await sync().connect(null)).to.include({ ok: false, reason: 'unavailable' });
    expect(await stack.app.db('webhook_subscriptions')).to.have.length(1);
    expect(await connection()).to.include({ attention: null, trouble: 'unavailable' });
  });
});

describe('our webhooks in Acuity, with appointments of this test alone,', () => {
  beforeEach(openStack);
  afterEach(closeStack);

  it('are made once, with our relay as the target, and deliver events', async () => {
    await sync().connect(null);
    await sync().connect(null);
    expect((await there()).map(({ event, target }) => ({ event, target }))).to.deep.equal([
      { event: 'appointment.changed', target: `${stack.app.url}/automation/acuity` },
    ]);
    const { id } = await stack.makeAppointment();
    stack.app.system.relay.start();
    await stack.settled();
    expect(await stack.booking(id)).to.include({ source: 'acuity_direct' });
    expect(await stack.app.db('webhook_events').pluck('action')).to.deep.equal(['changed']);
  });

  it('are replaced, and what was missed is reconciled, when Acuity disabled them', async () => {
    await subscribed();
    const [stored] = stack.simulator.state.subscriptions;
    if (stored) stored.status = 'disabled';
    const { id } = await stack.makeAppointment();
    expect(await stack.booking(id)).to.equal(undefined);
    await sync().checkSubscriptions();
    expect((await there()).map(({ status }) => status)).to.deep.equal(['active']);
    expect(await stack.booking(id)).to.include({ source: 'acuity_direct' });
    expect(await mails()).to.include.members(['webhooks_repaired', 'drift_report']);
    const { body } = await stack.app.anonymous().get('/readyz');
    expect(body.details.webhooks[0]).to.include({ event: 'appointment.changed', repaired: 'disabled' });
  });

  it('are replaced when reconciliation found changes that they did not announce', async () => {
    const { id } = await subscribed();
    await stack.app.db('webhook_subscriptions').update({ created_at: new Date(Date.now() - 3_600_000) });
    await stack.control('/webhooks', { enabled: false });
    await stack.makeAppointment();
    await sync().reconcileNear();
    await stack.app.db('emails').delete();
    await sync().checkSubscriptions();
    expect((await there())[0]?.id).not.to.equal(id);
    expect(await mails()).to.deep.equal(['webhooks_repaired']);
    await sync().checkSubscriptions();
    expect(await mails(), 'once').to.have.length(1);
  });
});

describe('our webhooks in Acuity when Acuity cannot reach us', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.close());
  beforeEach(async () => {
    await database.db('acuity_connection').update({ checked_at: null, trouble: null });
  });

  for (const [name, target, acuityUrl] of [
    ['it has no https', 'http://examdesk.agency.example/automation/acuity', 'https://acuityscheduling.com'],
    [
      'it has a port of its own',
      'https://examdesk.agency.example:8443/automation/acuity',
      'https://acuityscheduling.com',
    ],
    ['it is on this machine', 'https://localhost/automation/acuity', 'https://acuityscheduling.com'],
  ] as const) {
    it(`are not made when ${name}`, async () => {
      const acuity = createFakeAcuity();
      const done = await ensureSubscriptions(
        {
          db: database.db,
          acuity,
          clock: systemClock,
          log: pino({ level: 'silent' }),
          target,
          acuityUrl,
          announce: () => Promise.reject(new Error('Nothing was made')),
        },
        { silent: false },
      );
      expect(done).to.deep.equal({ ok: false, reason: 'address' });
      expect(acuity.calls).to.deep.equal([]);
      expect(await readConnection({ db: database.db, clock: systemClock, target })).to.include({
        attention: 'never_connected',
        trouble: 'address',
      });
    });
  }
});

describe('connection to Acuity', () => {
  before(openStack);
  after(closeStack);
  beforeEach(disconnect);

  const waiting = async (email: string): Promise<{ label: string; repair: object }[]> => {
    const agent = await stack.app.signIn(email);
    const { body } = await agent.get('/admin/api/dashboard').set('sec-fetch-site', 'same-origin').expect(200);
    return (body as { attention: { label: string; count: number; repair: object }[] }).attention.filter(
      ({ label }) => /Acuity/.test(label) && !/Differences|reference|worker/.test(label),
    );
  };

  it('is reported on the first page and by /readyz, which stays ready, when it was never made', async () => {
    const answer = await stack.app.anonymous().get('/readyz').expect(200);
    expect(answer.body.details.connection).to.deep.equal({
      attention: 'never_connected',
      trouble: null,
      checkedAt: null,
      lastEventAt: null,
    });
    const [first] = await waiting('ada@examdesk.example');
    expect(first).to.deep.equal({
      label: 'Acuity is not connected: it tells us of no change',
      count: null,
      href: '/admin/acuity',
      repair: { label: 'Connect Acuity', href: '/admin/acuity' },
    });
    const [ofSupport] = await waiting('sam@examdesk.example');
    expect(ofSupport?.repair).to.deep.equal({ label: 'Ask an admin to connect Acuity', href: null });
    await sync().connect(null);
    expect(await waiting('ada@examdesk.example')).to.deep.equal([]);
  });

  it('ignores rows of another address when the database is a copy', async () => {
    await sync().connect(null);
    await stack.app
      .db('webhook_subscriptions')
      .update({ target: 'https://examdesk.example/automation/acuity' });
    expect(await connection()).to.include({ attention: 'never_connected' });
  });
});

describe('connection to Acuity, with bookings of this test alone,', () => {
  beforeEach(openStack);
  afterEach(closeStack);

  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

  it('needs attention when a booking was made an hour ago and no event has come since', async () => {
    const { db } = stack.app;
    await sync().connect(null);
    await db('webhook_subscriptions').update({ created_at: hoursAgo(48) });
    await stack.makeAppointment();
    stack.app.system.relay.start();
    await stack.settled();
    expect(await connection()).to.include({ attention: null });
    // The event is from yesterday, and a referrer booked two hours ago.
    await db('webhook_events').update({ received_at: hoursAgo(24) });
    expect(await connection(), 'nothing booked here').to.include({ attention: null });
    await db('bookings').update({ source: 'portal', created_at: hoursAgo(0.5) });
    expect(await connection(), 'booked a moment ago').to.include({ attention: null });
    await db('bookings').update({ created_at: hoursAgo(2) });
    expect(await connection()).to.include({ attention: 'quiet' });
    await db('booking_progress').update({ source: 'reconciliation' });
    expect(await connection(), 'brought back after a restore').to.include({ attention: null });
    await db('booking_progress').update({ source: 'acuity' });
    await db('webhook_events').update({ received_at: hoursAgo(2.01) });
    expect(await connection(), 'the event came before the booking was stored').to.include({
      attention: null,
    });
  });
});

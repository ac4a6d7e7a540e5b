import { expect } from 'chai';
import { openWebhookStack, type WebhookStack } from '../../support/webhook-stack.ts';

interface Subscription {
  id: number;
  event: string;
  target: string;
  status: string;
}

describe('our webhooks in Acuity', () => {
  let stack: WebhookStack;
  const sync = () => stack.app.system.services.sync;
  const there = () => stack.staff<Subscription[]>('GET', '/webhooks');

  beforeEach(async () => {
    stack = await openWebhookStack({ target: null });
  });
  afterEach(() => stack.close());

  const subscribed = async (): Promise<Subscription> => {
    await sync().subscribe();
    const [one] = await there();
    if (!one) throw new Error('No subscription');
    return one;
  };
  const mails = () => stack.app.db('emails').pluck('kind');

  it('are made once, at our relay, and bring events', async () => {
    await sync().subscribe();
    await sync().subscribe();
    expect((await there()).map(({ event, target }) => ({ event, target }))).to.deep.equal([
      { event: 'appointment.changed', target: `${stack.app.url}/automation/acuity` },
    ]);
    const { id } = await stack.makeAppointment();
    await stack.settled();
    expect(await stack.booking(id)).to.include({ source: 'acuity_direct' });
    expect(await stack.app.db('webhook_events').pluck('action')).to.deep.equal(['changed']);
  });

  it('that were disabled are noticed, made anew, and what was missed is made up for', async () => {
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

  it('that somebody deleted are made anew', async () => {
    const { id } = await subscribed();
    await fetch(`${stack.simulator.url}/api/v1/webhooks/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Basic ${Buffer.from('11100001:demo-acuity-key').toString('base64')}` },
    });
    await sync().checkSubscriptions();
    expect(await there()).to.have.length(1);
    expect(await mails()).to.deep.equal(['webhooks_repaired']);
  });

  it('that fell silent are noticed by what reconciliation found', async () => {
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

  it('are left alone when they are well, or when we never made any', async () => {
    await sync().checkSubscriptions();
    expect(await there()).to.deep.equal([]);
    const { id } = await subscribed();
    await sync().checkSubscriptions();
    expect((await there()).map((one) => one.id)).to.deep.equal([id]);
    expect(await mails()).to.deep.equal([]);
    expect((await stack.app.anonymous().get('/readyz')).body.details.webhooks[0].repaired).to.equal(null);
  });

  it('stay as they are while Acuity is away', async () => {
    await subscribed();
    await stack.control('/faults', {
      rules: [{ path: '/webhooks', times: 20, effect: { status: 502, body: '<html>' } }],
    });
    expect(await sync().subscribe()).to.include({ ok: false, reason: 'acuity_unavailable' });
    expect(await stack.app.db('webhook_subscriptions')).to.have.length(1);
  });
});

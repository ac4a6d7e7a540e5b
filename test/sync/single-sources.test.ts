import { expect } from 'chai';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';

describe('each way to learn of changes in Acuity', () => {
  let stack: WebhookStack;
  afterEach(() => stack.close());

  const ways = {
    'the direct webhook': {
      target: '/webhooks/acuity',
      learn: () => stack.settled(),
      without: () => stack.app.system.relay.stop(),
    },
    'the relay': {
      target: '/automation/acuity',
      learn: () => stack.settled(),
      without: () => Promise.resolve(),
    },
    reconciliation: {
      target: null,
      learn: () => stack.app.system.services.sync.reconcileNear(),
      without: () => stack.app.system.relay.stop(),
    },
  } as const;

  for (const [way, { target, learn, without }] of Object.entries(ways)) {
    it(`brings everything in step when ${way} is the only one`, async () => {
      stack = await openWebhookStack({ target });
      await without();
      const [kept, moved, cancelled] = [
        await stack.makeAppointment(),
        await stack.makeAppointment(),
        await stack.makeAppointment(),
      ];
      await learn();
      const to = new Date(Date.parse(moved.datetime) + 3_600_000).toISOString();
      await stack.staff('PUT', `/appointments/${moved.id}/reschedule?admin=true`, { datetime: to });
      await stack.staff('PUT', `/appointments/${cancelled.id}/cancel?admin=true`, {});
      await learn();
      expect((await stack.booking(kept.id))?.status).to.equal('active');
      expect((await stack.booking(moved.id))?.starts_at.toISOString()).to.equal(to);
      expect((await stack.booking(cancelled.id))?.status).to.equal('cancelled');
      expect(await stack.app.db('bookings')).to.have.length(3);
    });
  }
});

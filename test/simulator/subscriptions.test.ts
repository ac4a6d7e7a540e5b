// Webhook subscriptions of the simulator: their rules, what is sent to them, and when they are disabled.
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { openSimulatorFixture, tuesdayAtTen, type SimulatorFixture } from '../support/simulator-fixture.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/listen.ts';

describe('the simulator’s webhooks', () => {
  let fixture: SimulatorFixture;

  before(async () => {
    fixture = await openSimulatorFixture();
  });
  after(() => fixture.simulator.close());
  beforeEach(() => fixture.control('reset', {}));

  describe('subscriptions', () => {
    let receiver: Server;
    let target: string;
    let received: string[];
    let answer = 200;

    beforeEach(async () => {
      received = [];
      answer = 200;
      receiver = createServer((req, res) => {
        let body = '';
        req.on('data', (chunk: Buffer) => (body += chunk.toString()));
        req.on('end', () => {
          received.push(body);
          res.writeHead(answer).end();
        });
      });
      target = `http://127.0.0.1:${await listen(receiver)}/`;
    });
    afterEach(() => void receiver.close());

    const deliveries = async (): Promise<unknown[]> => {
      const listed = await fetch(`${fixture.simulator.url}/_sim/deliveries`);
      return ((await listed.json()) as { deliveries: unknown[] }).deliveries;
    };

    it('are created, listed and deleted, twenty-five at most, for known events and reachable targets only', async () => {
      const event = 'appointment.changed';
      const made = await fixture.api('POST', '/webhooks', { event, target });
      expect(made).to.deep.equal({
        status: 200,
        body: { id: made.body.id, event, target, status: 'active' },
      });
      for (const wrong of [
        { event: 'appointment.lost', target },
        { event, target: 'ftp://example.com/' },
        { event, target: 'https://example.com:8443/' },
        { event, target: 'https://localhost.example.com:8443/' },
        { event, target: 'https://127.0.0.1.example.com:8443/' },
        { event, target: '/hooks' },
      ]) {
        expect((await fixture.api('POST', '/webhooks', wrong)).status, JSON.stringify(wrong)).to.equal(400);
      }
      for (let n = 1; n < 25; n += 1)
        await fixture.api('POST', '/webhooks', { event, target: 'https://example.com/' });
      expect((await fixture.api('POST', '/webhooks', { event, target })).status).to.equal(400);
      expect(await fixture.list('/webhooks')).to.have.length(25);
      expect(await fixture.raw('DELETE', `/webhooks/${String(made.body.id)}`)).to.deep.equal({
        status: 204,
        body: {},
      });
      expect(await fixture.list('/webhooks')).to.have.length(24);
    });

    it('receive prefixed actions, only those subscribed to, and only `changed` for an edit', async () => {
      for (const event of ['appointment.rescheduled', 'appointment.changed']) {
        await fixture.api('POST', '/webhooks', { event, target });
      }
      const id = await fixture.book();
      await until(() => received.length === 1);
      await fixture.api('PUT', `/appointments/${id}/reschedule`, { datetime: tuesdayAtTen });
      await until(() => received.length === 3);
      await fixture.api('PUT', `/appointments/${id}`, { phone: '+61299990000' });
      await until(() => received.length === 4);
      const rest = `&id=${id}&calendarID=7001&appointmentTypeID=8001`;
      const [changed, rescheduled] = [
        `action=appointment.changed${rest}`,
        `action=appointment.rescheduled${rest}`,
      ];
      expect(received.toSorted()).to.deep.equal([changed, changed, changed, rescheduled]);
    });

    it('are disabled silently after five days of failures only', async () => {
      const { body } = await fixture.api('POST', '/webhooks', { event: 'appointment.changed', target });
      answer = 500;
      const statuses = async () => (await fixture.list('/webhooks')).map(({ status }) => status);
      const id = await fixture.book();
      await until(() => received.length === 1);
      await fixture.control('clock', { now: '2026-11-27T00:00:00Z' });
      await until(() => received.length === 2);
      expect(await statuses()).to.deep.equal(['active']);
      await fixture.control('clock', { now: '2026-11-28T00:01:00Z' });
      await fixture.api('PUT', `/appointments/${id}`, { phone: '1' });
      await until(() => received.length === 3);
      await until(() => fixture.simulator.state.subscriptions[0]?.status === 'disabled');
      expect(await deliveries()).to.have.length(2);
      await fixture.api('PUT', `/appointments/${id}`, { phone: '2' });
      expect(await deliveries()).to.have.length(2);
      expect(await fixture.list('/webhooks')).to.deep.include({
        id: body.id,
        event: 'appointment.changed',
        target,
        status: 'disabled',
      });
    });

    it('receive the later of two events first when reordering is on', async () => {
      await fixture.control('webhooks', { reorder: true, duplicate: 0 });
      for (const event of ['appointment.scheduled', 'appointment.changed']) {
        await fixture.api('POST', '/webhooks', { event, target });
      }
      await fixture.book();
      await until(() => received.length === 1);
      expect(received[0]).to.include('action=appointment.changed');
      await fixture.control('clock', { now: '2026-11-23T00:00:01Z' });
      await until(() => received.length === 2);
      expect(received[1]).to.include('action=appointment.scheduled');
    });
  });
});

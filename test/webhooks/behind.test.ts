// Events of one appointment that wait behind another: the read of Acuity for that one answers them too.
import { expect } from 'chai';
import type { Appointment } from '../../src/ports/acuity.ts';
import type { WebhookEvent } from '../../src/webhooks/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { peopleOf } from '../support/booking-fixture.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { eventBody, send, signed } from '../support/webhook-stack.ts';
import { anAppointment } from '../support/builders/appointment.ts';

const appointmentId = 1_900_000_011;

describe('processing an event while others of its appointment wait', () => {
  let app: TestApp;
  let fake: FakeAcuity;
  let reads = 0;
  let duringRead: () => Promise<unknown> = async () => undefined;
  let atStep: (step: string) => void = () => undefined;

  before(async () => {
    fake = createFakeAcuity();
    const acuity = {
      ...fake,
      async getAppointment(id: number) {
        reads += 1;
        const answer = await fake.getAppointment(id);
        await duringRead();
        return answer;
      },
    };
    // Nothing delivers here: the tests do.
    app = await startTestApp({
      env: { WEBHOOK_DELAY_SECONDS: '0' },
      overrides: { acuity, convergence: { readAgainMs: [] }, webhooks: { onStep: (step) => atStep(step) } },
    });
  });
  after(() => app.close());
  beforeEach(async () => {
    await app.db('webhook_events').delete();
    await app.db('appointment_read_versions').delete();
    reads = 0;
    duringRead = async () => undefined;
    atStep = () => undefined;
    fake.recover();
    fake.appointments.set(appointmentId, inAcuity({}));
  });

  const take = async (action: string): Promise<string> =>
    (await send(`${app.url}/automation/acuity`, eventBody(action, appointmentId))).body.eventId as string;
  const deliver = (id: string, action: string) => {
    const body = eventBody(action, appointmentId);
    const request = { requestId: 'x', ip: null, userAgent: null };
    return app.system.services.webhooks.receive(
      { body: Buffer.from(body), headers: signed(body) },
      request,
      id,
    );
  };
  const states = (): Promise<WebhookEvent['state'][]> =>
    app.db('webhook_events').orderBy('seq').pluck('state');
  const recorded = (): Promise<(string | null)[]> =>
    app
      .db('audit_log')
      .where({ action: 'webhook.processed' })
      .whereIn('resource_id', app.db('webhook_events').select(app.db.raw('id::text')))
      .pluck('resource_id');

  it('reads Acuity once, and stores an outcome and an audit row for each', async () => {
    const first = await take('scheduled');
    const ids = [first, await take('changed'), await take('rescheduled'), await take('updated')];
    expect(await deliver(first, 'scheduled')).to.include({ kind: 'done', outcome: 'created' });
    expect(reads).to.equal(1);
    const rows = (await app
      .db('webhook_events')
      .orderBy('seq')
      .select('state', 'outcome', 'booking_id', 'next_attempt_at')) as {
      outcome: string;
      booking_id: string | null;
    }[];
    expect(rows.map(({ outcome }) => outcome)).to.deep.equal(['created', 'skipped', 'skipped', 'skipped']);
    expect(new Set(rows.map((row) => row.booking_id)).size).to.equal(1);
    expect(rows[0]?.booking_id).to.be.a('string');
    expect(await states()).to.deep.equal(Array(4).fill('processed'));
    expect(await recorded()).to.have.members(ids);
  });

  it('leaves an event that counted an equal one during the read: it tells of a later change', async () => {
    const first = await take('changed');
    const second = await take('rescheduled');
    let counted = '';
    duringRead = async () => {
      counted = await take('rescheduled');
    };
    await deliver(first, 'changed');
    expect(counted).to.equal(second);
    expect(await states()).to.deep.equal(['processed', 'waiting']);
    expect(await recorded()).to.deep.equal([first]);
  });

  it('leaves an event that arrived during the read', async () => {
    const first = await take('changed');
    duringRead = () => take('rescheduled');
    await deliver(first, 'changed');
    expect(await states()).to.deep.equal(['processed', 'waiting']);
  });

  it('leaves an event whose replay was requested during the read', async () => {
    const first = await take('changed');
    const second = await take('rescheduled');
    const { ada } = await peopleOf(app.db);
    duringRead = () => app.system.services.webhooks.replay(ada, second);
    await deliver(first, 'changed');
    expect(await states()).to.deep.equal(['processed', 'waiting']);
  });

  it('leaves an event that another process has begun to deliver', async () => {
    const first = await take('changed');
    const second = await take('rescheduled');
    duringRead = () =>
      app
        .db('webhook_events')
        .where({ id: second })
        .update({ state: 'delivering', attempts: 1, lease_until: new Date(Date.now() + 600_000) });
    await deliver(first, 'changed');
    expect(await states()).to.deep.equal(['processed', 'delivering']);
  });

  it('leaves events that are not due yet, and those of another channel', async () => {
    const first = await take('changed');
    const [undue, other] = [await take('rescheduled'), await take('updated')];
    const db = app.db('webhook_events');
    await db
      .clone()
      .where({ id: undue })
      .update({ next_attempt_at: new Date(Date.now() + 3_600_000) });
    await app.database.owner('webhook_events').where({ id: other }).update({ channel: 'automation' });
    await deliver(first, 'changed');
    expect(await states()).to.deep.equal(['processed', 'waiting', 'waiting']);
  });

  it('leaves an event of an order that has the number of the appointment', async () => {
    const first = await take('changed');
    const order = await take('order.completed');
    await deliver(first, 'changed');
    expect(await states()).to.deep.equal(['processed', 'waiting']);
    expect(await deliver(order, 'order.completed')).to.deep.equal({
      kind: 'done',
      outcome: 'ignored',
      bookingId: null,
    });
  });

  it('leaves the event itself when its replay was requested during the read', async () => {
    const first = await take('changed');
    const { ada } = await peopleOf(app.db);
    duringRead = () => app.system.services.webhooks.replay(ada, first);
    await deliver(first, 'changed');
    expect(await states()).to.deep.equal(['waiting']);
    duringRead = async () => undefined;
    await deliver(first, 'changed');
    expect(await states()).to.deep.equal(['processed']);
    expect(reads).to.equal(2);
  });

  it('stores nothing for any of them when Acuity does not answer, or the process dies before it can', async () => {
    const first = await take('changed');
    await take('rescheduled');
    fake.failWith({ reason: 'unavailable', notSent: false, retryAfterMs: 1_000 });
    expect(await deliver(first, 'changed')).to.include({ kind: 'retry' });
    expect(await states()).to.deep.equal(['waiting', 'waiting']);
    fake.recover();
    atStep = () => {
      throw new Error('The process dies here');
    };
    const died = await deliver(first, 'changed').catch((error: unknown) => error);
    expect(died).to.be.instanceOf(Error);
    expect(await states()).to.deep.equal(['waiting', 'waiting']);
    atStep = () => undefined;
    await deliver(first, 'changed');
    expect(await states()).to.deep.equal(['processed', 'processed']);
  });

  it('stores each outcome once when processes read for the same events concurrently', async () => {
    const first = await take('changed');
    const ids = [first, await take('rescheduled'), await take('updated'), await take('scheduled')];
    const answers = await Promise.all(Array.from({ length: 6 }, () => deliver(first, 'changed')));
    expect(answers.map(({ kind }) => kind)).to.deep.equal(Array(6).fill('done'));
    expect(await states()).to.deep.equal(Array(4).fill('processed'));
    const rows = await recorded();
    expect(rows).to.have.length(ids.length);
    expect(rows).to.have.members(ids);
  });

  function inAcuity(change: Partial<Appointment>): Appointment {
    return anAppointment({
      id: appointmentId,
      startsAt: new Date(Date.now() + 30 * 86_400_000),
      ...change,
    });
  }
});

// Reconciliation repairs examinations whose time is over, but tells nobody.
import { expect } from 'chai';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { dayFromToday, sydneyTime } from '../support/days.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';

describe('reconciliation of past examinations', () => {
  let ground: AppGround;
  let stack: WebhookStack;
  const sync = () => stack.app.system.services.sync;
  const kinds = () => stack.app.db('emails').orderBy('kind').pluck('kind');
  /** At ten in the morning in Sydney. */
  const timeIn = (days: number) => sydneyTime(dayFromToday(days), 10);
  const makePast = (change: object = {}) => stack.makeAppointment({ datetime: timeIn(-5), ...change });
  /** Edits the simulator's state directly, so that no event is sent. */
  function moveToPast(id: number): void {
    const appointment = stack.simulator.state.appointments.find((one) => one.id === id);
    if (!appointment) throw new Error('No such appointment');
    appointment.datetime = new Date(timeIn(-5)).toISOString();
  }
  async function bookPastThen(change: (id: number) => Promise<unknown>): Promise<number> {
    const { id } = await makePast();
    await sync().reconcileNear();
    await change(id);
    return id;
  }

  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    stack = await openWebhookStack({ target: null, ground });
  });
  afterEach(() => stack.close());

  it('mails nobody when it makes the booking, with or without a referrer', async () => {
    const known = await makePast();
    const unknown = await makePast({ email: 'nobody@we.example' });
    expect(await sync().reconcileNear()).to.include({ found: 2, fixed: 2 });
    expect(await stack.booking(known.id)).to.include({ status: 'active', current_progress: 'scheduled' });
    expect(await stack.booking(unknown.id)).to.include({ created_by_id: null });
    expect(await kinds()).to.deep.equal([]);
  });

  it('mails nobody when no event announced a cancellation or a no-show', async () => {
    const cancelled = await bookPastThen((id) =>
      stack.staff('PUT', `/appointments/${id}/cancel?admin=true&noEmail=true`, {}),
    );
    const missed = await bookPastThen((id) =>
      stack.staff('PUT', `/appointments/${id}/cancel?admin=true&noEmail=true`, { noShow: true }),
    );
    await sync().reconcileAll();
    expect(await stack.booking(cancelled)).to.include({ status: 'cancelled' });
    expect(await stack.booking(missed)).to.include({ current_progress: 'no_show' });
    expect(await kinds()).to.deep.equal([]);
  });

  it('mails nobody when an appointment was moved to a time that is over', async () => {
    const { id } = await stack.makeAppointment();
    await sync().reconcileNear();
    await stack.app.db('emails').delete();
    moveToPast(id);
    expect(await sync().reconcileNear()).to.include({ found: 1, fixed: 1 });
    expect((await stack.booking(id))?.starts_at.getTime()).to.be.below(Date.now());
    expect(await kinds()).to.deep.equal([]);
  });

  it('does not keep a webhook from announcing a no-show, which is only known afterwards', async () => {
    const id = await bookPastThen((one) =>
      stack.staff('PUT', `/appointments/${one}/cancel?admin=true&noEmail=true`, { noShow: true }),
    );
    await stack.app.system.services.convergence.converge(id, { source: 'acuity' });
    expect(await kinds()).to.deep.equal(['booking_no_show']);
  });

  it('counts only future examinations in the mail to admins', async () => {
    await makePast({ calendarID: 7003 });
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7003 })
      .update({ acuity_calendar_id: 7999 });
    expect(await sync().reconcileAll()).to.include({ found: 1, fixed: 0 });
    expect(await kinds()).to.deep.equal([]);
    await stack.makeAppointment();
    expect(await sync().reconcileAll()).to.include({ found: 2, fixed: 1 });
    expect(await kinds()).to.deep.equal(['booking_confirmation', 'drift_report']);
  });

  it('mails nobody when it is quiet', async () => {
    const { id } = await stack.makeAppointment();
    const unknown = await stack.makeAppointment({ email: 'nobody@we.example' });
    const { convergence } = stack.app.system.services;
    for (const one of [id, unknown.id]) await convergence.converge(one, { source: 'acuity', quiet: true });
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true&noEmail=true`, {});
    await convergence.converge(id, { source: 'acuity', quiet: true });
    expect(await stack.booking(id)).to.include({ status: 'cancelled' });
    expect(await kinds()).to.deep.equal([]);
    const told: unknown[] = await stack.app.db('unassigned_notices').pluck('booking_id');
    expect(told).to.deep.equal([(await stack.booking(unknown.id))?.id]);
  });
});

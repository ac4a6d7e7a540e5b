import { expect } from 'chai';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { until } from '../support/until.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';

const anHour = 3_600_000;

describe('reconciliation', () => {
  let ground: AppGround;
  let stack: WebhookStack;
  const sync = () => stack.app.system.services.sync;
  const near = (fixes: boolean) => sync().reconcile({ ...sync().nearSpan(), fixes });
  const items = () =>
    stack.app
      .db('drift_items')
      .orderBy('difference')
      .select('difference', 'state', 'announced', 'appointment_id');
  const pathsOfCalls = async (): Promise<string[]> => {
    const answer = await fetch(`${stack.simulator.url}/_sim/calls`);
    return ((await answer.json()) as { calls: { path: string }[] }).calls.map(({ path }) => path);
  };
  const differences = async () => (await items()).map(({ difference, state }) => `${difference}: ${state}`);

  // No events arrive here: only reconciliation finds anything.
  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    stack = await openWebhookStack({ target: null, ground });
  });
  afterEach(() => stack.close());

  it('makes and reports bookings of appointments that no event announced', async () => {
    const made = [await stack.makeAppointment(), await stack.makeAppointment()];
    const report = await near(true);
    expect(report).to.include({ state: 'done', appointments: 2, found: 2, fixed: 2, unannounced: 2 });
    for (const { id } of made)
      expect(await stack.booking(id)).to.include({ source: 'acuity_direct', status: 'active' });
    const progress = await stack.app.db('booking_progress').pluck('source');
    expect(progress).to.deep.equal(['reconciliation', 'reconciliation']);
    expect(await near(true)).to.include({ found: 0 });
  });

  it('finds, names and repairs differences', async () => {
    const [moved, cancelled, elsewhere, renamed] = [
      await stack.makeAppointment(),
      await stack.makeAppointment(),
      await stack.makeAppointment(),
      await stack.makeAppointment(),
    ];
    await near(true);
    const to = new Date(new Date(moved.datetime).getTime() + anHour).toISOString();
    await stack.staff('PUT', `/appointments/${moved.id}/reschedule?admin=true`, { datetime: to });
    await stack.staff('PUT', `/appointments/${cancelled.id}/cancel?admin=true`, {});
    await stack.staff('PUT', `/appointments/${elsewhere.id}/reschedule?admin=true`, {
      datetime: elsewhere.datetime,
      calendarID: 7003,
    });
    await stack.staff('PUT', `/appointments/${renamed.id}?admin=true`, {
      fields: [{ id: 9103, value: 'Marlow' }],
    });
    await stack.app.db('drift_items').delete();

    expect(await near(false)).to.include({ fixes: false, fixed: 0 });
    expect(await differences()).to.include.members([
      'details: found',
      'specialist: found',
      'status: found',
      'time: found',
    ]);
    expect((await stack.booking(cancelled.id))?.status, 'only looked at').to.equal('active');

    await stack.app.db('drift_items').delete();
    await near(true);
    const repaired = await differences();
    expect(repaired).to.include.members([
      'details: fixed',
      'specialist: fixed',
      'status: fixed',
      'time: fixed',
    ]);
    for (const one of repaired) expect(one).to.match(/: fixed$/);
    expect((await stack.booking(moved.id))?.starts_at.toISOString()).to.equal(to);
    expect(await stack.booking(cancelled.id)).to.include({ status: 'cancelled' });
    expect(await stack.booking(renamed.id)).to.include({ examinee_last_name: 'Marlow' });
    expect(await near(true)).to.include({ found: 0 });
  });

  it('reads no appointment by itself that Acuity lists on the day beside the span', async () => {
    const { id, datetime } = await stack.makeAppointment();
    await near(true);
    // Ten in the morning in Sydney is still the day before in UTC.
    const day = new Date(new Date(datetime).getTime() - 24 * anHour).toISOString().slice(0, 10);
    const before = (await pathsOfCalls()).length;
    expect(await sync().reconcile({ from: day, to: day, fixes: false })).to.include({ found: 0 });
    expect((await pathsOfCalls()).slice(before)).to.not.include(`/appointments/${id}`);
  });

  it('reads each window once in a run over several', async () => {
    // One each day: some are on one side of a window's end in UTC, and on the other in Sydney.
    const made = [];
    for (let n = 0; n < 22; n += 1) made.push(await stack.makeAppointment());
    await near(true);
    const [first, last] = [made[0], made.at(-1)].map((one) => one?.datetime.slice(0, 10) ?? '');
    if (!first || !last) throw new Error('No appointments');
    const before = (await pathsOfCalls()).length;
    const report = await sync().reconcile({ from: first, to: last, fixes: false });
    expect(report).to.include({ state: 'done', appointments: 22, found: 0 });
    const lists = (await pathsOfCalls()).slice(before).filter((path) => path.endsWith('/appointments'));
    // Four windows, and where they are needed the days before and after the span.
    expect(lists.length).to.be.within(4, 6);
  });

  it('finds bookings whose appointments were moved into the next window, or the one before', async () => {
    const made = [];
    for (let n = 0; n < 8; n += 1) made.push(await stack.makeAppointment());
    await near(true);
    const [from = '', to = ''] = [made[0], made[7]].map((one) => one?.datetime.slice(0, 10) ?? '');
    const later = (datetime: string, days: number) =>
      new Date(new Date(datetime).getTime() + days * 24 * anHour + anHour).toISOString();
    for (const [at, days] of [
      [6, 1],
      [7, -1],
    ] as const) {
      const one = made[at];
      if (!one) throw new Error('No appointment');
      await stack.staff('PUT', `/appointments/${one.id}/reschedule?admin=true`, {
        datetime: later(one.datetime, days),
      });
    }
    expect(await sync().reconcile({ from, to, fixes: true })).to.include({ found: 2, fixed: 2 });
    for (const [at, days] of [
      [6, 1],
      [7, -1],
    ] as const) {
      const one = made[at];
      const here = await stack.booking(one?.id ?? 0);
      expect(here?.starts_at.toISOString()).to.equal(later(one?.datetime ?? '', days));
    }
  });

  it('finds a booking whose appointment was moved to the day beside the span', async () => {
    const { id, datetime } = await stack.makeAppointment();
    await near(true);
    const day = datetime.slice(0, 10);
    const to = new Date(new Date(datetime).getTime() + 24 * anHour).toISOString();
    await stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, { datetime: to });
    expect(await sync().reconcile({ from: day, to: day, fixes: true })).to.include({ found: 1, fixed: 1 });
    expect((await stack.booking(id))?.starts_at.toISOString()).to.equal(to);
  });

  it('finds a booking whose appointment was moved out of its days', async () => {
    const { id, datetime } = await stack.makeAppointment();
    await near(true);
    const far = new Date(new Date(datetime).getTime() + 90 * 24 * anHour).toISOString();
    await stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, { datetime: far });
    expect(await near(true)).to.include({ found: 1, fixed: 1 });
    expect((await stack.booking(id))?.starts_at.toISOString()).to.equal(far);
  });

  it('leaves unsafe repairs to staff, with the reason, and e-mails them', async () => {
    const [unknown, gone] = [
      await stack.makeAppointment({ calendarID: 7003 }),
      await stack.makeAppointment(),
    ];
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7003 })
      .update({ acuity_calendar_id: 7999 });
    await sync().reconcileNear();
    const appointments = stack.simulator.state.appointments;
    appointments.splice(
      appointments.findIndex((one) => one.id === gone.id),
      1,
    );
    await stack.app.db('emails').delete();
    const report = await sync().reconcileNear();
    expect(report).to.include({ state: 'done', found: 2, fixed: 0 });
    const left = (await stack.app
      .db('drift_items')
      .where({ report_id: report?.id })
      .select('difference', 'state', 'reason')) as {
      difference: string;
      state: string;
      reason: string;
    }[];
    expect(left.map(({ difference, state }) => `${difference}: ${state}`)).to.have.members([
      'missing_here: left',
      'missing_there: left',
    ]);
    expect(left.find(({ difference }) => difference === 'missing_here')?.reason).to.contain('calendar 7003');
    expect(await sync().items(report?.id ?? '')).to.deep.include({
      appointmentId: unknown.id,
      specialist: null,
      difference: 'missing_here',
      state: 'left',
      reason: left.find(({ difference }) => difference === 'missing_here')?.reason ?? null,
    });
    expect(await stack.booking(unknown.id)).to.equal(undefined);
    const mails = (await stack.app.db('emails').select('kind', 'recipient')) as {
      kind: string;
      recipient: string;
    }[];
    expect(mails).to.deep.equal([{ kind: 'drift_report', recipient: 'ada@examdesk.example' }]);
  });

  it('leaves a difference closed while it finds it for the same reason, and opens it for another', async () => {
    await stack.makeAppointment({ calendarID: 7003 });
    await stack.makeAppointment({ calendarID: 7004 });
    const moveCalendar = (from: number, to: number) =>
      stack.app.db('specialists').where({ acuity_calendar_id: from }).update({ acuity_calendar_id: to });
    await moveCalendar(7003, 7999);
    await moveCalendar(7004, 7998);
    await sync().reconcileNear();
    await stack.app.db('emails').delete();
    const ada = await stack.app.db('users').where({ email: 'ada@examdesk.example' }).first('id');
    const openOnes = () =>
      stack.app.db('drift_items').where({ state: 'left', superseded: false, closed_at: null });
    expect(await openOnes()).to.have.length(2);
    await openOnes().update({ closed_at: stack.app.db.fn.now(), closed_by_id: ada?.id ?? null });

    for (const round of ['first', 'second']) {
      expect(await sync().reconcileNear()).to.include({ found: 2, fixed: 0 });
      expect(await openOnes(), round).to.deep.equal([]);
    }
    expect(await stack.app.db('emails')).to.deep.equal([]);

    await stack.app
      .db('drift_items')
      .where({ superseded: false })
      .whereLike('reason', '%calendar 7003%')
      .update({ reason: 'Another reason' });
    await sync().reconcileNear();
    expect(await openOnes().pluck('reason')).to.have.length(1);
    expect(await stack.app.db('emails').pluck('kind')).to.deep.equal(['drift_report']);
  });

  it('opens a closed difference again when Acuity has another value, for the same reason', async () => {
    const { id, datetime } = await stack.makeAppointment();
    await sync().reconcileNear();
    // Cancelled here only: staff decide about the status, and about each time that Acuity gives it.
    await stack.app
      .db('bookings')
      .where({ acuity_appointment_id: id })
      .update({ status: 'cancelled', current_progress: 'cancelled' });
    const moveBy = (hours: number) =>
      stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, {
        datetime: new Date(Date.parse(datetime) + hours * anHour).toISOString(),
      });
    const openOnes = () =>
      stack.app
        .db('drift_items')
        .where({ state: 'left', superseded: false, closed_at: null })
        .orderBy('difference');
    const found = async () => {
      await sync().reconcileNear();
      return openOnes().pluck('difference');
    };
    await moveBy(1);
    expect(await found()).to.deep.equal(['status', 'time']);
    const ada = await stack.app.db('users').where({ email: 'ada@examdesk.example' }).first('id');
    await openOnes().update({ closed_at: stack.app.db.fn.now(), closed_by_id: ada?.id ?? null });
    expect(await found(), 'nothing has changed').to.deep.equal([]);
    await stack.app.db('emails').delete();
    await moveBy(2);
    expect(await found(), 'another time').to.deep.equal(['time']);
    expect(await stack.app.db('emails').pluck('kind')).to.deep.equal(['drift_report']);
    const stored = await stack.app.db('drift_items').whereNotNull('value_digest').pluck('value_digest');
    expect(stored).to.not.be.empty;
    for (const digest of stored) expect(digest).to.match(/^h:/);
  });

  it('reads more than a hundred appointments of a day, including cancelled ones', async () => {
    const { id, datetime } = await stack.makeAppointment();
    const [pattern] = stack.simulator.state.appointments;
    if (!pattern) throw new Error('No appointment');
    // Edits the simulator's state directly: bookings by its API would need longer days.
    for (let n = 1; n <= 230; n += 1) {
      stack.simulator.state.appointments.push({
        ...structuredClone(pattern),
        id: id + n,
        calendarID: 7001 + (n % 7),
        canceled: n % 20 !== 0,
      });
    }
    const day = datetime.slice(0, 10);
    const report = await sync().reconcile({ from: day, to: day, fixes: true });
    expect(report).to.include({ state: 'done', appointments: 231 });
    const [count] = await stack.app.db('bookings').count({ n: '*' });
    expect(Number(count?.n)).to.equal(1 + 11);
  }).timeout(120_000);

  it('resumes a run whose process died, and counts nothing twice', async () => {
    await stack.makeAppointment();
    const { from, to } = sync().nearSpan();
    const past = new Date(Date.now() - anHour);
    await stack.app.db('drift_reports').insert({
      id: '0190aaaa-0000-7000-8000-00000000000a',
      kind: 'near',
      fixes: true,
      from_day: from,
      to_day: to,
      next_day: to,
      started_at: past,
      lease_until: past,
      found: 3,
      appointments: 40,
    });
    const report = await near(true);
    const finished = await sync().report('0190aaaa-0000-7000-8000-00000000000a');
    expect(finished).to.include({ state: 'done', found: 3, appointments: 40 });
    expect(report).to.include({ state: 'done', found: 1 });
  });

  it('refuses to start while another run is in progress', async () => {
    await stack.makeAppointment();
    const reports = await Promise.all([near(true), near(true), near(true)]);
    expect(reports.filter((report) => report !== null)).to.have.length(1);
    expect(await stack.app.db('bookings')).to.have.length(1);
  });

  it('fails, and treats nothing as deleted, when Acuity cannot be read', async () => {
    const { id } = await stack.makeAppointment();
    await near(true);
    await stack.control('/faults', {
      rules: [{ method: 'GET', path: '/appointments', times: 40, effect: { status: 502, body: '<html>' } }],
    });
    const report = await near(true);
    expect(report).to.include({ state: 'failed', found: 0 });
    expect(report?.lastError).to.match(/^acuity_/);
    expect(await stack.booking(id)).to.include({ status: 'active' });
  });

  it('stores the reason when an appointment cannot be read', async () => {
    const { id } = await stack.makeAppointment();
    await stack.control('/faults', {
      rules: [
        { method: 'GET', path: `/appointments/${id}`, times: 40, effect: { status: 502, body: '<html>' } },
      ],
    });
    const report = await near(true);
    expect(report).to.include({ state: 'failed', found: 0 });
    expect(report?.lastError).to.match(/^acuity_/);
  });

  it('reports no difference when something is booked or moved during the run', async () => {
    const { id } = await stack.makeAppointment();
    await near(true);
    await stack.control('/faults', {
      rules: [{ method: 'GET', path: '/appointments', times: 1, effect: { delayMs: 400 } }],
    });
    const looking = near(true);
    await until(async () => {
      const { calls } = (await (await fetch(`${stack.simulator.url}/_sim/calls`)).json()) as {
        calls: { path: string; status: number | null }[];
      };
      return calls.some(({ path, status }) => path === '/appointments' && status === null);
    });
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    await stack.app.system.services.convergence.converge(id, { source: 'acuity' });
    expect(await looking).to.include({ found: 0 });
  });
});

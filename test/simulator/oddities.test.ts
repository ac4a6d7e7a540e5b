// Acuity's oddities that the simulator reproduces, always or when switched on.
import { expect } from 'chai';
import { openSimulatorFixture, tuesdayAtTen, type SimulatorFixture } from '../support/simulator-fixture.ts';

describe('the simulator’s oddities', () => {
  let fixture: SimulatorFixture;

  before(async () => {
    fixture = await openSimulatorFixture();
  });
  after(() => fixture.simulator.close());
  beforeEach(() => fixture.control('reset', {}));

  it('answers nonsense with Acuity’s error envelope and never with 500', async () => {
    const id = await fixture.book();
    const bodies = [
      '',
      'null',
      '[]',
      '"x"',
      '7',
      '{',
      '{"fields":[null,1]}',
      '{"labels":[null]}',
      `{"x":"${'y'.repeat(1_100_000)}"}`,
    ];
    for (const [method, where] of [
      ['POST', '/appointments'],
      ['PUT', `/appointments/${id}`],
      ['PUT', `/appointments/${id}/reschedule`],
      ['POST', '/availability/check-times'],
      ['POST', '/blocks'],
      ['POST', '/clients'],
      ['PUT', '/clients'],
      ['POST', '/webhooks'],
    ] as const) {
      for (const body of bodies) {
        const answer = await fixture.raw(method, where, body);
        expect(answer.status, `${method} ${where} ${body.slice(0, 30)}`).to.be.below(500);
        if (answer.status !== 200 && !Array.isArray(answer.body))
          expect(answer.body).to.have.all.keys('status_code', 'message', 'error');
      }
    }
    const full = await fixture.api(
      'POST',
      '/appointments',
      fixture.bookingBody({ datetime: tuesdayAtTen, fields: [null, 1], labels: [null] }),
    );
    expect(full.status).to.equal(200);
    for (const where of [
      '/appointments/%zz',
      '/appointments/-1',
      '/appointments/1e3',
      '/availability/dates?month=x&appointmentTypeID=8001',
      '/availability/times?date=&appointmentTypeID=8001',
      '/appointments?minDate=x&max=x',
    ]) {
      const answer = await fixture.raw('GET', where);
      expect(answer.status, where).to.be.below(500);
    }
  });

  it('refuses more than ten calls a second when limits are on', async () => {
    await fixture.control('switches', { limits: true });
    const answers = await Promise.all(Array.from({ length: 30 }, () => fixture.api('GET', '/me')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).to.be.within(10, 20);
    expect(refused[0]?.body).to.deep.equal({
      status_code: 429,
      error: 'too_many_requests',
      message: 'Rate limit reached. Limit 10req/s and 20 concurrent connections.',
    });
  });

  it('shows the meeting link of a telehealth appointment at once, late or never', async () => {
    const id = await fixture.book({
      appointmentTypeID: 8002,
      calendarID: 7005,
      datetime: '2026-12-01T09:30:00+1030',
    });
    const link = async () => String((await fixture.api('GET', `/appointments/${id}`)).body.location);
    expect(await link()).to.match(/^https:\/\/\S+$/);
    await fixture.control('switches', { link: { mode: 'never' } });
    expect(await link()).to.equal('');
    await fixture.control('switches', { link: { mode: 'late', afterMs: 60_000 } });
    expect(await link()).to.equal('');
    await fixture.control('clock', { now: '2026-11-23T00:02:00Z' });
    expect(await link()).to.match(/^https:\/\/\S+$/);
  });

  it('shows the address from the client’s answers as the location unless there is a meeting link or one typed by staff', async () => {
    const forms = [
      {
        id: 630,
        name: 'Travel',
        description: '',
        appointmentTypeIDs: [8001, 8002],
        fields: [{ id: 9630, name: 'Home address', required: false, type: 'address' }],
      },
    ];
    await fixture.control('forms', { forms });
    const fields = [{ id: 9630, value: '12 Ord Street, West Perth WA 6005' }];
    const location = async (id: number) => (await fixture.api('GET', `/appointments/${id}`)).body.location;
    const id = await fixture.book({ fields });
    expect(await location(id)).to.equal('12 Ord Street, West Perth WA 6005');
    await fixture.api('PUT', `/appointments/${id}`, { fields: [{ id: 9630, value: '' }] });
    expect(await location(id)).to.equal('Level 8, 210 George Street, Sydney NSW 2000');
    const telehealth = { appointmentTypeID: 8002, calendarID: 7005, datetime: '2026-12-01T09:30:00+1030' };
    const remote = await fixture.book({ ...telehealth, fields });
    expect(await location(remote)).to.match(/^https:/);
    await fixture.control('switches', { link: { mode: 'never' } });
    expect(await location(remote)).to.equal('12 Ord Street, West Perth WA 6005');
  });

  it('keeps a cancelled time taken for a while when a slot lag is set', async () => {
    await fixture.control('switches', { slotLagMs: 120_000 });
    await fixture.api('PUT', `/appointments/${await fixture.book()}/cancel`);
    expect((await fixture.api('POST', '/appointments', fixture.bookingBody())).body.error).to.equal(
      'not_available',
    );
    await fixture.control('clock', { now: '2026-11-23T00:03:00Z' });
    await fixture.book();
  });

  it('loses the answer also when it was a refusal, and fits the error code to an injected status', async () => {
    await fixture.book();
    await fixture.control('faults', { rules: [{ method: 'POST', effect: { drop: 'after' } }] });
    const lost = await fixture.api('POST', '/appointments', fixture.bookingBody()).then(
      () => 'answered',
      () => 'lost',
    );
    expect(lost).to.equal('lost');
    for (const [status, error] of [
      [401, 'unauthorized'],
      [403, 'forbidden'],
      [404, 'not_found'],
      [429, 'too_many_requests'],
      [503, 'internal_server_error'],
    ] as const) {
      await fixture.control('faults', { rules: [{ effect: { status } }] });
      const answer = await fixture.api('GET', '/me');
      expect(answer.status).to.equal(status);
      expect(answer.body).to.include({ status_code: status, error });
    }
  });
});

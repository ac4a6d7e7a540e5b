// What clients of the simulated practice may not do and its staff may.
import { expect } from 'chai';
import {
  openSimulatorFixture,
  refusal,
  tuesdayAtNine,
  tuesdayAtTen,
  type SimulatorFixture,
} from '../support/simulator-fixture.ts';

describe('the rules of the simulated practice', () => {
  let fixture: SimulatorFixture;

  before(async () => {
    fixture = await openSimulatorFixture();
  });
  after(() => fixture.simulator.close());
  beforeEach(() => fixture.control('reset', {}));

  describe('booking as a client', () => {
    for (const [what, change, error, message] of [
      [
        'too soon',
        { datetime: '2026-11-23T11:20:00+1100' },
        'not_available_min_hours_in_advance',
        'far enough in advance',
      ],
      [
        'too far ahead',
        { datetime: '2027-09-01T09:00:00+1000' },
        'not_available_max_days_in_advance',
        'too far in advance',
      ],
      ['with a coupon', { certificate: 'TEN' }, 'invalid_certificate', 'The certificate "TEN" is invalid.'],
      [
        'a type the calendar lacks',
        { appointmentTypeID: 8003 },
        'not_available',
        'not an available time slot',
      ],
      [
        'any calendar at night',
        { calendarID: undefined, datetime: '2026-12-01T03:00:00+1100' },
        'no_available_calendar',
        'We could not find an available calendar.',
      ],
    ] as const) {
      it(`${what} is refused with ${error}`, async () => {
        const answer = await fixture.api('POST', '/appointments', fixture.bookingBody(change));
        expect(answer.status).to.equal(400);
        expect(answer.body).to.include({ status_code: 400, error });
        expect(answer.body.message).to.include(message);
        expect(fixture.simulator.state.appointments).to.have.length(0);
      });
    }

    it('requires a phone number when the account’s settings do, but not from staff', async () => {
      await fixture.control('switches', { phoneRequired: true });
      expect(await fixture.api('POST', '/appointments', fixture.bookingBody({ phone: '' }))).to.deep.equal(
        refusal('required_phone', 'Attribute "phone" is required.'),
      );
      expect((await fixture.api('POST', '/appointments?admin=true', fixture.bookingBody())).status).to.equal(
        200,
      );
      await fixture.book({ phone: '+61299990000', datetime: tuesdayAtTen });
    });

    it('names only the first fault, in the order type, calendar, zone, time, people, fields, free slot', async () => {
      const faults: [string, unknown, string][] = [
        ['appointmentTypeID', 987, 'invalid_appointment_type'],
        ['calendarID', 987, 'invalid_calendar'],
        ['timezone', 'Aint/No', 'invalid_timezone'],
        ['datetime', 'asdf', 'invalid_datetime'],
        ['firstName', '', 'required_first_name'],
        ['lastName', '', 'required_last_name'],
        ['email', 'rita', 'invalid_email'],
        ['fields', [{ id: 1, value: 'x' }], 'invalid_fields'],
        ['certificate', 'TEN', 'invalid_certificate'],
      ];
      for (let from = 0; from < faults.length; from += 1) {
        const wrong = Object.fromEntries(faults.slice(from).map(([name, value]) => [name, value]));
        const answer = await fixture.api('POST', '/appointments', fixture.bookingBody(wrong));
        expect(answer.body.error).to.equal(faults[from]?.[2]);
      }
    });

    it('gets the first free calendar when none is named, and an error when all are taken', async () => {
      const change = { calendarID: undefined, datetime: '2026-12-01T09:00:00+1100' };
      const first = await fixture.api('POST', '/appointments', fixture.bookingBody(change));
      expect(first.body.calendarID).to.equal(7001);
      const second = await fixture.api('POST', '/appointments', fixture.bookingBody(change));
      expect(second.body.calendarID).to.equal(7007);
      const third = await fixture.api('POST', '/appointments', fixture.bookingBody(change));
      expect(third).to.deep.equal(
        refusal('no_available_calendar', 'We could not find an available calendar.'),
      );
    });

    it('makes one appointment of fifty simultaneous requests for one time', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => fixture.api('POST', '/appointments', fixture.bookingBody())),
      );
      expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
      expect(
        new Set(answers.filter(({ status }) => status !== 200).map(({ body }) => body.error)),
      ).to.deep.equal(new Set(['not_available']));
    });

    it('cannot become staff by a word in the body', async () => {
      await fixture.book();
      const answer = await fixture.api(
        'POST',
        '/appointments',
        fixture.bookingBody({ admin: true, notes: 'x' }),
      );
      expect(answer.body.error).to.equal('not_available');
    });
  });

  describe('moving and cancelling as a client', () => {
    it('refuses a time taken by another appointment, and ignores the slot of the moved one', async () => {
      const id = await fixture.book();
      await fixture.book({ datetime: tuesdayAtTen });
      const taken = await fixture.api('PUT', `/appointments/${id}/reschedule`, { datetime: tuesdayAtTen });
      expect(taken).to.deep.equal(
        refusal('not_available', `The time "${tuesdayAtTen}" is not an available time slot.`),
      );
      const own = await fixture.api('PUT', `/appointments/${id}/reschedule`, { datetime: tuesdayAtNine });
      expect(own.status).to.equal(200);
    });

    it('keeps the calendar, uses the one named, or any when it is null', async () => {
      const id = await fixture.book();
      const move = async (body: object) =>
        (await fixture.api('PUT', `/appointments/${id}/reschedule`, body)).body.calendarID;
      expect(await move({ datetime: tuesdayAtTen })).to.equal(7001);
      expect(await move({ datetime: tuesdayAtTen, calendarID: 7007 })).to.equal(7007);
      expect(await move({ datetime: tuesdayAtTen, calendarID: null })).to.equal(7001);
    });

    it('is refused two hours before, but not to staff', async () => {
      const id = await fixture.book();
      await fixture.control('clock', { now: '2026-11-30T20:30:00Z' });
      const move = { datetime: '2026-12-03T09:00:00+1100' };
      expect((await fixture.api('GET', `/appointments/${id}`)).body).to.include({
        canClientCancel: false,
        canClientReschedule: false,
      });
      expect((await fixture.api('PUT', `/appointments/${id}/reschedule`, move)).body.error).to.equal(
        'reschedule_too_close',
      );
      expect((await fixture.api('PUT', `/appointments/${id}/cancel`)).body.error).to.equal(
        'cancel_too_close',
      );
      expect((await fixture.api('PUT', `/appointments/${id}/reschedule?admin=true`, move)).status).to.equal(
        200,
      );
    });

    it('is refused when the practice does not allow it, but not to staff', async () => {
      const id = await fixture.book();
      expect((await fixture.api('GET', `/appointments/${id}`)).body).to.include({
        canClientCancel: true,
        canClientReschedule: true,
      });
      await fixture.control('switches', { clientsMay: { cancel: false, reschedule: false } });
      expect((await fixture.api('GET', `/appointments/${id}`)).body).to.include({
        canClientCancel: false,
        canClientReschedule: false,
      });
      expect(await fixture.api('PUT', `/appointments/${id}/cancel`)).to.deep.equal(
        refusal('cancel_not_allowed', 'Clients are not allowed to cancel.'),
      );
      expect(
        await fixture.api('PUT', `/appointments/${id}/reschedule`, { datetime: tuesdayAtTen }),
      ).to.deep.equal(refusal('reschedule_not_allowed', 'Clients are not allowed to reschedule.'));
      expect((await fixture.api('PUT', `/appointments/${id}/cancel?admin=true`)).status).to.equal(200);
    });

    it('refuses to move a cancelled appointment, cancels twice without error, and lets only staff record a no-show', async () => {
      const id = await fixture.book();
      expect((await fixture.api('PUT', `/appointments/${id}/cancel`, { noShow: true })).body).to.include({
        canceled: true,
        noShow: false,
      });
      expect(await fixture.raw('PUT', `/appointments/${id}/cancel`, '[]')).to.have.property('status', 200);
      expect(
        (await fixture.api('PUT', `/appointments/${id}/reschedule`, { datetime: tuesdayAtTen })).body.error,
      ).to.equal('reschedule_canceled');
      expect(
        (await fixture.api('PUT', `/appointments/${id}/cancel?admin=true`, { noShow: true })).body.noShow,
      ).to.equal(true);
    });
  });

  it('ignores attributes that may not be edited, still answers 200, and never clears a name', async () => {
    const id = await fixture.book();
    const edit = {
      canceled: true,
      datetime: tuesdayAtTen,
      calendarID: 7007,
      notes: 'x',
      phone: '+61299990000',
    };
    const edited = await fixture.api('PUT', `/appointments/${id}`, edit);
    expect(edited.status).to.equal(200);
    expect(edited.body).to.include({ canceled: false, datetime: tuesdayAtNine, calendarID: 7001, notes: '' });
    expect(edited.body.phone).to.equal('+61299990000');
    expect((await fixture.api('PUT', `/appointments/${id}?admin=true`, { notes: 'x' })).body.notes).to.equal(
      'x',
    );
    expect(await fixture.api('PUT', `/appointments/${id}`, { lastName: '' })).to.deep.equal(
      refusal('invalid_name', 'Can not clear the field "lastName".'),
    );
  });

  it('lists the latest first and the earliest on request, by day, calendar and client', async () => {
    const first = await fixture.book();
    const second = await fixture.book({
      datetime: '2026-12-03T09:00:00+1100',
      email: 'rob@harbour-legal.example',
    });
    const third = await fixture.book({ datetime: '2026-12-03T09:00:00+1100', calendarID: 7007 });
    const ids = async (query: string) => (await fixture.list(`/appointments?${query}`)).map(({ id }) => id);
    expect(await ids('')).to.deep.equal([third, second, first]);
    expect(await ids('direction=ASC')).to.deep.equal([first, second, third]);
    expect(await ids('minDate=2026-12-01&maxDate=2026-12-01')).to.deep.equal([first]);
    expect(await ids('minDate=2026-12-02')).to.deep.equal([third, second]);
    expect(await ids('calendarID=7007')).to.deep.equal([third]);
    expect(await ids('email=rob%40harbour-legal.example')).to.deep.equal([second]);
    expect(await ids('max=1')).to.deep.equal([third]);
    const [bare] = await fixture.list('/appointments?excludeForms=true');
    expect(bare).not.to.have.any.keys('forms', 'formsText');
  });

  it('a block takes the times that it overlaps, and frees them when it is deleted', async () => {
    const times = async () =>
      (await fixture.list('/availability/times?date=2026-12-01&appointmentTypeID=8001&calendarID=7001'))
        .length;
    const before = await times();
    const block = await fixture.api('POST', '/blocks', {
      start: '2026-12-01 09:30',
      end: '2026-12-01 11:00AM',
      calendarID: 7001,
    });
    expect(block.body).to.include({
      start: '2026-12-01T09:30:00+1100',
      calendarTimezone: 'Australia/Sydney',
      description: 'Tuesday, December 1, 2026 9:30am - 11:00am',
    });
    expect(await times()).to.equal(before - 2);
    expect(await fixture.list('/blocks?minDate=2026-12-01&maxDate=2026-12-01')).to.have.length(1);
    expect(await fixture.list('/blocks?minDate=2026-12-02')).to.deep.equal([]);
    const gone = await fixture.raw('DELETE', `/blocks/${String(block.body.id)}`);
    expect(gone).to.deep.equal({ status: 204, body: {} });
    expect(await times()).to.equal(before);
    expect((await fixture.api('GET', `/blocks/${String(block.body.id)}`)).status).to.equal(404);
  });

  it('checks many times at once, and gives a reason for those that are not free', async () => {
    await fixture.book();
    const asked = [tuesdayAtNine, tuesdayAtTen, '2028-01-04T09:00:00+1100'].map((datetime) => ({
      datetime,
      appointmentTypeID: 8001,
      calendarID: 7001,
    }));
    const { status, body } = await fixture.api('POST', '/availability/check-times', asked);
    expect(status).to.equal(200);
    expect(body).to.deep.equal([
      {
        ...asked[0],
        valid: false,
        error: 'not_available',
        message: `The time "${tuesdayAtNine}" is not an available time slot.`,
      },
      { ...asked[1], valid: true },
      {
        ...asked[2],
        valid: false,
        error: 'not_available_max_days_in_advance',
        message: 'The time "2028-01-04T09:00:00+1100" is too far in advance.',
      },
    ]);
  });
});

import { expect } from 'chai';
import type { Booking } from '../../src/bookings/index.ts';
import {
  openBookingFixture,
  openBookingGround,
  reasonOf,
  testClock,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
  type BookingGround,
} from '../support/booking-fixture.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';

const wednesday = new Date('2026-12-02T10:00:00+11:00');
const thursday = new Date('2026-12-03T10:00:00+11:00');

describe('changes of a booking', () => {
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let ground: BookingGround;
  let fixture: BookingFixture;
  let booking: Booking;

  before(async () => {
    ground = await openBookingGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    fake = createFakeAcuity();
    fake.offer(7001, tuesdayAtTen.toISOString(), wednesday.toISOString());
    acuity = withFaults(fake);
    fixture = await openBookingFixture(acuity, {}, ground);
    booking = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null));
  });

  const appointment = () => fake.appointments.get(booking.acuityAppointmentId);
  const emails = () => fixture.db('emails').whereNot({ kind: 'booking_confirmation' }).pluck('kind');
  const openChange = async () => {
    const [id] = await fixture.db('booking_attempts').where({ state: 'open' }).pluck('id');
    if (!id) throw new Error('No change is open');
    return id;
  };
  const progress = async (actor = fixture.people.rita) =>
    (await fixture.bookings.view(actor, booking.id))?.progress.map((entry) => entry.progress);

  it('reschedule changes Acuity and the history, writes an audit row, and tells the referrer', async () => {
    const moved = valueOf(await fixture.attempts.reschedule(fixture.people.rob, booking.id, wednesday));
    expect(moved).to.include({ currentProgress: 'rescheduled', status: 'active', version: 2 });
    expect(moved.startsAt).to.deep.equal(wednesday);
    expect(appointment()?.startsAt).to.deep.equal(wednesday);
    expect(await progress()).to.deep.equal(['scheduled', 'rescheduled']);
    expect(await fixture.db('audit_log').where({ action: 'booking.rescheduled' }).first()).to.include({
      actor_id: fixture.people.rob.viewer.userId,
    });
    expect(await fixture.db('emails').where({ kind: 'booking_rescheduled' }).first()).to.include({
      recipient: 'rita@harbour-legal.example',
    });
    expect(fixture.availability.invalidated.at(-1)?.taken?.startsAt).to.deep.equal(wednesday);
  });

  it('reschedule keeps when the new time was chosen, as booking does', async () => {
    const chosen = async () => (await fixture.db('bookings').first('time_chosen_at'))?.time_chosen_at;
    expect(await chosen()).to.deep.equal(testClock.now());
    await fixture.db('bookings').update({ time_chosen_at: null });
    valueOf(await fixture.attempts.reschedule(fixture.people.rita, booking.id, wednesday));
    expect(await chosen()).to.deep.equal(testClock.now());
  });

  it('reschedule hides the whole new time when Acuity’s answer lacks the duration', async () => {
    const { durationMinutes } = booking;
    fake.appointments.set(booking.acuityAppointmentId, { ...appointment()!, durationMinutes: 0 });
    valueOf(await fixture.attempts.reschedule(fixture.people.rita, booking.id, wednesday));
    expect(fixture.availability.invalidated.at(-1)?.taken).to.include({ durationMinutes });
  });

  it('reschedule changes nothing when the booking has that time already', async () => {
    const calls = fake.calls.length;
    expect(
      valueOf(await fixture.attempts.reschedule(fixture.people.rita, booking.id, tuesdayAtTen)).version,
    ).to.equal(1);
    expect(fake.calls).to.have.length(calls);
  });

  it('reschedule leaves the booking unchanged when the time is taken or past', async () => {
    fixture.availability.taken.add(wednesday.getTime());
    expect(
      reasonOf(await fixture.attempts.reschedule(fixture.people.rita, booking.id, wednesday)),
    ).to.include({
      reason: 'slot_taken',
    });
    const past = reasonOf(
      await fixture.attempts.reschedule(fixture.people.rita, booking.id, new Date('2026-11-01T00:00:00Z')),
    );
    expect(past).to.have.nested.property('errors[0].path', 'startsAt');
    expect(appointment()?.startsAt).to.deep.equal(tuesdayAtTen);
    expect(await progress()).to.deep.equal(['scheduled']);
  });

  it('reschedule and cancel refuse somebody who saw another time than the booking has', async () => {
    const { rita, rob } = fixture.people;
    valueOf(await fixture.attempts.reschedule(rob, booking.id, wednesday, tuesdayAtTen));
    const calls = fake.calls.length;
    for (const late of [
      await fixture.attempts.cancel(rita, booking.id, null, tuesdayAtTen),
      await fixture.attempts.reschedule(rita, booking.id, thursday, tuesdayAtTen),
    ])
      expect(reasonOf(late)).to.have.nested.property('current.startsAt').that.deep.equals(wednesday);
    expect(fake.calls).to.have.length(calls);
    expect(await progress()).to.deep.equal(['scheduled', 'rescheduled']);
    // The second press of a button that has moved the booking already.
    valueOf(await fixture.attempts.reschedule(rob, booking.id, wednesday, tuesdayAtTen));
    valueOf(await fixture.attempts.cancel(rita, booking.id, null, wednesday));
  });

  it('cancel frees the time, and refuses further changes of the booking', async () => {
    const cancelled = valueOf(
      await fixture.attempts.cancel(fixture.people.rita, booking.id, 'Settled out of court'),
    );
    expect(cancelled).to.include({ currentProgress: 'cancelled', status: 'cancelled' });
    expect(appointment()?.canceled).to.equal(true);
    expect(fixture.availability.invalidated.at(-1)?.calendarId).to.equal(7001);
    expect(reasonOf(await fixture.attempts.cancel(fixture.people.rita, booking.id, null)).reason).to.equal(
      'already_cancelled',
    );
    expect(
      reasonOf(await fixture.attempts.reschedule(fixture.people.rita, booking.id, wednesday)).reason,
    ).to.equal('already_cancelled');
    expect(await emails()).to.deep.equal(['booking_cancelled']);
    const anew = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null));
    expect(anew.id).to.not.equal(booking.id);
  });

  it('cancel cancels once and returns the booking each time when it is called several times concurrently', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => fixture.attempts.cancel(fixture.people.rita, booking.id, null)),
    );
    for (const answer of answers) {
      expect(answer.ok ? answer.value.status : answer.reason).to.be.oneOf(['cancelled', 'already_cancelled']);
    }
    expect(await emails()).to.deep.equal(['booking_cancelled']);
    expect(await progress()).to.deep.equal(['scheduled', 'cancelled']);
  });

  it('cancel returns not_found and records access.denied when another organisation asks', async () => {
    expect(reasonOf(await fixture.attempts.cancel(fixture.people.nadia, booking.id, null)).reason).to.equal(
      'not_found',
    );
    expect(await fixture.bookings.view(fixture.people.nadia, booking.id)).to.equal(null);
    expect(reasonOf(await fixture.attempts.cancel(fixture.people.nadia, 'nonsense', null)).reason).to.equal(
      'not_found',
    );
    expect(
      await fixture
        .db('audit_log')
        .where({ action: 'access.denied', resource_id: booking.id, outcome: 'denied' }),
    ).to.have.length(2);
    expect(appointment()?.canceled).to.equal(false);
  });

  it('view, cancel and list hide the booking when the person who made it changed organisations', async () => {
    const { viewer } = fixture.people.rita;
    const { organization } = fixture.people.nadia.viewer;
    for (const elsewhere of [organization, null]) {
      const moved = { ...fixture.people.rita, viewer: { ...viewer, organization: elsewhere } };
      expect(await fixture.bookings.view(moved, booking.id)).to.equal(null);
      expect(reasonOf(await fixture.attempts.cancel(moved, booking.id, null)).reason).to.equal('not_found');
      const page = await fixture.list.page(moved.viewer, { limit: 20 });
      expect(page).to.deep.equal({ bookings: [], nextCursor: null });
    }
    expect(appointment()?.canceled).to.equal(false);
  });

  it('cancel returns not_found when the booking changed organisations after it was read', async () => {
    const { organization } = fixture.people.nadia.viewer;
    fixture.deps.onStep = async (step) => {
      if (step === 'authorised')
        await fixture.db('bookings').where({ id: booking.id }).update({ organization_id: organization?.id });
    };
    const answer = await fixture.attempts.cancel(fixture.people.rita, booking.id, null);
    expect(reasonOf(answer).reason).to.equal('not_found');
    expect(await fixture.db('booking_attempts').where({ kind: 'cancel' })).to.deep.equal([]);
    expect(appointment()?.canceled).to.equal(false);
  });

  for (const kind of ['reschedule', 'cancel'] as const) {
    const act = () =>
      kind === 'cancel'
        ? fixture.attempts.cancel(fixture.people.rita, booking.id, null)
        : fixture.attempts.reschedule(fixture.people.rita, booking.id, wednesday);
    const done = kind === 'cancel' ? 'cancelled' : 'rescheduled';

    it(`settle completes a ${kind} by reading the appointment when Acuity’s answer was lost`, async () => {
      acuity.failNext('after');
      expect(reasonOf(await act()).reason).to.equal('outcome_pending');
      const id = await openChange();
      await Promise.all([fixture.settlement.settle(id), fixture.settlement.settle(id)]);
      expect(await fixture.attempts.find(fixture.people.rita, id)).to.deep.equal({
        state: 'completed',
        bookingId: booking.id,
      });
      expect(await progress()).to.deep.equal(['scheduled', done]);
      expect(await emails()).to.deep.equal([`booking_${done}`]);
    });

    it(`settle fails a ${kind} that Acuity did not receive, and checkLate applies it when it happens later`, async () => {
      acuity.failNext('before');
      expect(reasonOf(await act()).reason).to.equal('outcome_pending');
      const id = await openChange();
      expect(
        reasonOf(await fixture.bookings.moveProgress(fixture.people.sam, booking.id, 'no_show', '')).reason,
      ).to.equal('outcome_pending');
      await fixture.passTime();
      await fixture.settlement.settle(id);
      expect((await fixture.attempts.find(fixture.people.rita, id))?.state).to.equal('failed');
      expect(await emails()).to.deep.equal(['booking_failed']);
      expect(await progress()).to.deep.equal(['scheduled']);
      if (kind === 'cancel') await fake.cancel(booking.acuityAppointmentId);
      else await fake.reschedule(booking.acuityAppointmentId, { startsAt: wednesday });
      await fixture.settlement.checkLate(id);
      expect(await progress()).to.deep.equal(['scheduled', done]);
    });

    it(`${kind} reads the appointment when Acuity’s answer is unreadable`, async () => {
      acuity.failNext('odd');
      expect(valueOf(await act()).currentProgress).to.equal(done);
    });

    it(`${kind} stays open when both Acuity’s answer and the appointment are unreadable`, async () => {
      acuity.failNext('odd');
      const read = acuity.getAppointment.bind(acuity);
      acuity.getAppointment = () => Promise.resolve({ ok: false, reason: 'rate_limited', retryAfterMs: 500 });
      expect(reasonOf(await act()).reason).to.equal('outcome_pending');
      acuity.getAppointment = read;
      await fixture.settlement.settle(await openChange());
      expect(await progress()).to.deep.equal(['scheduled', done]);
    });

    it(`${kind} changes nothing when Acuity is unreachable`, async () => {
      acuity.failNext({ fails: { reason: 'unavailable', notSent: true, retryAfterMs: 4_000 } });
      expect(reasonOf(await act())).to.include({ reason: 'acuity_unavailable', retryAfterMs: 4_000 });
      expect(await progress()).to.deep.equal(['scheduled']);
      expect(valueOf(await act()).currentProgress).to.equal(done);
    });

    it(`${kind} is refused to referrers, and overrules the clinic for staff, when notice is too short`, async () => {
      const tooClose = {
        fails: { reason: 'refused', code: `${kind}_too_close`, message: '', status: 400 },
      } as const;
      acuity.failNext(tooClose);
      expect(reasonOf(await act()).reason).to.equal('invalid');
      acuity.failNext(tooClose);
      const byStaff =
        kind === 'cancel'
          ? await fixture.attempts.cancel(fixture.people.sam, booking.id, null)
          : await fixture.attempts.reschedule(fixture.people.sam, booking.id, wednesday);
      expect(valueOf(byStaff).currentProgress).to.equal(done);
      expect(
        await fixture
          .db('emails')
          .where({ kind: `booking_${done}` })
          .first(),
      ).to.include({ recipient: 'rita@harbour-legal.example' });
    });
  }

  it('moveProgress follows the table of transitions, and closes and reopens with the payment', async () => {
    const { sam } = fixture.people;
    const move = async (to: Parameters<typeof fixture.bookings.moveProgress>[2]) =>
      valueOf(await fixture.bookings.moveProgress(sam, booking.id, to, 'a note'));
    const entry = await move('generating_report');
    expect(entry).to.deep.include({
      progress: 'generating_report',
      notes: 'a note',
      changedBy: { id: sam.viewer.userId, name: sam.viewer.name },
    });
    await move('report_generated');
    await move('payment_received');
    expect((await fixture.bookings.view(sam, booking.id))?.booking.status).to.equal('closed');
    await move('report_generated');
    expect((await fixture.bookings.view(sam, booking.id))?.booking.status).to.equal('active');
    expect(await fixture.db('audit_log').where({ action: 'booking.progressed' })).to.have.length(4);
    expect(
      await fixture.db('audit_log').where({ action: 'record.changed', resource_type: 'booking' }),
    ).to.have.length(0);
  });

  it('moveProgress refuses what also changes Acuity, and refuses referrers everything', async () => {
    for (const to of ['scheduled', 'rescheduled', 'cancelled', 'payment_received'] as const) {
      expect(
        reasonOf(await fixture.bookings.moveProgress(fixture.people.ada, booking.id, to, '')),
      ).to.deep.include({ reason: 'invalid_transition', from: 'scheduled', to });
    }
    expect(
      reasonOf(await fixture.bookings.moveProgress(fixture.people.rita, booking.id, 'no_show', '')).reason,
    ).to.equal('forbidden');
    expect(
      reasonOf(await fixture.bookings.moveProgress(fixture.adaAsRita, booking.id, 'no_show', '')).reason,
    ).to.equal('forbidden');
    expect(
      reasonOf(await fixture.bookings.moveProgress(fixture.people.nadia, booking.id, 'no_show', '')).reason,
    ).to.equal('not_found');
  });

  it('chooseProgress asks first while the examination is in the future, and refuses what is no progress', async () => {
    const { sam } = fixture.people;
    const choose = (sent: object, version = 1) =>
      fixture.bookings.chooseProgress(sam, booking.id, version, { ...sent });
    for (const isCertain of [undefined, false, 'false', 'yes'])
      expect(reasonOf(await choose({ progress: 'no_show', isCertain }))).to.deep.equal({
        ok: false,
        reason: 'invalid',
        errors: [
          {
            path: 'isCertain',
            message: 'The examination is in the future: tick this if you are certain',
          },
        ],
      });
    expect(reasonOf(await choose({ progress: 'done', isCertain: true })).reason).to.equal('invalid');
    expect(reasonOf(await choose({ progress: 'no_show', isCertain: 'true' }, 7)).reason).to.equal('stale');
    expect(valueOf(await choose({ progress: 'no_show', isCertain: 'true' }))).to.include({ notes: '' });
    await fixture
      .db('bookings')
      .where({ id: booking.id })
      .update({ starts_at: new Date(0) });
    const { version } = (await fixture.db('bookings').where({ id: booking.id }).first('version'))!;
    expect(valueOf(await choose({ progress: 'generating_report' }, version))).to.include({
      progress: 'generating_report',
    });
  });

  it('view writes one audit row that names the viewer', async () => {
    await fixture.bookings.view(fixture.adaAsRita, booking.id);
    const rows = await fixture.db('audit_log').where({ action: 'booking.viewed', resource_id: booking.id });
    expect(rows).to.have.length(1);
    expect(rows[0]).to.include({
      actor_id: fixture.people.ada.viewer.userId,
      acting_as_id: fixture.people.rita.viewer.userId,
    });
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createAttemptService } from '../../src/attempts/index.ts';
import type { Appointment } from '../../src/ports/acuity.ts';
import { reasonOf, valueOf, type BookingFixture } from '../support/booking-fixture.ts';
import { attemptsToBook } from '../support/attempts-to-book.ts';
import type { FakeAcuity } from '../support/fakes/acuity.ts';
import type { FaultyAcuity } from '../support/faulty-acuity.ts';

describe('attempts to book that Acuity answers late, wrongly or not at all', () => {
  const ground = attemptsToBook();
  const { active, added, attemptId, attempts, jobsOf, requestFor } = ground;
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let fixture: BookingFixture;
  let startsAt: Date;
  let key: string;

  before(() => void ({ fake, acuity, fixture } = ground.opened()));
  beforeEach(() => void ({ startsAt, key } = ground.ofThisTest()));

  function onWrongCalendar(given: Appointment): Appointment {
    const wrong = { ...given, calendarId: 7003 };
    fake.appointments.set(given.id, wrong);
    fake.offer(7001, given.startsAt.toISOString());
    return wrong;
  }

  it('settle completes the booking that Acuity made when its answer was lost', async () => {
    acuity.failNext('after');
    const pending = reasonOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    expect(pending.reason).to.equal('outcome_pending');
    const id = await attemptId();
    expect(await fixture.attempts.find(fixture.people.rob, id)).to.deep.include({ state: 'open' });
    expect(await fixture.attempts.find(fixture.people.nadia, id)).to.equal(null);
    await Promise.all([fixture.settlement.settle(id), fixture.settlement.settle(id)]);
    const attempt = await fixture.attempts.find(fixture.people.rita, id);
    expect(attempt?.state).to.equal('completed');
    const again = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    expect(again.acuityAppointmentId).to.equal(active()[0]?.id);
    expect(await added('emails')).to.equal(1);
    expect(await fixture.db('emails').where({ booking_id: again.id }).pluck('kind')).to.deep.equal([
      'booking_confirmation',
    ]);
    const made = fixture.db('audit_log').where({ action: 'booking.created', resource_id: again.id });
    expect(await made.first()).to.include({ request_id: 'req-rita' });
  });

  it('settle fails an attempt and tells the referrer when Acuity never received the call in time', async () => {
    const lateChecksBefore = await jobsOf('check_late');
    acuity.failNext('before');
    await fixture.attempts.book(fixture.people.rita, requestFor(), key);
    const id = await attemptId();
    await fixture.settlement.settle(id);
    expect((await fixture.attempts.find(fixture.people.rita, id))?.state).to.equal('open');
    await fixture.passTime();
    await fixture.settlement.settle(id);
    expect(await fixture.attempts.find(fixture.people.rita, id)).to.deep.equal({
      state: 'failed',
      failure: { reason: 'acuity_unavailable' },
    });
    expect(await added('emails')).to.equal(1);
    expect(await fixture.db('emails').where({ attempt_id: id }).pluck('kind')).to.deep.equal([
      'booking_failed',
    ]);
    expect(await jobsOf('check_late')).to.equal(lateChecksBefore + 3);
  });

  it('book books once when its key is used again after the attempt failed as unavailable', async () => {
    acuity.failNext('before');
    const book = () => fixture.attempts.book(fixture.people.rita, requestFor(), key);
    await book();
    const id = await attemptId();
    await fixture.passTime();
    await fixture.settlement.settle(id);
    const booking = valueOf(await book());
    expect(valueOf(await book()).id).to.equal(booking.id);
    await fixture.settlement.checkLate(id);
    expect(active().map((appointment) => appointment.id)).to.deep.equal([booking.acuityAppointmentId]);
  });

  it('settle leaves an attempt open and adds a job when Acuity cannot be read', async () => {
    acuity.failNext('after');
    await fixture.attempts.book(fixture.people.rita, requestFor(), null);
    const id = await attemptId();
    fake.failWith({ reason: 'unavailable', notSent: true, retryAfterMs: 1_000 });
    await fixture.passTime();
    await fixture.settlement.settle(id);
    expect((await fixture.attempts.find(fixture.people.rita, id))?.state).to.equal('open');
    const job = (await fixture.db('graphile_worker.jobs').where({ key: id }).first()) as { run_at: Date };
    expect(job.run_at.getTime() - Date.now()).to.be.within(1_000, 20_000);
    fake.recover();
    await fixture.settlement.settle(id);
    expect((await fixture.attempts.find(fixture.people.rita, id))?.state).to.equal('completed');
  });

  it('checkLate cancels an appointment that appears after its attempt failed', async () => {
    acuity.failNext('before');
    await fixture.attempts.book(fixture.people.rita, requestFor(), null);
    const id = await attemptId();
    await fixture.passTime();
    await fixture.settlement.settle(id);
    const { reference } = (await attempts().first()) as { reference: string };
    await fake.createAppointment({
      startsAt,
      appointmentTypeId: 8001,
      calendarId: 7001,
      timezone: 'Australia/Sydney',
      client: { firstName: 'R', lastName: 'A', email: 'rita@harbour-legal.example', phone: '' },
      fields: [{ id: 9101, value: reference }],
    });
    await fixture.settlement.checkLate(id);
    expect(active()).to.have.length(0);
    expect(await fixture.db('audit_log').where({ action: 'drift.fixed', resource_id: id })).to.have.length(1);
  });

  it('settle keeps the first and cancels the other when two appointments have one reference', async () => {
    acuity.failNext('after');
    await fixture.attempts.book(fixture.people.rita, requestFor(), null);
    const id = await attemptId();
    const [first] = active();
    if (!first) throw new Error('Nothing was made');
    fake.appointments.set(first.id + 7, { ...first, id: first.id + 7 });
    await fixture.settlement.settle(id);
    expect(active().map((appointment) => appointment.id)).to.deep.equal([first.id]);
    expect(await added('bookings')).to.equal(1);
    expect(
      await fixture.db('bookings').where({ starts_at: startsAt }).pluck('acuity_appointment_id'),
    ).to.deep.equal([first.id]);
  });

  it('book reads the appointment again when Acuity’s answer lacks fields', async () => {
    acuity.failNext('odd');
    const booking = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), null));
    expect(booking.acuityAppointmentId).to.equal(active()[0]?.id);
  });

  it('book moves the appointment when Acuity made it with another specialist', async () => {
    acuity.failNext({ answers: onWrongCalendar });
    const booking = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), null));
    expect(active()).to.have.length(1);
    expect(active()[0]).to.include({ id: booking.acuityAppointmentId, calendarId: 7001 });
    const repairs = fixture.db('audit_log').where({ action: 'drift.fixed', resource_id: await attemptId() });
    expect(await repairs).to.have.length(1);
  });

  it('book cancels the appointment and makes no booking when it has the wrong specialist and cannot be moved', async () => {
    acuity.failNext(
      { answers: onWrongCalendar },
      { fails: { reason: 'refused', code: 'not_available', message: '', status: 400 } },
    );
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, requestFor(), null)).reason).to.equal(
      'acuity_error',
    );
    expect(active()).to.have.length(0);
    expect(await added('bookings')).to.equal(0);
  });

  for (const [what, then] of [
    ['fails', `raise exception 'the claim fails'`],
    ['finds the attempt settled', 'return null'],
  ] as const) {
    it(`book answers outcome_pending without calling Acuity when the claim ${what}`, async () => {
      const { owner } = fixture;
      await owner.raw(
        `create function spoil_claim() returns trigger language plpgsql as $$ begin ${then}; end $$`,
      );
      await owner.raw(`create trigger spoil_claim before update of acuity_called_at on booking_attempts
        for each row execute function spoil_claim()`);
      try {
        const answer = await fixture.attempts.book(fixture.people.rita, requestFor(), null);
        expect(reasonOf(answer).reason).to.equal('outcome_pending');
        expect(active()).to.have.length(0);
        expect(await attempts().pluck('state')).to.deep.equal(['open']);
      } finally {
        await owner.raw('drop function spoil_claim cascade');
      }
    });
  }

  it('settle fails an attempt, so that nobody can claim it, when its process died before the call', async () => {
    let isGone = false;
    const dying = createAttemptService({
      ...fixture.deps,
      onStep: (step) => {
        if (step !== 'attempt_stored' || isGone) return;
        isGone = true;
        throw new Error('the process is gone');
      },
    });
    await dying.book(fixture.people.rita, requestFor(), null).catch(() => undefined);
    expect(isGone).to.equal(true);
    const id = await attemptId();
    await fixture.passTime();
    await fixture.settlement.settle(id);
    expect((await fixture.attempts.find(fixture.people.rita, id))?.state).to.equal('failed');
    expect(active()).to.have.length(0);
  });

  it('book cancels what Acuity made when the attempt was declared failed during the call', async () => {
    const held = fake.hold();
    const answer = fixture.attempts.book(fixture.people.rita, requestFor(), null);
    while (held.waiting() === 0) await sleep(5);
    const id = await attemptId();
    await fixture
      .db('booking_attempts')
      .where({ id })
      .update({
        state: 'failed',
        settled_at: new Date(),
        failure: JSON.stringify({ reason: 'acuity_unavailable', retryAfterMs: 0 }),
      });
    held.answer();
    expect(reasonOf(await answer).reason).to.equal('acuity_unavailable');
    expect(active()).to.have.length(0);
    expect(await added('bookings')).to.equal(0);
  });

  it('book returns the same booking when a webhook completes the attempt before Acuity’s reply', async () => {
    const held = fake.hold();
    const answer = fixture.attempts.book(fixture.people.rita, requestFor(), null);
    while (held.waiting() === 0) await sleep(5);
    const [appointment] = active();
    if (!appointment) throw new Error('Nothing was made');
    const told = await fixture.settlement.completeFromAppointment(
      appointment.answers.get(9101) ?? '',
      appointment,
    );
    held.answer();
    const booking = valueOf(await answer);
    expect(told).to.have.nested.property('booking.id', booking.id);
    expect(await added('bookings')).to.equal(1);
    expect(await added('emails')).to.equal(1);
  });

  it('completeFromAppointment returns not_ours when no attempt has the reference', async () => {
    const booked = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), null));
    const [appointment] = active();
    if (!appointment) throw new Error('Nothing was made');
    expect(await fixture.settlement.completeFromAppointment('EX-222222', appointment)).to.deep.equal({
      outcome: 'not_ours',
    });
    expect(await fixture.settlement.completeFromAppointment(booked.reference, appointment)).to.have.property(
      'outcome',
      'completed',
    );
  });

  it('sweep adds a job for every open attempt', async () => {
    acuity.failNext('after');
    await fixture.attempts.book(fixture.people.rita, requestFor(), null);
    const open = await fixture.db('booking_attempts').where({ state: 'open' }).pluck('id');
    expect(open).to.include(await attemptId());
    await fixture.db.raw('delete from graphile_worker._private_jobs');
    expect(await fixture.settlement.sweep()).to.equal(open.length);
    expect(await fixture.db('graphile_worker.jobs').pluck('key')).to.have.members(open);
  });
});

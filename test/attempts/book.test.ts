import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { hashOf } from '../../src/attempts/attempt.plan.ts';
import type { Appointment } from '../../src/ports/acuity.ts';
import {
  openBookingFixture,
  reasonOf,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
} from '../support/booking-fixture.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';

describe('attempts to book', () => {
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let fixture: BookingFixture;

  beforeEach(async () => {
    fake = createFakeAcuity();
    fake.offer(7001, tuesdayAtTen.toISOString(), '2026-12-02T10:00:00+11:00');
    fake.offer(7003, tuesdayAtTen.toISOString());
    acuity = withFaults(fake);
    fixture = await openBookingFixture(acuity);
  });
  afterEach(() => fixture.close());

  function onWrongCalendar(given: Appointment): Appointment {
    const wrong = { ...given, calendarId: 7003 };
    fake.appointments.set(given.id, wrong);
    fake.offer(7001, given.startsAt.toISOString());
    return wrong;
  }
  const active = () => [...fake.appointments.values()].filter((appointment) => !appointment.canceled);
  const count = async (table: string) => Number((await fixture.db(table).count('* as n'))[0]?.n);
  const attemptId = async () => {
    const [id] = await fixture.db('booking_attempts').pluck('id');
    if (!id) throw new Error('No attempt was stored');
    return id;
  };

  it('book writes booking, first progress, audit row and e-mail in one transaction', async () => {
    const booking = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    expect(booking.reference).to.match(/^EX-[2-9A-HJKMNP-TV-Z]{6}$/);
    expect(booking.createdBy?.name).to.equal('Rita Alvarez');
    expect(booking.createdFor).to.equal(null);
    expect(booking.organization?.name).to.equal('Harbour Legal');
    expect(booking.startsAt).to.deep.equal(tuesdayAtTen);
    expect(booking.timezone).to.equal('Australia/Sydney');
    expect(booking.location).to.match(/George Street/);
    const progress = await fixture.db('booking_progress').select('*');
    expect(progress).to.have.length(1);
    expect(progress[0]).to.include({ booking_id: booking.id, progress: 'scheduled', source: 'portal' });
    const audit = await fixture.db('audit_log').where({ resource_id: booking.id });
    expect(audit).to.have.length(1);
    expect(audit[0]).to.include({
      action: 'booking.created',
      request_id: 'req-rita',
      ip: '203.0.113.7',
      user_agent: 'test',
    });
    const emails = await fixture.db('emails').select('*');
    expect(emails).to.have.length(1);
    expect(emails[0]).to.include({ kind: 'booking_confirmation', recipient: 'rita@harbour-legal.example' });
    const jobs = await fixture.db('graphile_worker.jobs').where({ task_identifier: 'send_email' });
    expect(jobs).to.have.length(1);
  });

  it('book sends the referrer as client, and our reference and the examinee as intake answers', async () => {
    const request = fixture.requestFor();
    const examinee = { ...request.examinee, interpreterLanguage: 'Arabic' };
    const booking = valueOf(await fixture.attempts.book(fixture.people.rita, { ...request, examinee }, null));
    const [appointment] = active();
    expect(appointment?.client).to.deep.equal({
      firstName: 'Rita',
      lastName: 'Alvarez',
      email: 'rita@harbour-legal.example',
      phone: '',
    });
    expect(Object.fromEntries(appointment?.answers ?? [])).to.deep.equal({
      9101: booking.reference,
      9102: 'Ewan',
      9103: 'Marsh',
      9104: '+61412345678',
      9106: '1984-03-27',
      9107: 'CL-2207',
      9108: 'Harbour Legal',
      9109: 'Arabic',
    });
    const created = fake.calls.find((call) => call.method === 'createAppointment');
    expect(created?.query).to.include({
      calendarId: 7001,
      appointmentTypeId: 8001,
      timezone: 'Australia/Perth',
    });
  });

  it('book sends the examination’s zone when Acuity would refuse the browser’s', async () => {
    for (const [index, timezone] of ['UTC', 'Etc/GMT-10', null].entries()) {
      const startsAt = new Date(tuesdayAtTen.getTime() + (index + 1) * 86_400_000);
      fake.offer(7001, startsAt.toISOString());
      valueOf(
        await fixture.attempts.book(fixture.people.rita, fixture.requestFor({ startsAt, timezone }), null),
      );
    }
    const created = fake.calls.filter((call) => call.method === 'createAppointment');
    expect(created.map(({ query }) => (query as { timezone: string }).timezone)).to.deep.equal([
      'Australia/Sydney',
      'Australia/Sydney',
      'Australia/Sydney',
    ]);
  });

  it('book invalidates the calendar’s cached free times, including the booked one', async () => {
    await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
    expect(fixture.availability.invalidated[0]?.calendarId).to.equal(7001);
    expect(fixture.availability.invalidated[0]?.taken?.startsAt).to.deep.equal(tuesdayAtTen);
  });

  it('book records the referrer as by and the admin as for when an admin acts as the referrer', async () => {
    const booking = valueOf(await fixture.attempts.book(fixture.adaAsRita, fixture.requestFor(), null));
    const ada = fixture.people.ada.viewer.userId;
    const rita = fixture.people.rita.viewer.userId;
    expect(booking.createdBy?.id).to.equal(rita);
    expect(booking.createdFor?.id).to.equal(ada);
    expect(await fixture.db('booking_progress').first()).to.include({
      changed_by_id: rita,
      changed_for_id: ada,
    });
    expect(await fixture.db('audit_log').where({ resource_id: booking.id }).first()).to.include({
      actor_id: ada,
      acting_as_id: rita,
    });
  });

  it('book returns forbidden when staff ask', async () => {
    for (const actor of [fixture.people.sam, fixture.people.ada]) {
      expect(reasonOf(await fixture.attempts.book(actor, fixture.requestFor(), null)).reason).to.equal(
        'forbidden',
      );
    }
    expect(fake.calls.filter(({ method }) => method !== 'forms')).to.have.length(0);
  });

  it('book refuses a past time, an inactive specialist, a type not offered and an answer to our own field', async () => {
    const past = fixture.requestFor({ startsAt: new Date('2026-11-22T10:00:00Z') });
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, past, null))).to.deep.include({
      reason: 'invalid',
      errors: [{ path: 'startsAt', message: 'This time has passed: choose a later one' }],
    });
    const telehealth = reasonOf(
      await fixture.attempts.book(fixture.people.rita, fixture.requestFor({ type: 'telehealth' }), null),
    );
    expect(telehealth).to.have.nested.property('errors[0].path', 'type');
    const forged = fixture.requestFor({ answers: [{ fieldId: 9101, value: 'EX-222222' }] });
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, forged, null))).to.have.nested.property(
      'errors[0].path',
      'answers.9101',
    );
    await fixture.db('specialists').where({ acuity_calendar_id: 7001 }).update({ is_active: false });
    expect(
      reasonOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null)),
    ).to.have.nested.property('errors[0].path', 'specialistId');
    expect(await count('booking_attempts')).to.equal(0);
    expect(fake.calls.filter(({ method }) => method !== 'forms')).to.have.length(0);
  });

  it('book returns the first booking when key and body are the same', async () => {
    const first = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    const again = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    expect(again.id).to.equal(first.id);
    expect(active()).to.have.length(1);
  });

  it('book stores the hash of a request keyed, and recognises one stored without a key', async () => {
    const first = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    const [stored = ''] = await fixture.db('booking_attempts').pluck('request_hash');
    expect(stored).to.match(/^h:tests:/);
    await fixture.owner('booking_attempts').update({ request_hash: hashOf(fixture.requestFor()) });
    const again = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    expect(again.id).to.equal(first.id);
    const other = fixture.requestFor({ notes: 'Right knee.' });
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, other, 'k1')).reason).to.equal(
      'idempotency_conflict',
    );
  });

  it('book returns idempotency_conflict when the same key comes with another body, also after a refusal', async () => {
    fixture.availability.taken.add(tuesdayAtTen.getTime());
    expect(
      reasonOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1')).reason,
    ).to.equal('slot_taken');
    const other = fixture.requestFor({ notes: 'Right knee.' });
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, other, 'k1')).reason).to.equal(
      'idempotency_conflict',
    );
    fixture.availability.taken.clear();
    const again = reasonOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    expect(again).to.include({ reason: 'slot_taken' });
    expect((again as { startsAt: Date }).startsAt).to.deep.equal(tuesdayAtTen);
  });

  it('book treats equal keys of two people as two keys', async () => {
    valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    const day2 = fixture.requestFor({ startsAt: new Date('2026-12-02T10:00:00+11:00') });
    valueOf(await fixture.attempts.book(fixture.people.rob, day2, 'k1'));
    expect(active()).to.have.length(2);
  });

  it('book makes one booking and returns it twenty times when twenty equal requests are concurrent', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'double-click'),
      ),
    );
    const ids = new Set(answers.map((answer) => valueOf(answer).id));
    expect(ids.size).to.equal(1);
    expect(active()).to.have.length(1);
    expect(await count('bookings')).to.equal(1);
    expect(await count('emails')).to.equal(1);
  });

  it('book makes one booking, and offers three other times to nineteen, when twenty people want one time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        fixture.attempts.book(fixture.people.rita, fixture.requestFor(), `key ${index}`),
      ),
    );
    expect(answers.filter((answer) => answer.ok)).to.have.length(1);
    for (const answer of answers) {
      if (answer.ok) continue;
      expect(answer.reason).to.equal('slot_taken');
      expect((answer as unknown as { nearest: unknown[] }).nearest).to.have.length(3);
    }
    expect(active()).to.have.length(1);
  });

  it('book returns slot_taken and invalidates the time when Acuity refuses it', async () => {
    acuity.failNext({ fails: { reason: 'refused', code: 'not_available', message: '', status: 400 } });
    const taken = reasonOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null));
    expect(taken.reason).to.equal('slot_taken');
    expect(fixture.availability.invalidated[0]?.taken?.startsAt).to.deep.equal(tuesdayAtTen);
    expect(await count('emails')).to.equal(0);
    expect(await fixture.db('booking_attempts').first()).to.include({ state: 'failed' });
  });

  it('book says that our own queue is full, makes nothing and releases the key', async () => {
    acuity.failNext({ fails: { reason: 'queue_full', retryAfterMs: 3_000 } });
    const book = () => fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1');
    expect(reasonOf(await book())).to.deep.include({ reason: 'acuity_queue_full', retryAfterMs: 3_000 });
    expect(active()).to.have.length(0);
    expect((await book()).ok).to.equal(true);
  });

  it('book says that Acuity does not let us in, makes nothing and releases the key', async () => {
    const book = () => fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1');
    const noApi = { reason: 'refused', code: 'forbidden', message: '', status: 403 } as const;
    for (const fails of [{ reason: 'unauthorized' } as const, noApi]) {
      acuity.failNext({ fails });
      expect(reasonOf(await book())).to.deep.include({ reason: 'acuity_refuses_us' });
    }
    expect(active()).to.have.length(0);
    expect((await book()).ok).to.equal(true);
  });

  it('book makes nothing and releases the key when Acuity is unreachable', async () => {
    acuity.failNext({ fails: { reason: 'unavailable', notSent: true, retryAfterMs: 5_000 } });
    expect(
      reasonOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1')),
    ).to.deep.include({
      reason: 'acuity_unavailable',
      retryAfterMs: 5_000,
    });
    valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    expect(active()).to.have.length(1);
  });

  it('settle completes the booking that Acuity made when its answer was lost', async () => {
    acuity.failNext('after');
    const pending = reasonOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    expect(pending.reason).to.equal('outcome_pending');
    const id = await attemptId();
    expect(await fixture.attempts.find(fixture.people.rob, id)).to.deep.include({ state: 'open' });
    expect(await fixture.attempts.find(fixture.people.nadia, id)).to.equal(null);
    await Promise.all([fixture.settlement.settle(id), fixture.settlement.settle(id)]);
    const attempt = await fixture.attempts.find(fixture.people.rita, id);
    expect(attempt?.state).to.equal('completed');
    const again = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1'));
    expect(again.acuityAppointmentId).to.equal(active()[0]?.id);
    expect(await fixture.db('emails').pluck('kind')).to.deep.equal(['booking_confirmation']);
    expect(await fixture.db('audit_log').where({ action: 'booking.created' }).first()).to.include({
      request_id: 'req-rita',
    });
  });

  it('settle fails an attempt and tells the referrer when Acuity never received the call in time', async () => {
    acuity.failNext('before');
    await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1');
    const id = await attemptId();
    await fixture.settlement.settle(id);
    expect((await fixture.attempts.find(fixture.people.rita, id))?.state).to.equal('open');
    await fixture.passTime();
    await fixture.settlement.settle(id);
    expect(await fixture.attempts.find(fixture.people.rita, id)).to.deep.equal({
      state: 'failed',
      failure: { reason: 'acuity_unavailable' },
    });
    expect(await fixture.db('emails').pluck('kind')).to.deep.equal(['booking_failed']);
    const late = await fixture.db('graphile_worker.jobs').where({ task_identifier: 'check_late' });
    expect(late).to.have.length(3);
  });

  it('book books once when its key is used again after the attempt failed as unavailable', async () => {
    acuity.failNext('before');
    const book = () => fixture.attempts.book(fixture.people.rita, fixture.requestFor(), 'k1');
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
    await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
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
    await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
    const id = await attemptId();
    await fixture.passTime();
    await fixture.settlement.settle(id);
    const { reference } = (await fixture.db('booking_attempts').first()) as { reference: string };
    await fake.createAppointment({
      startsAt: tuesdayAtTen,
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
    await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
    const id = await attemptId();
    const [first] = active();
    if (!first) throw new Error('Nothing was made');
    fake.appointments.set(first.id + 7, { ...first, id: first.id + 7 });
    await fixture.settlement.settle(id);
    expect(active().map((appointment) => appointment.id)).to.deep.equal([first.id]);
    expect(await fixture.db('bookings').pluck('acuity_appointment_id')).to.deep.equal([first.id]);
  });

  it('book reads the appointment again when Acuity’s answer lacks fields', async () => {
    acuity.failNext('odd');
    const booking = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null));
    expect(booking.acuityAppointmentId).to.equal(active()[0]?.id);
  });

  it('book moves the appointment when Acuity made it with another specialist', async () => {
    acuity.failNext({ answers: onWrongCalendar });
    const booking = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null));
    expect(active()).to.have.length(1);
    expect(active()[0]).to.include({ id: booking.acuityAppointmentId, calendarId: 7001 });
    expect(await fixture.db('audit_log').where({ action: 'drift.fixed' })).to.have.length(1);
  });

  it('book cancels the appointment and makes no booking when it has the wrong specialist and cannot be moved', async () => {
    acuity.failNext(
      { answers: onWrongCalendar },
      { fails: { reason: 'refused', code: 'not_available', message: '', status: 400 } },
    );
    expect(
      reasonOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null)).reason,
    ).to.equal('acuity_error');
    expect(active()).to.have.length(0);
    expect(await count('bookings')).to.equal(0);
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
        const answer = await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
        expect(reasonOf(answer).reason).to.equal('outcome_pending');
        expect(active()).to.have.length(0);
        expect(await fixture.db('booking_attempts').pluck('state')).to.deep.equal(['open']);
      } finally {
        await owner.raw('drop function spoil_claim cascade');
      }
    });
  }

  it('settle fails an attempt, so that nobody can claim it, when its process died before the call', async () => {
    let isGone = false;
    const failing = await openBookingFixture(acuity, {
      onStep: (step) => {
        if (step !== 'attempt_stored' || isGone) return;
        isGone = true;
        throw new Error('the process is gone');
      },
    });
    try {
      await failing.attempts.book(failing.people.rita, failing.requestFor(), null).catch(() => undefined);
      const [id] = (await failing.db('booking_attempts').pluck('id')) as [string];
      await failing.passTime();
      await failing.settlement.settle(id);
      expect((await failing.attempts.find(failing.people.rita, id))?.state).to.equal('failed');
      expect(active()).to.have.length(0);
    } finally {
      await failing.close();
    }
  });

  it('book cancels what Acuity made when the attempt was declared failed during the call', async () => {
    const held = fake.hold();
    const answer = fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
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
    expect(await count('bookings')).to.equal(0);
  });

  it('book returns the same booking when a webhook completes the attempt before Acuity’s reply', async () => {
    const held = fake.hold();
    const answer = fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
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
    expect(await count('bookings')).to.equal(1);
    expect(await count('emails')).to.equal(1);
  });

  it('completeFromAppointment returns not_ours when no attempt has the reference', async () => {
    const booked = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null));
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
    await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
    const id = await attemptId();
    await fixture.db.raw('delete from graphile_worker._private_jobs');
    expect(await fixture.settlement.sweep()).to.equal(1);
    expect(await fixture.db('graphile_worker.jobs').where({ key: id })).to.have.length(1);
  });

  it('book removes what the person typed from the attempt when it is settled', async () => {
    await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null);
    const { request } = (await fixture.db('booking_attempts').first()) as { request: object };
    expect(JSON.stringify(request)).to.not.match(/Ewan|Marsh|Left knee|CL-2207/);
  });
});

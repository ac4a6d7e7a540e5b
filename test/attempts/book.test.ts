import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { hashOf } from '../../src/attempts/attempt.plan.ts';
import { createAttemptService } from '../../src/attempts/index.ts';
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

const hourMs = 3_600_000;

/** Tables whose rows are counted before and after a test. */
const counted = ['bookings', 'booking_progress', 'booking_attempts', 'emails'] as const;
type Counted = (typeof counted)[number];

describe('attempts to book', () => {
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let fixture: BookingFixture;
  let n = 0;
  /** A time and an idempotency key that no other test uses. */
  let startsAt: Date;
  let key: string;
  let rowsBefore: Record<Counted, number>;

  before(async () => {
    fake = createFakeAcuity();
    acuity = withFaults(fake);
    fixture = await openBookingFixture(acuity);
  });
  after(() => fixture.close());
  beforeEach(async () => {
    n += 1;
    key = `key of test ${n}`;
    startsAt = new Date(tuesdayAtTen.getTime() + n * 24 * hourMs);
    fake.offer(7001, ...[0, 1, 2].map((hours) => hoursLater(hours).toISOString()));
    fake.offer(7003, startsAt.toISOString());
    fake.recover();
    fake.calls.length = 0;
    fake.appointments.clear();
    fixture.availability.taken.clear();
    fixture.availability.invalidated.length = 0;
    rowsBefore = await countRows();
  });

  const hoursLater = (hours: number) => new Date(startsAt.getTime() + hours * hourMs);
  const requestFor: BookingFixture['requestFor'] = (change) => fixture.requestFor({ startsAt, ...change });

  function onWrongCalendar(given: Appointment): Appointment {
    const wrong = { ...given, calendarId: 7003 };
    fake.appointments.set(given.id, wrong);
    fake.offer(7001, given.startsAt.toISOString());
    return wrong;
  }
  const active = () => [...fake.appointments.values()].filter((appointment) => !appointment.canceled);
  async function countRows(): Promise<Record<Counted, number>> {
    const { rows } = await fixture.db.raw<{ rows: [Record<Counted, number>] }>(
      `select ${counted.map((table) => `(select count(*)::int from ${table}) as "${table}"`).join(', ')}`,
    );
    return rows[0];
  }
  /** How many rows this test has added, whatever they belong to. */
  const added = async (table: Counted) => (await countRows())[table] - rowsBefore[table];
  const attempts = () => fixture.db('booking_attempts').where({ starts_at: startsAt });
  const attemptId = async () => {
    const [id] = await attempts().pluck('id');
    if (!id) throw new Error('No attempt was stored');
    return id;
  };
  const jobsOf = async (task: string) =>
    Number((await fixture.db('graphile_worker.jobs').where({ task_identifier: task }).count('* as n'))[0]?.n);

  it('book writes booking, first progress, audit row and e-mail in one transaction', async () => {
    const jobsBefore = await jobsOf('send_email');
    const booking = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    expect(booking.reference).to.match(/^EX-[2-9A-HJKMNP-TV-Z]{6}$/);
    expect(booking.createdBy?.name).to.equal('Rita Alvarez');
    expect(booking.createdFor).to.equal(null);
    expect(booking.organization?.name).to.equal('Harbour Legal');
    expect(booking.startsAt).to.deep.equal(startsAt);
    expect(booking.timezone).to.equal('Australia/Sydney');
    expect(booking.location).to.match(/George Street/);
    expect(await added('booking_progress')).to.equal(1);
    const progress = await fixture.db('booking_progress').where({ booking_id: booking.id }).first();
    expect(progress).to.include({ progress: 'scheduled', source: 'portal' });
    const audit = await fixture.db('audit_log').where({ resource_id: booking.id });
    expect(audit).to.have.length(1);
    expect(audit[0]).to.include({
      action: 'booking.created',
      request_id: 'req-rita',
      ip: '203.0.113.7',
      user_agent: 'test',
    });
    expect(await added('emails')).to.equal(1);
    const email = await fixture.db('emails').where({ booking_id: booking.id }).first();
    expect(email).to.include({ kind: 'booking_confirmation', recipient: 'rita@harbour-legal.example' });
    expect(await jobsOf('send_email')).to.equal(jobsBefore + 1);
  });

  it('book sends the referrer as client, and our reference and the examinee as intake answers', async () => {
    const request = requestFor();
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
      const request = requestFor({ startsAt: hoursLater(index), timezone });
      valueOf(await fixture.attempts.book(fixture.people.rita, request, null));
    }
    const created = fake.calls.filter((call) => call.method === 'createAppointment');
    expect(created.map(({ query }) => (query as { timezone: string }).timezone)).to.deep.equal([
      'Australia/Sydney',
      'Australia/Sydney',
      'Australia/Sydney',
    ]);
  });

  it('book invalidates the calendar’s cached free times, including the booked one', async () => {
    await fixture.attempts.book(fixture.people.rita, requestFor(), null);
    expect(fixture.availability.invalidated[0]?.calendarId).to.equal(7001);
    expect(fixture.availability.invalidated[0]?.taken?.startsAt).to.deep.equal(startsAt);
  });

  it('book records the referrer as by and the admin as for when an admin acts as the referrer', async () => {
    const booking = valueOf(await fixture.attempts.book(fixture.adaAsRita, requestFor(), null));
    const ada = fixture.people.ada.viewer.userId;
    const rita = fixture.people.rita.viewer.userId;
    expect(booking.createdBy?.id).to.equal(rita);
    expect(booking.createdFor?.id).to.equal(ada);
    expect(await fixture.db('booking_progress').where({ booking_id: booking.id }).first()).to.include({
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
      expect(reasonOf(await fixture.attempts.book(actor, requestFor(), null)).reason).to.equal('forbidden');
    }
    expect(fake.calls.filter(({ method }) => method !== 'forms')).to.have.length(0);
  });

  it('book refuses a past time, an inactive specialist, a type not offered and an answer to our own field', async () => {
    const past = requestFor({ startsAt: new Date('2026-11-22T10:00:00Z') });
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, past, null))).to.deep.include({
      reason: 'invalid',
      errors: [{ path: 'startsAt', message: 'This time has passed: choose a later one' }],
    });
    const telehealth = reasonOf(
      await fixture.attempts.book(fixture.people.rita, requestFor({ type: 'telehealth' }), null),
    );
    expect(telehealth).to.have.nested.property('errors[0].path', 'type');
    const forged = requestFor({ answers: [{ fieldId: 9101, value: 'EX-222222' }] });
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, forged, null))).to.have.nested.property(
      'errors[0].path',
      'answers.9101',
    );
    const specialist = fixture.db('specialists').where({ acuity_calendar_id: 7001 });
    await specialist.clone().update({ is_active: false });
    try {
      expect(
        reasonOf(await fixture.attempts.book(fixture.people.rita, requestFor(), null)),
      ).to.have.nested.property('errors[0].path', 'specialistId');
    } finally {
      await specialist.clone().update({ is_active: true });
    }
    expect(await added('booking_attempts')).to.equal(0);
    expect(fake.calls.filter(({ method }) => method !== 'forms')).to.have.length(0);
  });

  it('book returns the first booking when key and body are the same', async () => {
    const first = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    const again = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    expect(again.id).to.equal(first.id);
    expect(active()).to.have.length(1);
  });

  it('book stores the hash of a request keyed, and recognises one stored without a key', async () => {
    const first = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    const [stored = ''] = await attempts().pluck('request_hash');
    expect(stored).to.match(/^h:tests:/);
    await fixture
      .owner('booking_attempts')
      .where({ starts_at: startsAt })
      .update({ request_hash: hashOf(requestFor()) });
    const again = valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    expect(again.id).to.equal(first.id);
    const other = requestFor({ notes: 'Right knee.' });
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, other, key)).reason).to.equal(
      'idempotency_conflict',
    );
  });

  it('book returns idempotency_conflict when the same key comes with another body, also after a refusal', async () => {
    fixture.availability.taken.add(startsAt.getTime());
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key)).reason).to.equal(
      'slot_taken',
    );
    const other = requestFor({ notes: 'Right knee.' });
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, other, key)).reason).to.equal(
      'idempotency_conflict',
    );
    fixture.availability.taken.clear();
    const again = reasonOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    expect(again).to.include({ reason: 'slot_taken' });
    expect((again as { startsAt: Date }).startsAt).to.deep.equal(startsAt);
  });

  it('book treats equal keys of two people as two keys', async () => {
    valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    const later = requestFor({ startsAt: hoursLater(1) });
    valueOf(await fixture.attempts.book(fixture.people.rob, later, key));
    expect(active()).to.have.length(2);
  });

  it('book makes one booking and returns it twenty times when twenty equal requests are concurrent', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fixture.attempts.book(fixture.people.rita, requestFor(), key)),
    );
    const ids = new Set(answers.map((answer) => valueOf(answer).id));
    expect(ids.size).to.equal(1);
    expect(active()).to.have.length(1);
    expect(await added('bookings')).to.equal(1);
    expect(await added('emails')).to.equal(1);
  });

  it('book makes one booking, and offers three other times to nineteen, when twenty people want one time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        fixture.attempts.book(fixture.people.rita, requestFor(), `${key}, ${index}`),
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
    const taken = reasonOf(await fixture.attempts.book(fixture.people.rita, requestFor(), null));
    expect(taken.reason).to.equal('slot_taken');
    expect(fixture.availability.invalidated[0]?.taken?.startsAt).to.deep.equal(startsAt);
    expect(await added('emails')).to.equal(0);
    expect(await attempts().first()).to.include({ state: 'failed' });
  });

  it('book says that our own queue is full, makes nothing and releases the key', async () => {
    acuity.failNext({ fails: { reason: 'queue_full', retryAfterMs: 3_000 } });
    const book = () => fixture.attempts.book(fixture.people.rita, requestFor(), key);
    expect(reasonOf(await book())).to.deep.include({ reason: 'acuity_queue_full', retryAfterMs: 3_000 });
    expect(active()).to.have.length(0);
    expect((await book()).ok).to.equal(true);
  });

  it('book says that Acuity does not let us in, makes nothing and releases the key', async () => {
    const book = () => fixture.attempts.book(fixture.people.rita, requestFor(), key);
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
    expect(reasonOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key))).to.deep.include({
      reason: 'acuity_unavailable',
      retryAfterMs: 5_000,
    });
    valueOf(await fixture.attempts.book(fixture.people.rita, requestFor(), key));
    expect(active()).to.have.length(1);
  });

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

  it('book removes what the person typed from the attempt when it is settled', async () => {
    await fixture.attempts.book(fixture.people.rita, requestFor(), null);
    const { request } = (await attempts().first()) as { request: object };
    expect(JSON.stringify(request)).to.not.match(/Ewan|Marsh|Left knee|CL-2207/);
  });
});

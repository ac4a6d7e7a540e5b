import { expect } from 'chai';
import { hashOf } from '../../src/attempts/attempt.plan.ts';
import { reasonOf, valueOf, type BookingFixture } from '../support/booking-fixture.ts';
import { attemptsToBook } from '../support/attempts-to-book.ts';
import type { FakeAcuity } from '../support/fakes/acuity.ts';
import type { FaultyAcuity } from '../support/faulty-acuity.ts';

describe('attempts to book', () => {
  const ground = attemptsToBook();
  const { active, added, attempts, hoursLater, jobsOf, requestFor } = ground;
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let fixture: BookingFixture;
  let startsAt: Date;
  let key: string;

  before(() => void ({ fake, acuity, fixture } = ground.opened()));
  beforeEach(() => void ({ startsAt, key } = ground.ofThisTest()));

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

  it('book removes what the person typed from the attempt when it is settled', async () => {
    await fixture.attempts.book(fixture.people.rita, requestFor(), null);
    const { request } = (await attempts().first()) as { request: object };
    expect(JSON.stringify(request)).to.not.match(/Ewan|Marsh|Left knee|CL-2207/);
  });
});

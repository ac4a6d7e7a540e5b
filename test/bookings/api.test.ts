import { expect } from 'chai';
import { bookingSchema, progressSchema } from '../../src/http/api/bookings.schemas.ts';
import { tuesdayAtTen } from '../support/booking-fixture.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

const wednesday = '2026-12-02T10:00:00+11:00';
const clock = { now: () => new Date('2026-11-23T09:00:00+11:00') };

interface BookingJson {
  id: string;
  reference: string;
  startsAt: string;
  status: string;
}

describe('bookings API', () => {
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let app: TestApp;
  let rita: Agent;
  let nadia: Agent;
  let sam: Agent;
  let specialistId: string;

  before(async () => {
    fake = createFakeAcuity();
    acuity = withFaults(fake);
    app = await startTestApp({ overrides: { acuity, clock } });
    [rita, nadia, sam] = await Promise.all([
      app.signIn('rita@harbour-legal.example'),
      app.signIn('nadia@northside-claims.example'),
      app.signIn('sam@examdesk.example'),
    ]);
    const row = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
      id: string;
    };
    specialistId = row.id;
  });
  after(() => app.close());

  const body = (change: object = {}) =>
    bookingBody(specialistId, '2026-12-01T10:00:00+11:00', { timezone: 'Australia/Perth', ...change });
  let hour = 0;
  /** Another free hour for each booking. */
  async function book(): Promise<BookingJson> {
    hour += 1;
    const startsAt = new Date(Date.UTC(2027, 0, 4, hour));
    fake.offer(7001, startsAt.toISOString());
    await app.system.services.availability.invalidate(7001);
    const answer = await rita
      .post('/bookings')
      .send(body({ startsAt: startsAt.toISOString() }))
      .expect(201);
    return (answer.body as { booking: BookingJson }).booking;
  }
  async function offer(...times: string[]): Promise<void> {
    fake.offer(7001, ...times);
    await app.system.services.availability.invalidate(7001);
  }

  it('answers 201 with Location and the booking as in the contract when a time is booked', async () => {
    await offer(tuesdayAtTen.toISOString());
    const answer = await rita.post('/bookings').set('Idempotency-Key', 'one').send(body()).expect(201);
    const { booking } = answer.body as { booking: BookingJson };
    expect(bookingSchema.strict().safeParse(booking).error).to.equal(undefined);
    expect(booking.startsAt).to.equal('2026-11-30T23:00:00.000Z');
    expect(answer.headers.location).to.equal(`/bookings/${booking.id}`);
    const again = await rita.post('/bookings').set('Idempotency-Key', 'one').send(body()).expect(201);
    expect(again.body).to.have.nested.property('booking.id', booking.id);
    const other = await rita
      .post('/bookings')
      .set('Idempotency-Key', 'one')
      .send(body({ notes: 'other' }))
      .expect(409);
    expect(other.body).to.include({ code: 'idempotency_conflict', status: 409 });
  });

  it('answers 409 with the taken time and three alternatives when the time is taken', async () => {
    await offer(
      '2026-12-01T09:00:00+11:00',
      '2026-12-01T11:00:00+11:00',
      wednesday,
      '2026-12-04T10:00:00+11:00',
    );
    const { body: problem } = await rita
      .post('/bookings')
      .send(body())
      .expect(409)
      .expect('Content-Type', /problem\+json/);
    expect(problem).to.include({ code: 'slot_taken', startsAt: '2026-11-30T23:00:00.000Z' });
    expect(
      (problem as { nearest: { startsAt: string }[] }).nearest.map((slot) => slot.startsAt),
    ).to.deep.equal(['2026-11-30T22:00:00.000Z', '2026-12-01T00:00:00.000Z', '2026-12-01T23:00:00.000Z']);
    expect(problem).to.have.nested.property('errors[0].path', 'startsAt');
  });

  it('answers 422 with each wrong field and writes nothing when the input is wrong', async () => {
    const before = await app.db('booking_attempts').count('* as n').first();
    const bad = [
      {},
      body({ startsAt: '2026-12-01T10:00:00' }),
      body({ startsAt: '2020-01-01T10:00:00Z' }),
      body({ examinee: { firstName: '😀', lastName: ['x'], phone: '1' } }),
      body({ specialistId: '01930000-0000-7000-8000-000000000001' }),
      body({ type: 'telehealth' }),
      body({ answers: [{ fieldId: 9101, value: 'x' }] }),
      [],
    ];
    for (const sent of bad) {
      const { body: problem } = await rita.post('/bookings').send(sent).expect(422);
      expect((problem as { errors: unknown[] }).errors, JSON.stringify(sent)).to.not.have.length(0);
    }
    await rita.post('/bookings').set('Idempotency-Key', 'x'.repeat(201)).send(body()).expect(422);
    expect(await app.db('booking_attempts').count('* as n').first()).to.deep.equal(before);
  });

  it('refuses people who are not signed in, and staff, when they book', async () => {
    await app.anonymous().post('/bookings').send(body()).expect(401);
    await sam.post('/bookings').send(body()).expect(403);
  });

  it('answers 202 with the URL of the outcome when Acuity’s answer was lost', async () => {
    await offer('2026-12-07T10:00:00+11:00');
    acuity.failNext('after');
    const lost = await rita
      .post('/bookings')
      .send(body({ startsAt: '2026-12-07T10:00:00+11:00' }))
      .expect(202);
    expect(lost.body).to.include({ code: 'outcome_pending', status: 202 });
    const { location } = lost.headers as { location: string };
    expect((await rita.get(location).expect(200)).body).to.deep.equal({ state: 'open' });
    await nadia.get(location).expect(404);
    await app.system.services.settlement.settle(location.split('/').at(-1) ?? '');
    const settled = (await rita.get(location).expect(200)).body as { state: string; booking: object };
    expect(settled.state).to.equal('completed');
    expect(bookingSchema.strict().safeParse(settled.booking).error).to.equal(undefined);
  });

  it('answers 503 with Retry-After when Acuity is unreachable, 502 when its refusal is unexpected', async () => {
    await offer('2026-12-08T10:00:00+11:00');
    const startsAt = '2026-12-08T10:00:00+11:00';
    acuity.failNext({ fails: { reason: 'unavailable', notSent: true, retryAfterMs: 2_500 } });
    await rita.post('/bookings').send(body({ startsAt })).expect(503).expect('Retry-After', '3');
    acuity.failNext({ fails: { reason: 'refused', code: 'required_email', message: '', status: 400 } });
    const { body: problem } = await rita.post('/bookings').send(body({ startsAt })).expect(502);
    expect(problem).to.include({ code: 'acuity_error' });
  });

  it('answers one booking with its history, and 404 on every URL to another organisation', async () => {
    const { id } = await book();
    const { body: seen } = await rita.get(`/bookings/${id}`).expect(200);
    const shown = seen as { booking: object; progress: object[]; documents: object[] };
    expect(bookingSchema.strict().safeParse(shown.booking).error).to.equal(undefined);
    expect(progressSchema.strict().safeParse(shown.progress[0]).error).to.equal(undefined);
    expect(shown.documents).to.deep.equal([]);
    await nadia.get(`/bookings/${id}`).expect(404);
    await nadia.get(`/bookings/${id}/calendar.ics`).expect(404);
    await nadia.post(`/bookings/${id}/cancel`).send({}).expect(404);
    await nadia.post(`/bookings/${id}/reschedule`).send({ startsAt: wednesday }).expect(404);
    await rita.get('/bookings/not-an-id').expect(404);
    const { body: list } = await nadia.get('/bookings').expect(200);
    expect(list).to.deep.equal({ bookings: [], nextCursor: null });
  });

  it('answers a calendar file', async () => {
    const { id, reference } = await book();
    const answer = await rita
      .get(`/bookings/${id}/calendar.ics`)
      .buffer(true)
      .expect(200)
      .expect('Content-Type', 'text/calendar; method=PUBLISH; charset=utf-8');
    expect(answer.headers['content-disposition']).to.include(`${reference}.ics`);
    expect(answer.text)
      .to.match(/^BEGIN:VCALENDAR\r\n/)
      .and.include(`UID:${id}`)
      .and.include('ORGANIZER;CN="Examdesk":mailto:bookings@examdesk.example');
  });

  it('takes the interpreter’s language, filters by it, and keeps it out of the calendar file', async () => {
    const startsAt = '2026-12-09T10:00:00+11:00';
    await offer(startsAt);
    const examinee = { firstName: 'Priya', lastName: 'Nair', phone: '0412 345 678' };
    for (const interpreterLanguage of ['x'.repeat(61), ['Tamil'], 'Ta\u202emil']) {
      const sent = body({ startsAt, examinee: { ...examinee, interpreterLanguage } });
      const { body: problem } = await rita.post('/bookings').send(sent).expect(422);
      expect(problem).to.have.nested.property('errors[0].path', 'examinee.interpreterLanguage');
    }
    const sent = body({ startsAt, examinee: { ...examinee, interpreterLanguage: ' Tamil ' } });
    const { body: booked } = await rita.post('/bookings').send(sent).expect(201);
    const { booking } = booked as { booking: { id: string } };
    expect(booking).to.have.nested.property('examinee.interpreterLanguage', 'Tamil');
    const listed = async (interpreter: string) => {
      const { body: page } = await rita.get('/bookings').query({ interpreter, limit: 100 }).expect(200);
      return (page as { bookings: { id: string }[] }).bookings.map(({ id }) => id);
    };
    expect(await listed('yes')).to.deep.equal([booking.id]);
    expect(await listed('no')).not.to.include(booking.id);
    expect(await listed(''))
      .to.include(booking.id)
      .and.to.have.length.above(1);
    await rita.get('/bookings').query({ interpreter: 'perhaps' }).expect(422);
    const file = await rita.get(`/bookings/${booking.id}/calendar.ics`).buffer(true).expect(200);
    expect(file.text).to.include('Priya').and.not.to.include('Tamil');
  });

  it('moves, cancels once, and gives the reason when it cannot cancel again', async () => {
    const { id } = await book();
    await offer(wednesday);
    const moved = await rita.post(`/bookings/${id}/reschedule`).send({ startsAt: wednesday }).expect(200);
    expect(moved.body).to.have.nested.property('booking.startsAt', '2026-12-01T23:00:00.000Z');
    await rita.post(`/bookings/${id}/reschedule`).send({ startsAt: 'noon' }).expect(422);
    const cancelled = await rita.post(`/bookings/${id}/cancel`).send({ reason: 'Settled' }).expect(200);
    expect(cancelled.body).to.have.nested.property('booking.status', 'cancelled');
    const again = await rita.post(`/bookings/${id}/cancel`).send({}).expect(409);
    expect(again.body).to.include({ code: 'already_cancelled' });
  });

  it('lets staff change the progress, and refuses referrers', async () => {
    const { id } = await book();
    await rita.post(`/bookings/${id}/progress`).send({ progress: 'no_show' }).expect(403);
    const moved = await sam
      .post(`/bookings/${id}/progress`)
      .send({ progress: 'no_show', notes: 'Did not come' })
      .expect(201);
    expect(progressSchema.strict().safeParse((moved.body as { progress: object }).progress).error).to.equal(
      undefined,
    );
    const odd = await sam.post(`/bookings/${id}/progress`).send({ progress: 'payment_received' }).expect(409);
    expect(odd.body).to.include({
      code: 'invalid_transition',
      from: 'no_show',
      to: 'payment_received',
      detail: 'This booking’s progress is “Did not attend”: it cannot become “Payment received”.',
    });
    await sam.post(`/bookings/${id}/progress`).send({ progress: 'done' }).expect(422);
  });

  it('lists page by page, and answers 422 when the query is invalid', async () => {
    const first = (await rita.get('/bookings?limit=1').expect(200)).body as {
      bookings: BookingJson[];
      nextCursor: string;
    };
    const second = (await rita.get('/bookings').query({ limit: '1', cursor: first.nextCursor }).expect(200))
      .body as { bookings: BookingJson[] };
    expect(second.bookings[0]?.id).to.not.equal(first.bookings[0]?.id);
    for (const query of [
      'limit=0',
      'status=x',
      'from=2026-02-30',
      'cursor=x',
      'q=a&q=b',
      'specialistId=1',
      'limit=5&limit=6',
    ]) {
      const { body: problem } = await rita.get(`/bookings?${query}`).expect(422);
      expect(problem, query).to.include({ code: 'invalid' });
    }
  });

  it('logs no health information', () => {
    expect(app.logLines.join('\n')).to.not.match(/Ewan|Marsh|412 ?345|Did not come/);
  });
});

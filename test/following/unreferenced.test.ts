// Appointment types whose forms have no question for our reference: the event alone must find the attempt.
import { expect } from 'chai';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';

const startsAt = timeAhead(9);
const cause = { source: 'acuity' } as const;

describe('event for an appointment without our reference', () => {
  let app: TestApp;
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let rita: Agent;

  beforeEach(async () => {
    fake = createFakeAcuity();
    fake.offer(7001, startsAt);
    acuity = withFaults(fake);
    app = await startTestApp({ overrides: { acuity, bookings: { timings: { inFlightMs: 0 } } } });
    await app.db('intake_fields').where({ name: 'reference' }).delete();
    rita = await app.signIn('rita@harbour-legal.example');
  });
  afterEach(() => app.close());

  async function bookAndLoseTheAnswer(): Promise<{ attemptId: string; appointmentId: number }> {
    const specialist = await app.system.services.specialists.findByCalendar(7001);
    acuity.failNext('after');
    const { body } = await rita
      .post('/bookings')
      .send({
        specialistId: specialist?.id,
        type: 'in_person',
        startsAt,
        examinee: { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' },
      })
      .expect(202);
    const [appointmentId] = fake.appointments.keys();
    if (appointmentId === undefined) throw new Error('Acuity made no appointment');
    return { attemptId: (body as { attempt: { id: string } }).attempt.id, appointmentId };
  }

  it('completes the open attempt that requested it when Acuity’s answer was lost', async () => {
    const { attemptId, appointmentId } = await bookAndLoseTheAnswer();
    expect(await app.system.services.convergence.converge(appointmentId, cause)).to.include({ ok: true });
    await app.system.services.settlement.settle(attemptId);
    const bookings = await app.db('bookings').select('source', 'acuity_appointment_id');
    expect(bookings).to.deep.equal([{ source: 'portal', acuity_appointment_id: appointmentId }]);
    const { body } = await rita.get(`/bookings/attempts/${attemptId}`).expect(200);
    expect(body.state).to.equal('completed');
    expect(await app.db('emails').pluck('kind')).to.deep.equal(['booking_confirmation']);
  });

  it('makes a separate booking when somebody else is the client', async () => {
    const { attemptId, appointmentId } = await bookAndLoseTheAnswer();
    const made = fake.appointments.get(appointmentId);
    if (!made) throw new Error('The appointment is gone');
    fake.appointments.set(appointmentId, {
      ...made,
      client: { ...made.client, email: 'nadia@northside-claims.example' },
    });
    await app.system.services.convergence.converge(appointmentId, cause);
    expect(await app.db('bookings').pluck('source')).to.deep.equal(['acuity_direct']);
    const attempt = (await app.db('booking_attempts').where({ id: attemptId }).first('state')) as {
      state: string;
    };
    expect(attempt.state).to.equal('open');
  });
});

// Two processes read one appointment concurrently, and the older answer arrives last.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Acuity, Appointment, NewAppointment } from '../../src/ports/acuity.ts';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { peopleOf } from '../support/booking-fixture.ts';
import { aBookingRequest } from '../support/builders/booking-request.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { until } from '../support/until.ts';
import { anAppointment } from '../support/builders/appointment.ts';

const nine = timeAhead(9);
const ten = timeAhead(10);
const eleven = timeAhead(11);
const appointmentId = 1_900_000_001;
const cause = { source: 'acuity' } as const;

/** Holds back the next answer of this method until `arrive`; its content is from the time of the call. */
function slowAnswers(acuity: FakeAcuity): Acuity & {
  slow(method: 'getAppointment' | 'createAppointment' | 'reschedule'): {
    asked: Promise<void>;
    arrive(): void;
  };
} {
  const waiting: { method: string; asked(): void; arrived: Promise<void> }[] = [];
  const held =
    <A extends unknown[], R>(method: string, call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const gate = waiting.findIndex((one) => one.method === method);
      const [mine] = gate < 0 ? [] : waiting.splice(gate, 1);
      const answer = await call(...args);
      mine?.asked();
      await mine?.arrived;
      return answer;
    };
  return {
    ...acuity,
    getAppointment: held('getAppointment', (id: number) => acuity.getAppointment(id)),
    createAppointment: held('createAppointment', (wanted: NewAppointment) =>
      acuity.createAppointment(wanted),
    ),
    reschedule: held('reschedule', (...args: Parameters<Acuity['reschedule']>) => acuity.reschedule(...args)),
    slow(method) {
      const asked = Promise.withResolvers<void>();
      const arrived = Promise.withResolvers<void>();
      waiting.push({ method, asked: asked.resolve, arrived: arrived.promise });
      return { asked: asked.promise, arrive: arrived.resolve };
    },
  };
}

describe('converge, called concurrently for one appointment', () => {
  let ground: AppGround;
  let app: TestApp;
  let fake: FakeAcuity;
  let acuity: ReturnType<typeof slowAnswers>;

  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    fake = createFakeAcuity();
    acuity = slowAnswers(fake);
    app = await startTestApp({ ground, overrides: { acuity, convergence: { readAgainMs: [] } } });
  });
  afterEach(() => app.close());

  const converge = (id = appointmentId) => app.system.services.convergence.converge(id, cause);
  const bookings = () => app.db('bookings').select('*') as Promise<{ starts_at: Date; status: string }[]>;

  function inAcuity(change: Partial<Appointment>, id = appointmentId): void {
    const before = fake.appointments.get(id) ?? anAppointment({ id, startsAt: new Date(nine) });
    fake.appointments.set(id, { ...before, ...change });
  }

  /** As the relay does: tries again when that is the answer. */
  async function convergeWithRetries(id = appointmentId): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await converge(id)).ok) return;
      await sleep(50);
    }
    throw new Error('It never came in step');
  }

  it('does not overwrite a newer answer with an older time when the newer one found nothing changed', async () => {
    inAcuity({});
    await converge();
    inAcuity({ startsAt: new Date(ten) });
    const old = acuity.slow('getAppointment');
    const first = converge();
    await old.asked;
    inAcuity({ startsAt: new Date(nine) });
    expect(await converge()).to.include({ outcome: 'skipped' });
    old.arrive();
    await first;
    expect((await bookings())[0]?.starts_at).to.deep.equal(new Date(nine));
  });

  it('makes no booking when the newer answer says cancelled', async () => {
    inAcuity({});
    const old = acuity.slow('getAppointment');
    const first = converge();
    await old.asked;
    inAcuity({ canceled: true });
    expect(await converge()).to.include({ outcome: 'ignored' });
    old.arrive();
    expect(await first).to.include({ outcome: 'ignored' });
    expect(await bookings()).to.deep.equal([]);
  });

  it('cancels a booking that another process makes while this one reads its version', async () => {
    inAcuity({});
    await converge();
    const { owner } = app.database;
    const moveTo = (db: typeof owner, from: number, to: number) =>
      db('bookings').where({ acuity_appointment_id: from }).update({ acuity_appointment_id: to });
    await owner('appointment_read_versions').delete();
    await moveTo(owner, appointmentId, 1);
    inAcuity({ canceled: true });
    const other = await owner.transaction();
    await other.raw('lock table appointment_read_versions in access exclusive mode');
    const reading = converge();
    await until(async () => {
      const { rows } = await other.raw<{ rows: unknown[] }>(
        `select from pg_locks where not granted and relation = 'appointment_read_versions'::regclass`,
      );
      return rows.length > 0;
    });
    await moveTo(other, 1, appointmentId);
    await other('appointment_read_versions').insert({ appointment_id: appointmentId, version: 1 });
    await other.commit();
    expect(await reading).to.include({ outcome: 'cancelled' });
    expect((await bookings()).map(({ status }) => status)).to.deep.equal(['cancelled']);
  });

  it('makes one booking, with the newer time', async () => {
    inAcuity({});
    const old = acuity.slow('getAppointment');
    const first = converge();
    await old.asked;
    inAcuity({ startsAt: new Date(ten) });
    await converge();
    old.arrive();
    await first;
    expect((await bookings()).map((one) => one.starts_at)).to.deep.equal([new Date(ten)]);
  });

  it('keeps the newer time when our own appointment is moved before Acuity’s reply arrived', async () => {
    const { rita } = await peopleOf(app.db);
    fake.offer(7001, nine, ten);
    const specialist = await app.system.services.specialists.findByCalendar(7001);
    const reply = acuity.slow('createAppointment');
    const booked = app.system.services.attempts.book(
      rita,
      aBookingRequest(specialist?.id ?? '', new Date(nine)),
      null,
    );
    await reply.asked;
    const [id = 0] = [...fake.appointments.keys()];
    const [old, newer] = [acuity.slow('getAppointment'), acuity.slow('getAppointment')];
    const first = converge(id);
    await old.asked;
    inAcuity({ startsAt: new Date(ten) }, id);
    const second = converge(id);
    await newer.asked;
    old.arrive();
    await first;
    newer.arrive();
    await second;
    reply.arrive();
    expect((await booked).ok).to.equal(true);
    expect((await bookings()).map((one) => one.starts_at)).to.deep.equal([new Date(ten)]);
  });

  it('ends with the clinic’s later change when a change of our own is under way', async () => {
    const { rita } = await peopleOf(app.db);
    inAcuity({});
    const made = await converge();
    if (!made.ok || !made.bookingId) throw new Error('No booking was made');
    fake.offer(7001, ten);
    const reply = acuity.slow('reschedule');
    const moved = app.system.services.attempts.reschedule(rita, made.bookingId, new Date(ten));
    await reply.asked;
    inAcuity({ startsAt: new Date(eleven) });
    const early = await converge();
    reply.arrive();
    await moved;
    if (!early.ok) await convergeWithRetries();
    expect((await bookings())[0]?.starts_at).to.deep.equal(new Date(eleven));
  });

  for (const seed of [1, 2, 5]) {
    it(`ends with Acuity’s last state when dozens of answers are late and out of order (seed ${seed})`, async () => {
      const random = randomOf(seed);
      const { rita } = await peopleOf(app.db);
      const times = Array.from({ length: 8 }, (_, n) => new Date(new Date(nine).getTime() + n * 3_600_000));
      inAcuity({});
      const made = await converge();
      if (!made.ok || !made.bookingId) throw new Error('No booking was made');
      const { bookingId } = made;
      fake.offer(7001, ...times.map((time) => time.toISOString()));
      const runs: Promise<void>[] = [];
      const late = (answer: { asked: Promise<void>; arrive(): void }) =>
        void answer.asked.then(() => sleep(random() * 1_500)).then(() => answer.arrive());
      for (let n = 0; n < 24; n += 1) {
        const to = times[Math.floor(random() * times.length)] ?? times[0];
        if (random() < 0.4) late(acuity.slow('getAppointment'));
        if (random() < 0.2 && to) {
          late(acuity.slow('reschedule'));
          runs.push(app.system.services.attempts.reschedule(rita, bookingId, to).then(() => undefined));
        } else if (random() < 0.6 && to) inAcuity({ startsAt: to });
        runs.push(convergeWithRetries());
        await sleep(random() * 10);
      }
      inAcuity({ startsAt: times[Math.floor(random() * times.length)] ?? new Date(nine) });
      runs.push(convergeWithRetries());
      await Promise.all(runs);
      const here = (await bookings()).map((one) => one.starts_at.toISOString());
      expect(here).to.deep.equal([fake.appointments.get(appointmentId)?.startsAt.toISOString()]);
    });
  }

  it('writes nothing and asks for another try when Acuity does not answer', async () => {
    inAcuity({});
    fake.failWith({ reason: 'unavailable', notSent: false, retryAfterMs: 1_000 });
    expect(await converge()).to.deep.equal({ ok: false, reason: 'acuity_unavailable', retryAfterMs: 1_000 });
    fake.recover();
    expect(await converge()).to.include({ ok: true, outcome: 'created' });
  });
});

/** Pseudo-random numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

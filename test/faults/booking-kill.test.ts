import { expect } from 'chai';
import {
  bookingSteps,
  findDisagreements,
  openBookingStack,
  recover,
  runChild,
  type BookingStack,
  type ChildPlan,
} from '../support/booking-stack.ts';

/** From here on the appointment stands: the booking must follow. */
const firstStepWithAppointment = bookingSteps.indexOf('after_acuity');

describe('a process that is killed', () => {
  let stack: BookingStack;
  before(async () => {
    stack = await openBookingStack();
  });
  after(() => stack.close());

  const bookings = async () => (await stack.db('bookings').pluck('id')) as string[];
  async function kill(plan: Omit<ChildPlan, 'specialistId'>): Promise<void> {
    const end = await runChild(stack, { specialistId: stack.specialistId, ...plan });
    expect(end.signal, `the process was to be killed at ${plan.killAt}`).to.equal('SIGKILL');
  }
  async function expectWhole(): Promise<void> {
    await recover(stack);
    expect(await findDisagreements(stack)).to.deep.equal([]);
  }
  async function bookOne(): Promise<string> {
    const startsAt = (await stack.freeTime()).toISOString();
    const { answer } = await runChild(stack, {
      does: 'book',
      killAt: null,
      specialistId: stack.specialistId,
      startsAt,
    });
    if (!answer?.bookingId) throw new Error(`It was not booked: ${answer?.reason}`);
    return answer.bookingId;
  }

  for (const [index, step] of bookingSteps.entries()) {
    const becomesBooking = index >= firstStepWithAppointment;
    it(`at ${step}: ${becomesBooking ? 'the booking is completed' : 'nothing is booked'}, once`, async () => {
      const before = await bookings();
      const startsAt = (await stack.freeTime()).toISOString();
      await kill({ does: 'book', killAt: step, startsAt, idempotencyKey: `key ${step}` });
      await expectWhole();
      expect((await bookings()).length - before.length).to.equal(becomesBooking ? 1 : 0);
      // Whoever asks again with the same key learns what came of it, and books nothing twice.
      const again = await runChild(stack, {
        does: 'book',
        killAt: null,
        specialistId: stack.specialistId,
        startsAt,
        idempotencyKey: `key ${step}`,
      });
      const isFirstWord = step === 'authorised';
      expect(again.answer?.ok, again.answer?.reason).to.equal(becomesBooking || isFirstWord);
      await expectWhole();
      expect((await bookings()).length - before.length).to.equal(becomesBooking || isFirstWord ? 1 : 0);
    });
  }

  for (const step of [
    'settle_started',
    'before_complete',
    'in_complete_transaction',
    'settle_completed',
    'settle_done',
  ]) {
    it(`while it settles, at ${step}: the next worker ends it`, async () => {
      const before = await bookings();
      const startsAt = (await stack.freeTime()).toISOString();
      await kill({ does: 'book', killAt: 'after_acuity', startsAt });
      await kill({ does: 'work', killAt: step });
      await expectWhole();
      expect((await bookings()).length - before.length).to.equal(1);
    });
  }

  for (const step of ['email_before_send', 'email_after_send']) {
    it(`while it sends a mail, at ${step}: the referrer gets one message`, async () => {
      await bookOne();
      await kill({ does: 'work', killAt: step });
      await expectWhole();
    });
  }

  for (const does of ['reschedule', 'cancel'] as const) {
    for (const step of [
      'intention_stored',
      'before_acuity',
      'after_acuity',
      'in_complete_transaction',
      'completed',
    ]) {
      it(`during a ${does}, at ${step}: booking and appointment agree`, async () => {
        const bookingId = await bookOne();
        const startsAt = (await stack.freeTime()).toISOString();
        await kill({ does, killAt: step, bookingId, startsAt });
        await expectWhole();
        const { status, starts_at: at } = (await stack.db('bookings').where({ id: bookingId }).first()) as {
          status: string;
          starts_at: Date;
        };
        const isDone = does === 'cancel' ? status === 'cancelled' : at.toISOString() === startsAt;
        expect(isDone).to.equal(!['intention_stored', 'before_acuity'].includes(step));
      });
    }
  }
});

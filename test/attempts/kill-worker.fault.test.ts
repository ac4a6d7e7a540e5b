// Kills a worker at each step of settling and of sending; the next worker finishes the work.
import { expect } from 'chai';
import {
  bookOne,
  findDisagreements,
  openBookingStack,
  recover,
  runChild,
  type BookingStack,
  type ChildPlan,
} from '../support/booking-stack.ts';

describe('next worker', function () {
  this.timeout(60_000);
  let stack: BookingStack;
  before(async () => {
    stack = await openBookingStack();
  });
  after(() => stack.close());

  async function kill(plan: ChildPlan): Promise<void> {
    const end = await runChild(stack, plan);
    expect(end.signal, `the process was to be killed at ${plan.killAt}`).to.equal('SIGKILL');
  }
  async function expectCompleted(): Promise<void> {
    await recover(stack);
    expect(await findDisagreements(stack)).to.deep.equal([]);
  }

  for (const step of [
    'settle_started',
    'before_complete',
    'in_complete_transaction',
    'settle_completed',
    'settle_done',
  ]) {
    it(`completes the booking once when a worker was killed while settling, at ${step}`, async () => {
      const before = await stack.db('bookings').pluck('id');
      const startsAt = (await stack.freeTime()).toISOString();
      await kill({ does: 'book', killAt: 'after_acuity', startsAt });
      await kill({ does: 'work', killAt: step });
      await expectCompleted();
      const after = await stack.db('bookings').pluck('id');
      expect(after.length - before.length).to.equal(1);
    });
  }

  for (const step of ['email_before_send', 'email_after_send']) {
    it(`sends the referrer one message when a worker was killed while sending, at ${step}`, async () => {
      await bookOne(stack);
      await kill({ does: 'work', killAt: step });
      await expectCompleted();
    });
  }
});

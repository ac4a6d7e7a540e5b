// Kills a worker that is settling and sending, with jobs stopped at each of the steps; the next worker finishes the work.
import { expect } from 'chai';
import {
  bookOne,
  findDisagreements,
  killTogether,
  openBookingStack,
  recover,
  runChild,
  type BookingStack,
  type ChildEnd,
  type ChildPlan,
} from '../support/booking-stack.ts';

/** The worker runs more jobs at once than there are steps. */
const settlingSteps = [
  'settle_started',
  'before_complete',
  'in_complete_transaction',
  'settle_completed',
  'settle_done',
];
const sendingSteps = ['email_before_send', 'email_after_send'];
const steps = [...settlingSteps, ...sendingSteps];

describe('next worker', function () {
  this.timeout(120_000);
  let stack: BookingStack;
  /** When the examinations are whose booking was left open: one for each of the worker's steps. */
  const times: string[] = [];
  let end: ChildEnd;
  let bookedAt: string[];
  let disagreements: string[];

  before(async () => {
    stack = await openBookingStack();
    // Their mails wait for a worker.
    await bookOne(stack);
    await bookOne(stack);
    const open: ChildPlan[] = [];
    for (const _ of steps) {
      const startsAt = (await stack.freeTime()).toISOString();
      times.push(startsAt);
      open.push({ does: 'book', killAt: ['after_acuity'], startsAt });
    }
    for (const { signal } of await killTogether(stack, open)) expect(signal).to.equal('SIGKILL');
    end = await runChild(stack, { does: 'work', killAt: steps });
    await recover(stack);
    bookedAt = (await stack.db('bookings').pluck('starts_at')).map((at) => at.toISOString());
    disagreements = await findDisagreements(stack);
  });
  after(() => stack.close());

  for (const step of settlingSteps) {
    it(`completes every booking once when a worker was killed while settling, at ${step}`, () => {
      expect(end.stoppedAt).to.include(step);
      expect(end.signal).to.equal('SIGKILL');
      expect(disagreements).to.deep.equal([]);
      expect(bookedAt)
        .to.include.members(times)
        .and.to.have.length(times.length + 2);
    });
  }

  for (const step of sendingSteps) {
    it(`sends the referrer one message a booking when a worker was killed while sending, at ${step}`, () => {
      expect(end.stoppedAt).to.include(step);
      expect(end.signal).to.equal('SIGKILL');
      expect(disagreements).to.deep.equal([]);
    });
  }
});

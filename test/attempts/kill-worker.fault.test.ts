// Kills workers that are settling and sending at each of the steps; the next worker finishes the work.
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

/** Each set is for one worker, which runs four jobs at once. Of the first one's work the second finds enough left. */
const killedSettling = ['settle_started', 'before_complete', 'in_complete_transaction'];
const killedLater = ['settle_completed', 'settle_done', 'email_before_send', 'email_after_send'];

describe('next worker', function () {
  this.timeout(120_000);
  let stack: BookingStack;
  /** When the examinations are whose booking was left open: one for each worker's step. */
  const times: string[] = [];
  let ends: ChildEnd[];
  let bookedAt: string[];
  let disagreements: string[];

  before(async () => {
    stack = await openBookingStack();
    // Their mails wait for a worker.
    await bookOne(stack);
    await bookOne(stack);
    const open: ChildPlan[] = [];
    for (const _ of [...killedSettling, ...killedLater]) {
      const startsAt = (await stack.freeTime()).toISOString();
      times.push(startsAt);
      open.push({ does: 'book', killAt: ['after_acuity'], startsAt });
    }
    for (const { signal } of await killTogether(stack, open)) expect(signal).to.equal('SIGKILL');
    ends = [
      await runChild(stack, { does: 'work', killAt: killedSettling }),
      await runChild(stack, { does: 'work', killAt: killedLater }),
    ];
    await recover(stack);
    bookedAt = (await stack.db('bookings').pluck('starts_at')).map((at) => at.toISOString());
    disagreements = await findDisagreements(stack);
  });
  after(() => stack.close());

  const whoStoppedAt = (step: string) => ends.find(({ stoppedAt }) => stoppedAt.includes(step));

  for (const step of [...killedSettling, 'settle_completed', 'settle_done']) {
    it(`completes every booking once when a worker was killed while settling, at ${step}`, () => {
      expect(whoStoppedAt(step)?.signal, `a worker was to be killed at ${step}`).to.equal('SIGKILL');
      expect(disagreements).to.deep.equal([]);
      expect(bookedAt)
        .to.include.members(times)
        .and.to.have.length(times.length + 2);
    });
  }

  for (const step of ['email_before_send', 'email_after_send']) {
    it(`sends the referrer one message a booking when a worker was killed while sending, at ${step}`, () => {
      expect(whoStoppedAt(step)?.signal, `a worker was to be killed at ${step}`).to.equal('SIGKILL');
      expect(disagreements).to.deep.equal([]);
    });
  }
});

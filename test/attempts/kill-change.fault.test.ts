// Kills a process that is moving and cancelling bookings, each at another step. Then comes one recovery.
import { expect } from 'chai';
import {
  bookOne,
  findDisagreements,
  killTogether,
  openBookingStack,
  recover,
  type BookingStack,
  type ChildEnd,
  type ChildPlan,
} from '../support/booking-stack.ts';

// A transaction that stops keeps its locks, so it comes last.
const steps = [
  'attempt_stored',
  'before_acuity',
  'after_acuity',
  'completed',
  'in_complete_transaction',
] as const;
const kills = steps.flatMap((step) => (['reschedule', 'cancel'] as const).map((does) => ({ does, step })));
type Kill = (typeof kills)[number];

describe('recovery after a kill during a change', function () {
  this.timeout(120_000);
  let stack: BookingStack;
  const plans = new Map<Kill, ChildPlan>();
  let ends: ChildEnd[];
  let disagreements: string[];

  before(async () => {
    stack = await openBookingStack();
    for (const kill of kills) {
      const bookingId = await bookOne(stack);
      const startsAt = (await stack.freeTime()).toISOString();
      plans.set(kill, { does: kill.does, killAt: [kill.step], bookingId, startsAt });
    }
    ends = await killTogether(stack, [...plans.values()]);
    await recover(stack);
    disagreements = await findDisagreements(stack);
  });
  after(() => stack.close());

  for (const [index, kill] of kills.entries()) {
    const { does, step } = kill;
    it(`makes booking and appointment agree when a ${does} was killed at ${step}`, async () => {
      const { bookingId, startsAt } = plans.get(kill) ?? {};
      expect(ends[index]).to.deep.equal({ stoppedAt: [step], answer: null, signal: 'SIGKILL' });
      expect(disagreements).to.deep.equal([]);
      const { status, starts_at: at } = (await stack.db('bookings').where({ id: bookingId }).first()) as {
        status: string;
        starts_at: Date;
      };
      const isDone = does === 'cancel' ? status === 'cancelled' : at.toISOString() === startsAt;
      expect(isDone).to.equal(!['attempt_stored', 'before_acuity'].includes(step));
    });
  }
});

// Kills processes that move or cancel a booking at each step. All kills come first, then one recovery.
import { expect } from 'chai';
import {
  bookOne,
  findDisagreements,
  openBookingStack,
  recover,
  runChild,
  type BookingStack,
  type ChildEnd,
} from '../support/booking-stack.ts';

const steps = [
  'attempt_stored',
  'before_acuity',
  'after_acuity',
  'in_complete_transaction',
  'completed',
] as const;
const kills = (['reschedule', 'cancel'] as const).flatMap((does) => steps.map((step) => ({ does, step })));
type Kill = (typeof kills)[number];

describe('recovery after a kill during a change', function () {
  this.timeout(120_000);
  let stack: BookingStack;
  const ends = new Map<Kill, { end: ChildEnd; bookingId: string; startsAt: string }>();
  let disagreements: string[];

  before(async () => {
    stack = await openBookingStack();
    for (const kill of kills) {
      const bookingId = await bookOne(stack);
      const startsAt = (await stack.freeTime()).toISOString();
      const end = await runChild(stack, { does: kill.does, killAt: kill.step, bookingId, startsAt });
      ends.set(kill, { end, bookingId, startsAt });
    }
    await recover(stack);
    disagreements = await findDisagreements(stack);
  });
  after(() => stack.close());

  for (const kill of kills) {
    const { does, step } = kill;
    it(`makes booking and appointment agree when a ${does} was killed at ${step}`, async () => {
      const { end, bookingId, startsAt } = ends.get(kill) ?? {};
      expect(end?.signal, `the process was to be killed at ${step}`).to.equal('SIGKILL');
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

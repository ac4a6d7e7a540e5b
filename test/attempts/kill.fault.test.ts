// Kills a process that is booking at each of the steps at once. Then comes one recovery, and every request is repeated in
// another process.
import { expect } from 'chai';
import { carryOut } from '../support/booking-plan.ts';
import {
  bookingSteps,
  findDisagreements,
  killTogether,
  openBookingStack,
  recover,
  type BookingStack,
  type ChildEnd,
  type ChildPlan,
} from '../support/booking-stack.ts';

type Step = (typeof bookingSteps)[number];

function isOpen(step: Step): boolean {
  return step === 'in_complete_transaction';
}

interface Outcome {
  /** Bookings by start time: each kill uses a time of its own. */
  booked: Map<string, number>;
  disagreements: string[];
}

/** From this step on the appointment exists, so the booking must follow. */
const firstStepWithAppointment = bookingSteps.indexOf('after_acuity');
const becomesBooking = (step: Step) => bookingSteps.indexOf(step) >= firstStepWithAppointment;
/** A transaction that stops keeps its locks, for which others may wait. */
const inOrder = bookingSteps.toSorted((one, other) => Number(isOpen(one)) - Number(isOpen(other)));

describe('recovery after a kill while booking', function () {
  this.timeout(120_000);
  let stack: BookingStack;
  const times = new Map<Step, string>();
  const killed = new Map<Step, ChildEnd>();
  const again = new Map<Step, ChildEnd['answer']>();
  let afterKills: Outcome;
  let afterRepeats: Outcome;

  before(async () => {
    stack = await openBookingStack();
    for (const step of bookingSteps) times.set(step, (await stack.freeTime()).toISOString());
    const ends = await killTogether(
      stack,
      inOrder.map((step) => planFor(step, [step])),
    );
    for (const [index, step] of inOrder.entries()) killed.set(step, ends[index] as ChildEnd);
    afterKills = await recoveredOutcome();
    const system = stack.compose();
    for (const step of bookingSteps) again.set(step, await carryOut(system.services, planFor(step, [])));
    await system.close();
    afterRepeats = await recoveredOutcome();
  });
  after(() => stack.close());

  function planFor(step: Step, killAt: Step[]): ChildPlan {
    return {
      does: 'book',
      killAt,
      specialistId: stack.specialistId,
      startsAt: times.get(step) ?? '',
      idempotencyKey: `key ${step}`,
    };
  }

  async function recoveredOutcome(): Promise<Outcome> {
    await recover(stack);
    const booked = new Map<string, number>();
    for (const at of await stack.db('bookings').pluck('starts_at'))
      booked.set(at.toISOString(), (booked.get(at.toISOString()) ?? 0) + 1);
    return { booked, disagreements: await findDisagreements(stack) };
  }

  for (const step of bookingSteps) {
    it(`${becomesBooking(step) ? 'completes the booking once' : 'books nothing'} when the process was killed at ${step}`, () => {
      const startsAt = times.get(step) ?? '';
      expect(killed.get(step)).to.deep.equal({ stoppedAt: [step], answer: null, signal: 'SIGKILL' });
      expect(afterKills.disagreements).to.deep.equal([]);
      expect(afterKills.booked.get(startsAt) ?? 0).to.equal(becomesBooking(step) ? 1 : 0);
      // A repeated request with the same key returns the booking, or makes it when the first attempt failed.
      const answer = again.get(step);
      expect(answer?.ok, answer?.reason).to.equal(true);
      expect(afterRepeats.disagreements).to.deep.equal([]);
      expect(afterRepeats.booked.get(startsAt) ?? 0).to.equal(1);
    });
  }

  it('leaves no other booking', () => {
    const sum = ({ booked }: Outcome) => [...booked.values()].reduce((one, other) => one + other, 0);
    expect(sum(afterKills)).to.equal(bookingSteps.filter(becomesBooking).length);
    expect(sum(afterRepeats)).to.equal(bookingSteps.length);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { histories, openHistoryHouse } from '../support/random-history.ts';
import { assertAlways } from '../support/random.ts';

const runs = Number(process.env.HISTORIES ?? 500);
// A calendar has a limited number of free times: each campaign gets its own stack.
const runsInOneHouse = 25;

describe(`convergence over ${runs} random histories with faults`, () => {
  it('leaves bookings and appointments in agreement, and tells nobody twice', async () => {
    for (let done = 0; done < runs; done += runsInOneHouse) {
      const house = await openHistoryHouse();
      try {
        await assertAlways(
          fc.asyncProperty(histories, async (steps) => {
            await house.play(steps);
            await house.comeToRest();
            expect(await house.disagreements()).to.deep.equal([]);
          }),
          { numRuns: Math.min(runsInOneHouse, runs - done), endOnFailure: true },
        );
      } finally {
        await house.close();
      }
    }
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { histories, openHistoryFixture } from '../support/random-history.ts';
import { assertAlways } from '../support/random.ts';

const runs = Number(process.env.HISTORIES ?? 500);
// A calendar has a limited number of free times: each campaign gets its own stack.
const runsPerFixture = 25;

describe(`convergence over ${runs} random histories with faults`, () => {
  it('leaves bookings and appointments in agreement, and tells nobody twice', async () => {
    for (let done = 0; done < runs; done += runsPerFixture) {
      const fixture = await openHistoryFixture();
      try {
        await assertAlways(
          'following/histories',
          fc.asyncProperty(histories, async (steps) => {
            await fixture.runSteps(steps);
            await fixture.settle();
            expect(await fixture.disagreements()).to.deep.equal([]);
          }),
          { numRuns: Math.min(runsPerFixture, runs - done), endOnFailure: true },
        );
      } finally {
        await fixture.close();
      }
    }
  });
});

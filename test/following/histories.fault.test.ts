import { expect } from 'chai';
import fc from 'fast-check';
import { histories, openHistoryFixture, type HistoryFixture } from '../support/random-history.ts';
import { assertAlways } from '../support/random.ts';

describe('convergence over random histories with faults', () => {
  let fixture: HistoryFixture;
  before(async () => {
    fixture = await openHistoryFixture();
  });
  after(() => fixture.close());

  it('leaves bookings and appointments in agreement, and tells nobody twice', async () => {
    await assertAlways(
      'following/histories',
      fc.asyncProperty(histories, async (steps) => {
        await fixture.runSteps(steps);
        await fixture.settle();
        expect(await fixture.disagreements()).to.deep.equal([]);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  }).timeout(240_000);
});

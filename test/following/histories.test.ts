import { expect } from 'chai';
import fc from 'fast-check';
import { histories, openHistoryHouse, type HistoryHouse } from '../support/random-history.ts';
import { assertAlways } from '../support/random.ts';

describe('convergence over random histories with faults', () => {
  let house: HistoryHouse;
  before(async () => {
    house = await openHistoryHouse();
  });
  after(() => house.close());

  it('leaves bookings and appointments in agreement, and tells nobody twice', async () => {
    await assertAlways(
      fc.asyncProperty(histories, async (steps) => {
        await house.play(steps);
        await house.comeToRest();
        expect(await house.disagreements()).to.deep.equal([]);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  }).timeout(240_000);
});

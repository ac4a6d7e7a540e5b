import { expect } from 'chai';
import fc from 'fast-check';
import { histories, openHistoryHouse, type HistoryHouse } from '../support/random-history.ts';
import { assertAlways } from '../support/random.ts';

describe('after any history, under any trouble', () => {
  let house: HistoryHouse;
  before(async () => {
    house = await openHistoryHouse();
  });
  after(() => house.close());

  it('bookings and appointments agree, and nobody was told twice', async () => {
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

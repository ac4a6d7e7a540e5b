import { expect } from 'chai';
import fc from 'fast-check';
import { percentagesOf } from '../../src/lib/percentages.ts';
import { assertAlways } from '../support/random.ts';

describe('percentagesOf', () => {
  it('gives what rounding leaves to the largest fractions', () => {
    expect(percentagesOf([1, 7])).to.deep.equal([13, 87]);
    expect(percentagesOf([1, 1, 1])).to.deep.equal([34, 33, 33]);
    expect(percentagesOf([3, 2])).to.deep.equal([60, 40]);
    expect(percentagesOf([0, 5])).to.deep.equal([0, 100]);
    expect(percentagesOf([0, 0])).to.deep.equal([0, 0]);
    expect(percentagesOf([])).to.deep.equal([]);
  });

  it('adds up to 100, each less than one beside the exact share', async () => {
    const counts = fc
      .array(fc.nat(1_000_000), { minLength: 1, maxLength: 8 })
      .filter((some) => some.some((count) => count > 0));
    await assertAlways(
      'lib/percentages',
      fc.property(counts, (some) => {
        const total = some.reduce((sum, count) => sum + count, 0);
        const found = percentagesOf(some);
        expect(found.reduce((sum, percent) => sum + percent, 0)).to.equal(100);
        for (const [at, percent] of found.entries())
          expect(Math.abs(percent - ((some[at] ?? 0) / total) * 100)).to.be.below(1);
      }),
    );
  });
});

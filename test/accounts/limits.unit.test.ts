import { expect } from 'chai';
import { pino } from 'pino';
import { createLimits } from '../../src/accounts/index.ts';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { createFakeClock } from '../support/fakes/clock.ts';
import { testDigests } from '../support/digests.ts';

describe('createLimits', () => {
  it('slows tries of one account from many addresses down more and more, and refuses none', async () => {
    const cache = createMemoryCache({ clock: createFakeClock() });
    const limits = createLimits(cache, pino({ level: 'silent' }), testDigests, {
      signIn: { perAccount: 2, slowMs: 100, slowestMs: 500 },
    });
    const seen = [];
    for (let n = 1; n <= 7; n += 1)
      seen.push(
        await limits.countSignIn({ email: 'ada@x.example', address: `198.51.100.${n}`, browserId: null }),
      );
    expect(seen.map(({ slowMs }) => slowMs)).to.deep.equal([0, 0, 100, 200, 400, 500, 500]);
    expect(seen.map(({ refusedMs }) => refusedMs)).to.deep.equal(Array(7).fill(0));
    const known = await limits.countSignIn({
      email: 'ada@x.example',
      address: '198.51.100.1',
      browserId: 'b',
    });
    expect(known).to.deep.equal({ refusedMs: 0, slowMs: 0 });
  });
});

import { expect } from 'chai';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { describeCacheContract } from '../support/cache-contract.ts';

describe('memory cache', () => {
  let passedMs = 0;
  const cache = createMemoryCache({
    clock: { now: () => new Date(Date.UTC(2026, 11, 1) + passedMs) },
    elapsedMs: () => passedMs,
  });
  describeCacheContract(
    () => cache,
    async (ms) => void (passedMs += ms),
  );

  it('expires values by the injected clock, and locks by real time', async () => {
    let now = Date.parse('2026-12-01T00:00Z');
    const memory = createMemoryCache({ clock: { now: () => new Date(now) } });
    await memory.set('key', 'value', 60_000);
    const lock = await memory.lock('key', 60_000);
    now += 59_999;
    expect(await memory.get('key')).to.equal('value');
    now += 1;
    expect(await memory.get('key')).to.equal(null);
    expect(await memory.lock('key', 60_000)).to.equal(null);
    await lock?.release();
  });
});

// The contract of cache adapters, run against both.
import { expect } from 'chai';
import type { Cache } from '../../src/ports/cache.ts';

let keys = 0;
/** A new key for each test: a real Redis still has those of earlier ones. */
export const freshKey = () => `test:${process.pid}:${Date.now()}:${keys++}`;

/** What `work` returns once it took less than `limitMs`: on a busy machine a short expiry may pass between two calls. */
async function within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const startedAt = performance.now();
    const result = await work();
    if (performance.now() - startedAt < limitMs) return result;
  }
}

/** `open` returns the cache to test; this does not close it. `pass` lets its time pass. */
export function describeCacheContract(open: () => Cache, pass: (ms: number) => Promise<unknown>): void {
  it('get returns what was set until it expires', async () => {
    const cache = open();
    const { key, got } = await within(500, async () => {
      const fresh = freshKey();
      const values = [await cache.get(fresh)];
      for (const value of ['{"name":"Zoë 🦘"}', 'second']) {
        await cache.set(fresh, value, 500);
        values.push(await cache.get(fresh));
      }
      return { key: fresh, got: values };
    });
    expect(got).to.deep.equal([null, '{"name":"Zoë 🦘"}', 'second']);
    await pass(550);
    expect(await cache.get(key)).to.equal(null);
  });

  it('delete removes a value, and accepts keys that do not exist', async () => {
    const cache = open();
    const [a, b, c] = [freshKey(), freshKey(), freshKey()];
    await Promise.all([a, b, c].map((key) => cache.set(key, '1', 10_000)));
    await cache.delete(a, b);
    await cache.delete();
    expect([await cache.get(a), await cache.get(b), await cache.get(c)]).to.deep.equal([null, null, '1']);
  });

  it('count starts at one, and again when the first count’s time is over', async () => {
    const cache = open();
    const { key, first, second } = await within(800, async () => {
      const fresh = freshKey();
      const counted = await cache.increment(fresh, 800);
      await pass(300);
      return { key: fresh, first: counted, second: await cache.increment(fresh, 800) };
    });
    expect(first.count).to.equal(1);
    expect(first.expiresInMs).to.be.within(1, 800);
    expect(second.count).to.equal(2);
    expect(second.expiresInMs).to.be.at.most(550);
    await pass(600);
    expect((await cache.increment(key, 800)).count).to.equal(1);
  });

  it('count counts every one of many concurrent calls', async () => {
    const cache = open();
    const key = freshKey();
    const counts = await Promise.all(Array.from({ length: 50 }, () => cache.increment(key, 10_000)));
    expect(counts.map(({ count }) => count).toSorted((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
  });

  it('lock is given to one of many concurrent callers, and to the next when it is released', async () => {
    const cache = open();
    const key = freshKey();
    const locks = await Promise.all(Array.from({ length: 20 }, () => cache.lock(key, 10_000)));
    const held = locks.filter((lock) => lock !== null);
    expect(held).to.have.length(1);
    await held[0]?.release();
    expect(await cache.lock(key, 10_000)).not.to.equal(null);
  });

  it('lock passes on when its holder died, and cannot be released by that holder afterwards', async () => {
    const cache = open();
    const key = freshKey();
    const dead = await cache.lock(key, 60);
    await pass(100);
    const next = await cache.lock(key, 10_000);
    expect(next).not.to.equal(null);
    expect(await dead?.extend(10_000)).to.equal(false);
    await dead?.release();
    expect(await cache.lock(key, 10_000)).to.equal(null);
  });

  it('lock is kept while it is extended', async () => {
    const cache = open();
    const { key, isExtended } = await within(500, async () => {
      const fresh = freshKey();
      const lock = await cache.lock(fresh, 500);
      return { key: fresh, isExtended: await lock?.extend(10_000) };
    });
    expect(isExtended).to.equal(true);
    await pass(600);
    expect(await cache.lock(key, 10_000)).to.equal(null);
  });

  it('lock and value may have the same name', async () => {
    const cache = open();
    const key = freshKey();
    await cache.set(key, 'value', 10_000);
    const lock = await cache.lock(key, 10_000);
    expect(lock).not.to.equal(null);
    await lock?.release();
    expect(await cache.get(key)).to.equal('value');
  });

  it('takeTurn keeps one token of the burst for the first lane', async () => {
    const cache = open();
    const limit = { perSecond: 5, burst: 2, lastLaneEvery: 7 };
    const [first, refused, kept, last] = await within(200, async () => {
      const bucket = freshKey();
      const ask = (...counts: number[]) => cache.takeTurn(bucket, limit, { process: 'one', counts });
      return [await ask(0, 1), await ask(0, 1), await ask(1, 1), await ask(1, 1)] as const;
    });
    expect(first).to.deep.equal({ lane: 1 });
    expect(refused.lane === null && refused.waitMs).to.be.within(1, 201);
    expect(kept).to.deep.equal({ lane: 0 });
    expect(last).to.deep.include({ lane: null });
  });

  it('takeTurn refills tokens with time, but never above the burst', async () => {
    const cache = open();
    const bucket = freshKey();
    const limit = { perSecond: 5, burst: 2, lastLaneEvery: 7 };
    const ask = () => cache.takeTurn(bucket, limit, { process: 'one', counts: [1, 0] });
    for (let i = 0; i < 2; i += 1) await ask();
    const turns = await within(800, async () => {
      await pass(600);
      return [await ask(), await ask(), await ask()];
    });
    expect(turns.map(({ lane }) => lane)).to.deep.equal([0, 0, null]);
  });

  it('takeTurn lets the lanes of all processes go in order, and forgets a process that died', async () => {
    const cache = open();
    const limit = { perSecond: 5, burst: 2, lastLaneEvery: 7 };
    // A turn is given back after 200 ms; a process is remembered for half a second.
    const turns = await within(300 + 400 + 600 + 200, async () => {
      const bucket = freshKey();
      const lanes: (number | null)[] = [];
      const ask = async (process: string, ...counts: number[]) =>
        lanes.push((await cache.takeTurn(bucket, limit, { process, counts })).lane);
      for (let i = 0; i < 3; i += 1) await ask('one', 1, 0);
      await pass(300);
      await ask('two', 0, 1);
      await ask('one', 1, 0);
      await pass(400);
      await ask('two', 0, 1);
      for (let i = 0; i < 2; i += 1) await ask('one', 1, 0);
      await pass(600);
      await ask('two', 0, 1);
      return lanes;
    });
    expect(turns).to.deep.equal([0, 0, null, null, 0, 1, 0, null, 1]);
  });

  it('takeTurn comes to the last lane after so many turns of the others', async () => {
    const cache = open();
    const limit = { perSecond: 200, burst: 2, lastLaneEvery: 3 };
    const lanesOf = async (...counts: number[]) => {
      const bucket = freshKey();
      const lanes: number[] = [];
      while (lanes.length < 14) {
        const turn = await cache.takeTurn(bucket, limit, { process: 'one', counts });
        if (turn.lane === null) await pass(turn.waitMs);
        else lanes.push(turn.lane);
      }
      return lanes.join('');
    };
    expect(await lanesOf(0, 9, 9)).to.equal('11121112111211');
    expect(await lanesOf(9, 0, 9)).to.equal('00000020000002');
  });

  it('gives a limited number of places, and a released place to the next caller', async () => {
    const cache = open();
    const pool = freshKey();
    const places = await Promise.all(Array.from({ length: 10 }, () => cache.takePlace(pool, 3, 10_000)));
    const taken = places.filter((place) => place !== null);
    expect(taken).to.have.length(3);
    await taken[0]?.release();
    await taken[0]?.release();
    expect(await cache.takePlace(pool, 3, 10_000)).not.to.equal(null);
    expect(await cache.takePlace(pool, 3, 10_000)).to.equal(null);
  });

  it('frees the place of a holder that died, and keeps one that is renewed', async () => {
    const cache = open();
    const { pool, dead, isExtended } = await within(500, async () => {
      const fresh = freshKey();
      const dying = await cache.takePlace(fresh, 2, 500);
      const living = await cache.takePlace(fresh, 2, 500);
      return { pool: fresh, dead: dying, isExtended: await living?.extend(10_000) };
    });
    expect(isExtended).to.equal(true);
    await pass(600);
    expect(await cache.takePlace(pool, 2, 10_000)).not.to.equal(null);
    expect(await cache.takePlace(pool, 2, 10_000)).to.equal(null);
    expect(await dead?.extend(1_000)).to.equal(false);
  });

  it('reports that it is reachable', async () => {
    await open().ping();
  });
}

// The contract of cache adapters, run against both.
import { expect } from 'chai';
import type { Cache } from '../../src/ports/cache.ts';

const sleep = (ms: number) => new Promise((go) => setTimeout(go, ms));

let keys = 0;
/** A new key for each test: a real Redis still has those of earlier ones. */
export const freshKey = () => `test:${process.pid}:${Date.now()}:${keys++}`;

/** `open` returns the cache to test; this does not close it. */
export function describeCacheContract(open: () => Cache): void {
  it('get returns what was set until it expires', async () => {
    const cache = open();
    const key = freshKey();
    expect(await cache.get(key)).to.equal(null);
    await cache.set(key, '{"name":"Zoë 🦘"}', 500);
    expect(await cache.get(key)).to.equal('{"name":"Zoë 🦘"}');
    await cache.set(key, 'second', 500);
    expect(await cache.get(key)).to.equal('second');
    await sleep(550);
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
    const key = freshKey();
    const first = await cache.increment(key, 800);
    expect(first.count).to.equal(1);
    expect(first.expiresInMs).to.be.within(1, 800);
    await sleep(300);
    const second = await cache.increment(key, 800);
    expect(second.count).to.equal(2);
    expect(second.expiresInMs).to.be.at.most(550);
    await sleep(600);
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
    await sleep(100);
    const next = await cache.lock(key, 10_000);
    expect(next).not.to.equal(null);
    expect(await dead?.extend(10_000)).to.equal(false);
    await dead?.release();
    expect(await cache.lock(key, 10_000)).to.equal(null);
  });

  it('lock is kept while it is extended', async () => {
    const cache = open();
    const key = freshKey();
    const lock = await cache.lock(key, 500);
    expect(await lock?.extend(10_000)).to.equal(true);
    await sleep(600);
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

  it('tokens are given in a burst, then one at a time, and each wait is reserved', async () => {
    const cache = open();
    const bucket = freshKey();
    const waits: (number | null)[] = [];
    for (let i = 0; i < 6; i += 1)
      waits.push(await cache.takeToken(bucket, { perSecond: 5, burst: 3 }, 10_000));
    expect(waits.slice(0, 3)).to.deep.equal([0, 0, 0]);
    // Each waits a fifth of a second longer, minus the time that has passed.
    expect(waits[3]).to.be.within(1, 201);
    expect(waits[4]).to.be.within((waits[3] ?? 0) + 1, 401);
    expect(waits[5]).to.be.within((waits[4] ?? 0) + 1, 601);
  });

  it('takes no token when the wait would be too long', async () => {
    const cache = open();
    const bucket = freshKey();
    const limit = { perSecond: 5, burst: 1 };
    expect(await cache.takeToken(bucket, limit, 0)).to.equal(0);
    for (let i = 0; i < 5; i += 1) expect(await cache.takeToken(bucket, limit, 50)).to.equal(null);
    // If refused ones counted, this would be a second later.
    expect(await cache.takeToken(bucket, limit, 1_000)).to.be.within(1, 201);
  });

  it('refills tokens with time, but never above the burst', async () => {
    const cache = open();
    const bucket = freshKey();
    const limit = { perSecond: 20, burst: 2 };
    for (let i = 0; i < 2; i += 1) await cache.takeToken(bucket, limit, 0);
    await sleep(400);
    expect(await cache.takeToken(bucket, limit, 0)).to.equal(0);
    expect(await cache.takeToken(bucket, limit, 0)).to.equal(0);
    expect(await cache.takeToken(bucket, limit, 0)).to.equal(null);
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
    const pool = freshKey();
    const dead = await cache.takePlace(pool, 2, 500);
    const living = await cache.takePlace(pool, 2, 500);
    expect(await living?.extend(10_000)).to.equal(true);
    await sleep(600);
    expect(await cache.takePlace(pool, 2, 10_000)).not.to.equal(null);
    expect(await cache.takePlace(pool, 2, 10_000)).to.equal(null);
    expect(await dead?.extend(1_000)).to.equal(false);
  });

  it('reports that it is reachable', async () => {
    await open().ping();
  });
}

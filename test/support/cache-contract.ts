// What every cache adapter must do; run against both.
import { expect } from 'chai';
import type { Cache } from '../../src/ports/cache.ts';

const sleep = (ms: number) => new Promise((go) => setTimeout(go, ms));

let keys = 0;
/** A key of its own for each test: a real Redis remembers the last one. */
export const freshKey = () => `test:${process.pid}:${Date.now()}:${keys++}`;

/** `open` gives the cache under test; the contract does not close it. */
export function describeCacheContract(open: () => Cache): void {
  it('gives back what was set, until it expires', async () => {
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

  it('forgets what is deleted, and takes no offence at nothing', async () => {
    const cache = open();
    const [a, b, c] = [freshKey(), freshKey(), freshKey()];
    await Promise.all([a, b, c].map((key) => cache.set(key, '1', 10_000)));
    await cache.delete(a, b);
    await cache.delete();
    expect([await cache.get(a), await cache.get(b), await cache.get(c)]).to.deep.equal([null, null, '1']);
  });

  it('counts from one, and starts again when the time of the first count is over', async () => {
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

  it('counts every one of many at once', async () => {
    const cache = open();
    const key = freshKey();
    const counts = await Promise.all(Array.from({ length: 50 }, () => cache.increment(key, 10_000)));
    expect(counts.map(({ count }) => count).toSorted((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
  });

  it('gives a lock to one of many at once, and to the next when it is released', async () => {
    const cache = open();
    const key = freshKey();
    const locks = await Promise.all(Array.from({ length: 20 }, () => cache.lock(key, 10_000)));
    const held = locks.filter((lock) => lock !== null);
    expect(held).to.have.length(1);
    await held[0]?.release();
    expect(await cache.lock(key, 10_000)).not.to.equal(null);
  });

  it('takes a lock from a holder that died, and lets the dead one release nothing of the next', async () => {
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

  it('keeps a lock that is extended', async () => {
    const cache = open();
    const key = freshKey();
    const lock = await cache.lock(key, 500);
    expect(await lock?.extend(10_000)).to.equal(true);
    await sleep(600);
    expect(await cache.lock(key, 10_000)).to.equal(null);
  });

  it('lets a lock and a value of the same name live side by side', async () => {
    const cache = open();
    const key = freshKey();
    await cache.set(key, 'value', 10_000);
    const lock = await cache.lock(key, 10_000);
    expect(lock).not.to.equal(null);
    await lock?.release();
    expect(await cache.get(key)).to.equal('value');
  });

  it('hands out a burst of tokens at once, then one at a time, each wait reserved', async () => {
    const cache = open();
    const bucket = freshKey();
    const waits: (number | null)[] = [];
    for (let i = 0; i < 6; i += 1)
      waits.push(await cache.takeToken(bucket, { perSecond: 5, burst: 3 }, 10_000));
    expect(waits.slice(0, 3)).to.deep.equal([0, 0, 0]);
    // Each waits a fifth of a second longer, less what passed in between.
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
    // Had the refused ones been counted, this would be a second away.
    expect(await cache.takeToken(bucket, limit, 1_000)).to.be.within(1, 201);
  });

  it('fills the bucket again with time, and never above its burst', async () => {
    const cache = open();
    const bucket = freshKey();
    const limit = { perSecond: 20, burst: 2 };
    for (let i = 0; i < 2; i += 1) await cache.takeToken(bucket, limit, 0);
    await sleep(400);
    expect(await cache.takeToken(bucket, limit, 0)).to.equal(0);
    expect(await cache.takeToken(bucket, limit, 0)).to.equal(0);
    expect(await cache.takeToken(bucket, limit, 0)).to.equal(null);
  });

  it('has so many places and no more, and gives a released one to the next', async () => {
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

  it('frees the place of a holder that died, and keeps that of one that says it lives', async () => {
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

  it('says that it is there', async () => {
    await open().ping();
  });
}

import { setImmediate as nextTurnOfLoop, setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import { createLimiter, lanes, type Lane } from '../../src/adapters/acuity-http/limiter.ts';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { mostAcuityCalls } from '../../src/config.production.ts';
import type { Cache } from '../../src/ports/cache.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const never = () => new Promise<never>(() => undefined);

describe('the limiter of calls to Acuity', () => {
  /** A cache that gives a turn whenever the test allows one. */
  function gatedCache() {
    const gate = { isOpen: true, asked: 0 };
    const cache: Cache = {
      ...createMemoryCache(),
      async takeTurn(_bucket, _limit, { counts }) {
        await nextTurnOfLoop();
        gate.asked += 1;
        const lane = counts.findIndex((count) => count > 0);
        return gate.isOpen && lane >= 0 ? { lane } : { lane: null, waitMs: 1 };
      },
    };
    return { cache, gate };
  }
  const limiterOn = (cache: Cache) =>
    createLimiter({ cache, perSecond: mostAcuityCalls, leaseMs: 60_000, log });

  it('runs bookings first, then what people look at, then the background', async () => {
    const limiter = limiterOn(createMemoryCache());
    const order: Lane[] = [];
    const run = (lane: Lane) => limiter.run(async () => void order.push(lane), { lane, maxWaitMs: 10_000 });
    // Nobody else waits yet when the first one comes.
    const arrivals = ['page', 'background', 'background', 'page', 'page', 'booking'] as const;
    await Promise.all(arrivals.map(run));
    expect(order).to.deep.equal(['page', 'booking', 'page', 'page', 'background', 'background']);
  });

  it('runs every call of a lane in the order of arrival', async () => {
    const { cache, gate } = gatedCache();
    const limiter = limiterOn(cache);
    gate.isOpen = false;
    const order: number[] = [];
    const all = [1, 2, 3, 4].map((n) =>
      limiter.run(async () => void order.push(n), { lane: 'page', maxWaitMs: 5_000 }),
    );
    gate.isOpen = true;
    await Promise.all(all);
    expect(order).to.deep.equal([1, 2, 3, 4]);
  });

  it('still runs bookings and reads when calls in the background hang', async () => {
    const { cache } = gatedCache();
    const limiter = limiterOn(cache);
    let hanging = 0;
    const hang = () => {
      hanging += 1;
      return never();
    };
    for (let i = 0; i < 10; i += 1) void limiter.run(hang, { lane: 'background', maxWaitMs: 5_000 });
    for (const lane of ['page', 'booking'] as const)
      expect(await limiter.run(async () => lane, { lane, maxWaitMs: 5_000 })).to.deep.equal({
        ok: true,
        value: lane,
      });
    const late = await limiter.run(async () => 'ran', { lane: 'background', maxWaitMs: 2_000 });
    expect(late).to.deep.include({ ok: false, reason: 'queue_full' });
    expect(hanging).to.equal(6);
  });

  it('runs at most twenty calls at once, of all lanes together', async () => {
    const { cache } = gatedCache();
    const limiter = limiterOn(cache);
    const running: Lane[] = [];
    for (const lane of lanes)
      for (let i = 0; i < 30; i += 1) {
        const call = () => {
          running.push(lane);
          return never();
        };
        void limiter.run(call, { lane, maxWaitMs: 60_000 });
      }
    await until(() => running.length >= 20);
    await sleep(500);
    expect(running).to.have.length(20);
  });

  it('neither runs a call that gave up while it waited, nor keeps its place', async () => {
    const { cache, gate } = gatedCache();
    const limiter = limiterOn(cache);
    gate.isOpen = false;
    let ran = 0;
    const count = async () => void (ran += 1);
    const gaveUp = await Promise.all(
      Array.from({ length: 12 }, () => limiter.run(count, { lane: 'page', maxWaitMs: 2_000 })),
    );
    expect(gaveUp.every((answer) => !answer.ok)).to.equal(true);
    gate.isOpen = true;
    await Promise.all(
      Array.from({ length: 10 }, () => limiter.run(count, { lane: 'page', maxWaitMs: 5_000 })),
    );
    expect(ran).to.equal(10);
  });

  it('refuses a call at once when too many wait before it, and says when to come again', async () => {
    const { cache, gate } = gatedCache();
    const limiter = limiterOn(cache);
    gate.isOpen = false;
    const waiting = Array.from({ length: 40 }, () =>
      limiter.run(async () => 'ran', { lane: 'page', maxWaitMs: 60_000 }),
    );
    const refused = await limiter.run(async () => 'ran', { lane: 'page', maxWaitMs: 4_000 });
    expect(refused).to.deep.equal({ ok: false, reason: 'queue_full', retryAfterMs: 5_000 });
    gate.isOpen = true;
    expect(await limiter.run(async () => 'ran', { lane: 'booking', maxWaitMs: 4_000 })).to.deep.include({
      ok: true,
    });
    await Promise.all(waiting);
  });

  it('runs everything that waits when the process stops, and then asks the cache no more', async () => {
    const { cache, gate } = gatedCache();
    const limiter = limiterOn(cache);
    const calls = lanes.flatMap((lane) =>
      Array.from({ length: 5 }, () => limiter.run(async () => lane, { lane, maxWaitMs: 5_000 })),
    );
    const answers = await Promise.all(calls);
    expect(answers.every(({ ok }) => ok)).to.equal(true);
    await nextTurnOfLoop();
    const { asked } = gate;
    await sleep(100);
    expect(gate.asked).to.equal(asked);
  });

  it('frees the place of a call that throws', async () => {
    const { cache } = gatedCache();
    const limiter = limiterOn(cache);
    for (let i = 0; i < 12; i += 1) {
      const failed = await limiter
        .run(() => Promise.reject(new Error('reset')), { lane: 'background', maxWaitMs: 5_000 })
        .catch((error: Error) => error.message);
      expect(failed).to.equal('reset');
    }
  });
});

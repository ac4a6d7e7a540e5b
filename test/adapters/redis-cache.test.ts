import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { pino } from 'pino';
import { createRedisCache } from '../../src/adapters/redis-cache.ts';
import { createAvailabilityService } from '../../src/availability/index.ts';
import type { Cache } from '../../src/ports/cache.ts';
import { describeCacheContract, freshKey } from '../support/cache-contract.ts';
import { aSpecialist } from '../support/builders/specialist.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { createFakeClock } from '../support/fakes/clock.ts';
import { redisForTests } from '../support/redis.ts';
import { until } from '../support/until.ts';

const takeTurn = (cache: Cache) =>
  cache.takeTurn('key', { perSecond: 1, burst: 2, lastLaneEvery: 7 }, { process: 'one', counts: [1] });

describe('redis cache', () => {
  describe('on a real Redis', () => {
    let redis: Awaited<ReturnType<typeof redisForTests>>;
    let cache: Cache;
    let other: Cache;

    before(async function () {
      redis = await redisForTests();
      if (!redis) this.skip();
      cache = createRedisCache(redis.url);
      other = createRedisCache(redis.url);
    });
    after(async () => {
      await cache?.close();
      await other?.close();
      await redis?.stop();
    });

    describeCacheContract(() => cache, sleep);

    it('shares values between two processes', async () => {
      const key = freshKey();
      await cache.set(key, 'shared', 10_000);
      expect(await other.get(key)).to.equal('shared');
      expect(await cache.lock(key, 10_000)).not.to.equal(null);
      expect(await other.lock(key, 10_000)).to.equal(null);
      const limit = { perSecond: 1, burst: 2, lastLaneEvery: 7 };
      const waiting = { process: 'one', counts: [0, 1] };
      expect(await cache.takeTurn(key, limit, waiting)).to.deep.equal({ lane: 1 });
      expect(await other.takeTurn(key, limit, waiting)).to.deep.include({ lane: null });
    });
  });

  it('throws within the time-out when nobody listens, and at once from then on', async () => {
    const cache = createRedisCache('redis://127.0.0.1:1');
    try {
      for (const call of [
        () => cache.get('key'),
        () => cache.set('key', 'value', 1_000),
        () => cache.increment('key', 1_000),
        () => cache.lock('key', 1_000),
        () => takeTurn(cache),
        () => cache.takePlace('key', 1, 1_000),
        () => cache.ping(),
      ]) {
        const startedAt = performance.now();
        expect(await thrown(call)).to.be.instanceOf(Error);
        expect(performance.now() - startedAt).to.be.below(10_000);
      }
    } finally {
      await cache.close();
    }
  });

  it('does not delay free times when it is away', async () => {
    const cache = createRedisCache('redis://127.0.0.1:1');
    const acuity = createFakeAcuity();
    acuity.offer(7001, '2026-12-01T10:00:00+11:00');
    const log = pino({ level: 'silent' });
    const availability = createAvailabilityService({ acuity, cache, clock: createFakeClock(), log });
    try {
      const startedAt = performance.now();
      for (let i = 0; i < 3; i += 1) {
        const day = await availability.day(aSpecialist(), { type: 'in_person', date: '2026-12-01' });
        expect(day.ok && day.value.slots).to.have.length(1);
      }
      expect(performance.now() - startedAt).to.be.below(10_000);
    } finally {
      await cache.close();
    }
  });

  it('throws within the time-out when the server accepts and never answers', async () => {
    const silentServer = net.createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((go) => silentServer.once('listening', go));
    const { port } = silentServer.address() as net.AddressInfo;
    const cache = createRedisCache(`redis://127.0.0.1:${port}`);
    try {
      const startedAt = performance.now();
      expect(await thrown(() => cache.get('key'))).to.be.instanceOf(Error);
      expect(performance.now() - startedAt).to.be.below(10_000);
    } finally {
      await cache.close();
      silentServer.close();
    }
  });

  it('costs one time-out when Redis hangs, sends nothing until it answers again, then goes on', async () => {
    const server = await startFakeRedis();
    const cache = createRedisCache(server.url);
    try {
      expect(await cache.get('key')).to.equal('PONG');
      await server.hang();
      expect(await thrown(() => cache.get('key'))).to.be.instanceOf(Error);
      const received = server.received();
      for (const call of [
        () => cache.get('key'),
        () => cache.set('key', 'value', 1_000),
        () => cache.increment('key', 1_000),
        () => cache.lock('key', 1_000),
        () => takeTurn(cache),
        () => cache.takePlace('key', 1, 1_000),
        () => cache.ping(),
      ])
        expect(await thrown(call)).to.be.instanceOf(Error);
      expect(server.received(), 'commands that waited for it').to.equal(received);
      await server.answer();
      await until(async () => (await thrown(() => cache.get('key'))) === null);
    } finally {
      await cache.close();
      await server.close();
    }
  });

  it('does not take a busy event loop of its own process for a Redis that hangs', async () => {
    const server = await startFakeRedis();
    const cache = createRedisCache(server.url);
    try {
      await cache.get('key');
      const answer = cache.get('key');
      // The command is sent at once; its answer waits in the socket until this loop ends.
      const busyUntil = performance.now() + 600;
      while (performance.now() < busyUntil) Math.sqrt(busyUntil);
      expect(await answer).to.equal('PONG');
    } finally {
      await cache.close();
      await server.close();
    }
  });
});

/**
 * A server that answers every command with PONG, or accepts commands without answering. In its own process, because a
 * busy test could not answer.
 */
async function startFakeRedis() {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const waiting = [];
     let hangs = false;
     let received = 0;
     const server = require('node:net').createServer((socket) => {
       socket.on('error', () => undefined);
       socket.on('data', (data) => {
         const commands = data.toString('latin1').match(/^\\*\\d+\\r$/gm)?.length ?? 0;
         received += commands;
         parentPort.postMessage({ received });
         const answer = () => socket.write('+PONG\\r\\n'.repeat(commands));
         if (hangs) waiting.push(answer);
         else answer();
       });
     });
     parentPort.on('message', (message) => {
       hangs = message === 'hang';
       parentPort.postMessage({ hangs });
       if (!hangs) for (const answer of waiting.splice(0)) answer();
     });
     server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));`,
    { eval: true },
  );
  let received = 0;
  let hangs = false;
  const listening = new Promise<number>((resolve) => {
    worker.on('message', (message: { port?: number; received?: number; hangs?: boolean }) => {
      if (message.port !== undefined) resolve(message.port);
      received = message.received ?? received;
      hangs = message.hangs ?? hangs;
    });
  });
  const told = async (word: 'hang' | 'answer') => {
    worker.postMessage(word);
    // The next message may count a command that was answered before.
    await until(() => hangs === (word === 'hang'));
  };
  return {
    url: `redis://127.0.0.1:${await listening}`,
    received: () => received,
    hang: () => told('hang'),
    answer: () => told('answer'),
    close: () => worker.terminate(),
  };
}

async function thrown(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return null;
  } catch (error) {
    return error;
  }
}

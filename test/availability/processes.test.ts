import { fork, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { dayFromToday } from '../support/days.ts';
import { redisForTests } from '../support/redis.ts';

interface Answer {
  states: Record<string, number>;
  times: number[];
}

const program = path.resolve(import.meta.dirname, '../support/processes/availability-reader.ts');
const date = dayFromToday(100);

describe('free times read by two processes through one Redis', () => {
  let redis: Awaited<ReturnType<typeof redisForTests>>;
  let children: [ChildProcess, ChildProcess] | undefined;
  let calendar: number;
  const seen = { calls: 0 };
  let delayMs = 300;
  const acuity = createServer((req, res) => {
    seen.calls += 1;
    const { searchParams } = new URL(req.url ?? '/', 'http://localhost');
    const time = `${searchParams.get('date')}T10:00:00+1100`;
    setTimeout(() => res.end(JSON.stringify([{ time, slotsAvailable: 1 }])), delayMs);
  });

  before(async function () {
    redis = await redisForTests();
    if (!redis) this.skip();
    acuity.listen(0, '127.0.0.1');
    await once(acuity, 'listening');
    const origin = `http://127.0.0.1:${(acuity.address() as AddressInfo).port}`;
    const start = () => fork(program, [redis?.url ?? '', origin, date], { stdio: 'inherit' });
    children = [start(), start()];
    await Promise.all(children.map((child) => once(child, 'message')));
  });
  beforeEach(() => {
    seen.calls = 0;
    delayMs = 300;
    // Redis keeps what the last test read of its calendar.
    calendar = randomInt(1_000_000, 1_000_000_000);
  });
  after(async () => {
    for (const child of children ?? []) child.kill('SIGKILL');
    acuity.closeAllConnections();
    acuity.close();
    await redis?.stop();
  });

  async function ask(child: ChildProcess, count: number): Promise<Answer> {
    const answer = once(child, 'message') as Promise<[Answer]>;
    child.send({ ask: count, calendar });
    return (await answer)[0];
  }

  it('make one call for a thousand simultaneous requests for an uncached day', async () => {
    const pair = children as [ChildProcess, ChildProcess];
    const answers = await Promise.all(pair.map((child) => ask(child, 500)));
    expect(seen.calls).to.equal(1);
    for (const { times } of answers) expect(times).to.deep.equal([1]);
    const later = await ask(pair[0], 500);
    expect(later.states).to.deep.equal({ HIT: 500 });
    expect(seen.calls).to.equal(1);
  });

  // The last test: it ends a process.
  it('are still read when the process that holds the lock is killed', async () => {
    delayMs = 60_000;
    const [first, second] = children as [ChildProcess, ChildProcess];
    first.send({ ask: 1, calendar });
    while (seen.calls === 0) await new Promise((go) => setTimeout(go, 10));
    const answer = ask(second, 100);
    await new Promise((go) => setTimeout(go, 200));
    delayMs = 50;
    first.kill('SIGKILL');
    const startedAt = performance.now();
    expect((await answer).times).to.deep.equal([1]);
    expect(performance.now() - startedAt).to.be.below(20_000);
    expect(seen.calls).to.equal(2);
  });
});

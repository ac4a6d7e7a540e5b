// What requests leave behind, counted instead of weighed: resident memory depends on when V8 collects. `npm run bench
// memory` weighs it over 50,000 requests.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { listen } from '../support/listen.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

const connections = 5;

describe('the memory of the web process', () => {
  let app: TestApp;
  let requests: { path: string; accept: string }[];
  let cookie: string;

  before(async () => {
    const acuity = createFakeAcuity();
    app = await startTestApp({ overrides: { acuity } });
    const rita = await app.signIn('rita@harbour-legal.example');
    const { name, value } = await app.sessionCookie('rita@harbour-legal.example');
    cookie = `${name}=${value}; tz=Australia%2FPerth`;
    const specialist = await app.system.services.specialists.findByCalendar(7001);
    const firstHour = Math.ceil(Date.now() / 3_600_000 + 48) * 3_600_000;
    const details: string[] = [];
    for (let made = 0; made < 5; made += 1) {
      const startsAt = new Date(firstHour + made * 7 * 3_600_000).toISOString();
      acuity.offer(7001, startsAt);
      const { body } = await rita
        .post('/bookings')
        .set('Idempotency-Key', `memory-test-${made}`)
        .send(bookingBody(specialist?.id, startsAt))
        .expect(201);
      details.push(`/bookings/${(body as { booking: { id: string } }).booking.id}`);
    }
    const day = new Date(firstHour).toISOString().slice(0, 10);
    const html = ['/', '/bookings', '/bookings?view=calendar', ...details];
    const json = ['/bookings', `/specialists/${specialist?.id}/availability?type=in_person&date=${day}`];
    requests = [
      ...html.map((path) => ({ path, accept: 'text/html' })),
      ...json.map((path) => ({ path, accept: 'application/json' })),
    ];
  });
  after(() => app.close());

  async function send(url: string, rounds: number): Promise<void> {
    const left = Array.from({ length: rounds }, () => requests).flat();
    const sendInTurn = async (): Promise<void> => {
      for (let next = left.pop(); next; next = left.pop()) {
        const res = await fetch(`${url}${next.path}`, { headers: { cookie, accept: next.accept } });
        await res.arrayBuffer();
        expect(res.status, next.path).to.equal(200);
      }
    };
    await Promise.all(Array.from({ length: connections }, sendInTurn));
  }

  describe('when the same pages are requested again', () => {
    let formatters = 0;
    const seen: WeakRef<object>[] = [];

    before(async () => {
      await send(app.url, 2);
      const server = createServer((req, res) => {
        seen.push(new WeakRef(req), new WeakRef(res));
        app.system.app(req, res);
      });
      const port = await listen(server);
      const real = Intl.DateTimeFormat;
      Intl.DateTimeFormat = new Proxy(real, {
        construct(target, given) {
          formatters += 1;
          return Reflect.construct(target, given) as object;
        },
        apply(target, self, given) {
          formatters += 1;
          return Reflect.apply(target, self, given) as unknown;
        },
      });
      try {
        await send(`http://127.0.0.1:${port}`, 20);
      } finally {
        Intl.DateTimeFormat = real;
      }
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    });

    it('creates no date formatter', () => {
      expect(formatters).to.equal(0);
    });

    it('keeps no request or response after its connection has closed', async () => {
      await collect();
      const kept = seen.filter((one) => one.deref() !== undefined).length;
      expect(seen.length).to.equal(20 * requests.length * 2);
      // A connection to the database may still refer to what it did last.
      expect(kept).to.be.below(20);
    });

    it('does not grow with the number of requests', async () => {
      const before = await heapInUse();
      await send(app.url, 30);
      const perRequest = ((await heapInUse()) - before) / (30 * requests.length);
      // 2 KB are usual: code compiled late, and the lines of the log that the test keeps. A request kept is 10 KB or
      // more.
      expect(perRequest).to.be.below(6 * 1024);
    });
  });
});

/** A WeakRef read in a turn of the event loop keeps its target for that turn: collects in several. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // Under other flags this process would reject the compiled code of the others, and overwrite it (setup.ts).
  setFlagsFromString('--no-expose-gc');
  for (let turn = 0; turn < 3; turn += 1) {
    await sleep(50);
    gc();
  }
}

async function heapInUse(): Promise<number> {
  await collect();
  return process.memoryUsage().heapUsed;
}

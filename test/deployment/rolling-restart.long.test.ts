import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openFleet, startLoad } from '../support/fleet.ts';
import { eventBody, signed } from '../support/webhook-stack.ts';

const perSecond = Number(process.env.REQUESTS_PER_SECOND ?? 40);

const env = { STOP_GRACE_SECONDS: '3', STOP_TIMEOUT_SECONDS: '90', RUN_RELAY: 'false' };

for (const keepsConnections of [true, false])
  describe(`a rolling restart of 3 web, 2 workers and the relay behind a proxy that ${
    keepsConnections ? 'keeps' : 'closes'
  } connections`, () => {
    it(`loses no request, booking or event under ${perSecond} requests a second`, async () => {
      const fleet = await openFleet(env, { keepsConnections });
      try {
        const web = [await fleet.start('main'), await fleet.start('main'), await fleet.start('main')];
        const workers = [await fleet.start('worker'), await fleet.start('worker')];
        const relay = await fleet.start('relay-process');
        const webPorts = web.map(({ port }) => port);
        fleet.proxy.route('/', webPorts);
        // As in docs/operations.md: the relay first, then a web process.
        fleet.proxy.route('/automation/acuity', [relay.port]);
        fleet.proxy.addFallback('/automation/acuity', webPorts);

        const load = await startLoad(fleet, { perSecond, bookingEvery: 20 });
        const events = startEvents(fleet.proxy.url);
        await sleep(3_000);
        const codes: (number | null)[] = [];
        for (const member of [...web, ...workers, relay]) codes.push(await member.restart());
        await sleep(3_000);
        const { sent, booked, failed } = await load.stop();
        const lost = await events.stop();
        const found: unknown[] = await fleet.stack.db('bookings').where({ source: 'portal' }).select('id');
        process.stdout.write(`${sent} requests, ${booked} bookings, ${failed.length} failed\n`);
        expect(failed).to.deep.equal([]);
        expect(lost).to.deep.equal([]);
        expect(codes).to.deep.equal([0, 0, 0, 0, 0, 0]);
        expect(found).to.have.length(booked);
      } finally {
        await fleet.close();
      }
    });
  });

/** Two events a second, each sent once. */
function startEvents(url: string): { stop(): Promise<string[]> } {
  const lost: string[] = [];
  const stopped = new AbortController();
  const running = (async () => {
    for (let id = 1; !stopped.signal.aborted; id += 1) {
      const body = eventBody('changed', 900_000 + id);
      const answer = await fetch(`${url}/automation/acuity`, { method: 'POST', headers: signed(body), body });
      const text = await answer.text();
      if (answer.status !== 202) lost.push(`event ${id}: ${answer.status} ${text.slice(0, 200)}`);
      await sleep(500);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await running;
      return lost;
    },
  };
}

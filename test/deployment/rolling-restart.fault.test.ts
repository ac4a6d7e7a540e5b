import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openFleet, startLoad, type Fleet } from '../support/fleet.ts';

describe('restarting a web process behind a proxy with keep-alive connections', function () {
  this.timeout(180_000);
  let fleet: Fleet;
  before(async () => {
    // A booking takes long on a machine that runs other tests at the same time.
    fleet = await openFleet(
      { STOP_GRACE_SECONDS: '1.5', STOP_TIMEOUT_SECONDS: '90' },
      { keepsConnections: true },
    );
  });
  after(() => fleet.close());

  it('loses no request and no booking while requests keep coming', async () => {
    const [first, second] = await Promise.all([
      fleet.start('main'),
      fleet.start('main'),
      fleet.start('worker'),
    ]);
    fleet.proxy.route('/', [first.port, second.port]);
    const load = await startLoad(fleet, { perSecond: 6, bookingEvery: 3 });
    await sleep(2_000);
    const code = await first.restart();
    await sleep(1_000);
    const { sent, booked, failed } = await load.stop();
    expect(failed).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(sent).to.be.above(12);
    expect(booked).to.be.above(4);
    const bookings: unknown[] = await fleet.stack.db('bookings').where({ source: 'portal' }).select('id');
    expect(bookings).to.have.length(booked);
  });
});

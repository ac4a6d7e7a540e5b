import { expect } from 'chai';
import { race } from '../support/booking-race.ts';

describe('five hundred requests for one time over three processes', () => {
  it('are one booking and 499 clean conflicts', async () => {
    const { result, withRedis } = await race(500);
    process.stderr.write(
      `    ${withRedis ? 'with' : 'without'} Redis: ${JSON.stringify([...result.statuses])}\n`,
    );
    expect(Object.fromEntries(result.statuses)).to.deep.equal({ 201: 1, 409: 499 });
    expect(result.bookings).to.equal(1);
    expect(result.appointments).to.equal(1);
    expect(result.disagreements).to.deep.equal([]);
  });
});

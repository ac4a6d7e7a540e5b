import { expect } from 'chai';
import { race } from '../support/booking-race.ts';

describe('book', () => {
  it('makes one booking and 499 conflicts when three processes get 500 requests for one time', async () => {
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

import { expect } from 'chai';
import { race } from '../support/booking-race.ts';

describe('book', () => {
  it('makes one booking and fifty-nine conflicts when three processes get sixty requests for one time', async function () {
    this.timeout(120_000);
    const { result } = await race(60);
    expect(Object.fromEntries(result.statuses)).to.deep.equal({ 201: 1, 409: 59 });
    const conflicts = result.bodies.filter((body) => body.status === 409);
    expect(conflicts.every((body) => body.code === 'slot_taken' && Array.isArray(body.nearest))).to.equal(
      true,
    );
    expect(result.bookings).to.equal(1);
    expect(result.appointments).to.equal(1);
    expect(result.disagreements).to.deep.equal([]);
  });
});

// Kills a process at each step of offering a freed time, and of reading the next free times; the next run goes on.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { System } from '../../src/compose.ts';
import { bookOne, openBookingStack, runChild, type BookingStack } from '../support/booking-stack.ts';

describe('the wait-list', function () {
  this.timeout(120_000);
  let stack: BookingStack;
  let system: System;
  before(async () => {
    stack = await openBookingStack();
    system = stack.compose();
  });
  after(async () => {
    await system.close();
    await stack.close();
  });
  beforeEach(async () => {
    for (const table of ['emails', 'wait_offers', 'wait_entries', 'freed_times', 'next_free_times'])
      await stack.db(table).delete();
  });

  async function waitFor(bookingId: string): Promise<void> {
    const booking = await stack
      .db('bookings')
      .where({ id: bookingId })
      .first('created_by_id', 'organization_id');
    await stack.db('wait_entries').insert({
      id: randomUUID(),
      booking_id: bookingId,
      created_by_id: booking?.created_by_id ?? '',
      organization_id: booking?.organization_id ?? '',
    });
  }
  async function killIn(does: 'offer' | 'fill', step: string): Promise<void> {
    const { signal, stoppedAt } = await runChild(stack, { does, killAt: [step] });
    expect({ signal, stoppedAt }).to.deep.equal({ signal: 'SIGKILL', stoppedAt: [step] });
  }
  const told = () => stack.db('emails').where({ kind: 'earlier_time_offered' }).pluck('wait_offer_id');
  const openOffers = () => stack.db('wait_offers').where({ state: 'open' }).pluck('id');

  for (const step of ['held', 'checked', 'told', 'offered'])
    it(`tells one person once of a freed time when the process was killed at ${step}`, async () => {
      const early = await bookOne(stack);
      await waitFor(await bookOne(stack));
      const cancelled = await runChild(stack, { does: 'cancel', killAt: [], bookingId: early });
      expect(cancelled.answer).to.include({ ok: true });
      await killIn('offer', step);
      expect(await told()).to.have.length(step === 'offered' ? 1 : 0);
      // The hold of a process that died ends by itself.
      await stack
        .db('wait_offers')
        .where({ state: 'checking' })
        .update({ expires_at: stack.db.raw(`clock_timestamp() - interval '1 second'`) as unknown as Date });
      await system.services.waitListOffers.offerFreed();
      await system.services.waitListOffers.offerFreed();
      expect(await openOffers()).to.have.length(1);
      expect(await told()).to.deep.equal(await openOffers());
    });

  for (const step of ['times_claimed', 'times_read', 'freed_noted', 'times_stored'])
    it(`learns once of a time that the filler found free when it was killed at ${step}`, async () => {
      const { nextFreeFiller } = system.services;
      await waitFor(await bookOne(stack));
      await nextFreeFiller.fill();
      const hart = { specialist_id: stack.specialistId, type: 'in_person' } as const;
      const rows = () => stack.db('next_free_times').where(hart);
      const [first, ...others] = (await rows().first('times'))?.times ?? [];
      // As if the first time had not been free when the calendar was read before.
      await stack.db('next_free_times').update({ due_at: new Date(Date.now() + 3_600_000) });
      await rows().update({ times: others, due_at: null });
      const freed = () => stack.db('freed_times').where(hart).pluck('starts_at');
      await killIn('fill', step);
      expect(await freed()).to.have.length(step === 'times_stored' ? 1 : 0);
      // The claim of a process that died ends by itself.
      await rows().update({ claimed_until: null });
      await nextFreeFiller.fill();
      expect(await freed()).to.deep.equal([first]);
      expect((await rows().first('times'))?.times[0]).to.deep.equal(first);
    });
});

// Kills a process that has stopped at the steps of offering freed times, and one at those of reading the next free times.
// The next run goes on.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { System } from '../../src/compose.ts';
import { bookOne, openBookingStack, startToKill, type BookingStack } from '../support/booking-stack.ts';

type Service = Pick<Row, 'specialist_id' | 'type'>;
interface Row {
  specialist_id: string;
  type: 'in_person' | 'telehealth';
  times: Date[];
}

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
  async function wait(entry: { booking_id: string } | (Service & { before: Date })): Promise<void> {
    const rita = await stack
      .db('users as u')
      .join('members as m', 'm.user_id', 'u.id')
      .where('u.email', 'rita@harbour-legal.example')
      .first('u.id', 'm.organization_id');
    await stack.db('wait_entries').insert({
      id: randomUUID(),
      created_by_id: rita?.id ?? '',
      organization_id: rita?.organization_id ?? '',
      ...entry,
    });
  }

  describe('killed while it offers four freed times, each at another step,', () => {
    // A transaction that stops keeps its locks, so it comes last.
    const steps = ['held', 'checked', 'offered', 'told'] as const;
    /** When the freed times are. */
    const times = new Map<string, Date>();
    const ends: unknown[] = [];
    let toldAtOnce: Date[];
    const offers = () =>
      stack.db('wait_offers').where({ state: 'open' }).select('id', 'entry_id', 'starts_at');
    let open: Awaited<ReturnType<typeof offers>>;
    let told: (string | null)[];

    before(async () => {
      const early = new Map<string, string>();
      for (const step of steps) early.set(step, await bookOne(stack));
      for (const _ of steps) await wait({ booking_id: await bookOne(stack) });
      const running = startToKill(stack);
      for (const [step, bookingId] of early) {
        const booking = await stack.db('bookings').where({ id: bookingId }).first('starts_at');
        times.set(step, booking!.starts_at);
        const cancelled = await running.carryOut({ does: 'cancel', killAt: [], bookingId });
        expect(cancelled.answer).to.include({ ok: true });
        ends.push((await running.carryOut({ does: 'offer', killAt: [step] })).stoppedAt);
      }
      ends.push(await running.kill());
      const mails = () => stack.db('emails').where({ kind: 'earlier_time_offered' }).pluck('wait_offer_id');
      const toldOffers = (await mails()).filter((id) => id !== null);
      toldAtOnce = await stack.db('wait_offers').whereIn('id', toldOffers).pluck('starts_at');
      // The hold of a process that died ends by itself.
      await stack
        .db('wait_offers')
        .where({ state: 'checking' })
        .update({ expires_at: stack.db.raw(`clock_timestamp() - interval '1 second'`) as unknown as Date });
      await system.services.waitListOffers.offerFreed();
      await system.services.waitListOffers.offerFreed();
      open = await offers();
      told = await mails();
    });

    for (const step of steps)
      it(`tells one person once of a freed time when the process was killed at ${step}`, () => {
        expect(ends).to.deep.equal([...steps.map((one) => [one]), 'SIGKILL']);
        expect(toldAtOnce).to.deep.equal([times.get('offered')]);
        const made = open.filter(({ starts_at: at }) => at.getTime() === times.get(step)?.getTime());
        expect(made).to.have.length(1);
        expect(told.filter((id) => id === made[0]?.id)).to.have.length(1);
      });

    it('leaves no other offer, and no person with two', () => {
      expect(told).to.have.members(open.map(({ id }) => id));
      expect(new Set(open.map(({ entry_id: entry }) => entry)).size).to.equal(steps.length);
    });
  });

  describe('killed while it reads the next free times of four services, each at another step,', () => {
    // A transaction that stops keeps its locks, so it comes last.
    const steps = ['times_claimed', 'times_read', 'times_stored', 'freed_noted'] as const;
    /** By step: a service, with the times that are free. */
    const services = new Map<string, Row>();
    const ends: unknown[] = [];
    const freedAtOnce = new Map<string, Date[]>();
    const freedLater = new Map<string, Date[]>();
    const rows = ({ specialist_id, type }: Service) =>
      stack.db('next_free_times').where({ specialist_id, type });
    const freedOf = ({ specialist_id, type }: Service): Promise<Date[]> =>
      stack.db('freed_times').where({ specialist_id, type }).pluck('starts_at');

    before(async () => {
      const { nextFreeFiller } = system.services;
      for (const table of ['emails', 'wait_offers', 'wait_entries', 'freed_times', 'next_free_times'])
        await stack.db(table).delete();
      await nextFreeFiller.fill();
      const filled = await stack
        .db('next_free_times')
        .whereRaw('cardinality(times) > 1')
        .limit(steps.length)
        .select('specialist_id', 'type', 'times');
      for (const [index, step] of steps.entries()) services.set(step, filled[index] as Row);
      for (const { specialist_id, type } of services.values())
        await wait({ specialist_id, type, before: new Date(Date.now() + 365 * 86_400_000) });
      const later = new Date(Date.now() + 3_600_000);
      await stack.db('next_free_times').update({ due_at: later });
      const running = startToKill(stack);
      for (const [step, service] of services) {
        // As if the first time had not been free when the calendar was read before.
        await rows(service).update({ times: service.times.slice(1), due_at: null });
        ends.push((await running.carryOut({ does: 'fill', killAt: [step] })).stoppedAt);
        // The claim of a process that died ends by itself.
        if (step !== 'freed_noted') await rows(service).update({ claimed_until: null, due_at: later });
      }
      ends.push(await running.kill());
      for (const [step, service] of services) freedAtOnce.set(step, await freedOf(service));
      for (const service of services.values())
        await rows(service).update({ claimed_until: null, due_at: null });
      await nextFreeFiller.fill();
      for (const [step, service] of services) freedLater.set(step, await freedOf(service));
    });

    for (const step of steps)
      it(`learns once of a time that the filler found free when it was killed at ${step}`, async () => {
        expect(ends).to.deep.equal([...steps.map((one) => [one]), 'SIGKILL']);
        const service = services.get(step) as Row;
        const [first] = service.times;
        expect(freedAtOnce.get(step)).to.deep.equal(step === 'times_stored' ? [first] : []);
        expect(freedLater.get(step)).to.deep.equal([first]);
        expect((await rows(service).first('times'))?.times[0]).to.deep.equal(first);
      });
  });
});

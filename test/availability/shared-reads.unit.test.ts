import { expect } from 'chai';
import { pino } from 'pino';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { createAvailabilityService } from '../../src/availability/index.ts';
import { createCalendarReads } from '../../src/availability/calendar-reads.ts';
import { createSharedReads } from '../../src/availability/shared-reads.ts';
import type { Cache } from '../../src/ports/cache.ts';
import { aSpecialist } from '../support/builders/specialist.ts';
import { acuityDown, createFakeAcuity } from '../support/fakes/acuity.ts';
import { createFakeClock } from '../support/fakes/clock.ts';

const amelia = aSpecialist();
const date = '2026-12-01';
const ten = '2026-12-01T10:00:00+11:00';
const eleven = '2026-12-01T11:10:00+11:00';
const inPerson = { type: 'in_person', date } as const;

function createFixture(given: { cache?: Cache } = {}) {
  const clock = createFakeClock();
  const acuity = createFakeAcuity();
  acuity.offer(7001, ten, eleven);
  const cache = given.cache ?? createMemoryCache({ clock });
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  /** Simulates another process: its own memory, the same cache. */
  const another = () => createAvailabilityService({ acuity, cache, clock, log });
  const availability = another();
  const day = async (from = availability) => {
    const answer = await from.day(amelia, inPerson);
    if (!answer.ok) throw new Error(answer.reason);
    const { slots, cache: state, asOf } = answer.value;
    return { times: slots.map((slot) => slot.startsAt.toISOString()), state, asOf };
  };
  const asked = () => acuity.calls.filter(({ method }) => method === 'availableTimes').length;
  return { clock, acuity, cache, lines, availability, another, day, asked };
}

const times = (...texts: string[]) => texts.map((text) => new Date(text).toISOString());

describe('shared reads of availability', () => {
  it('call Acuity once in five minutes', async () => {
    const { clock, day, asked } = createFixture();
    expect(await day()).to.deep.include({ times: times(ten, eleven), state: 'MISS' });
    clock.pass({ minutes: 4, seconds: 59 });
    expect(await day()).to.deep.include({ times: times(ten, eleven), state: 'HIT' });
    expect(asked()).to.equal(1);
    clock.pass({ seconds: 1 });
    expect((await day()).state).to.equal('MISS');
    expect(asked()).to.equal(2);
  });

  it('make one call for a thousand simultaneous requests', async () => {
    const { availability, day, asked } = createFixture();
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => day(availability)));
    expect(new Set(answers.map(({ state }) => state))).to.deep.equal(new Set(['MISS']));
    expect(asked()).to.equal(1);
  });

  it('make one call for a thousand simultaneous requests in two processes', async () => {
    const { another, day, asked } = createFixture();
    const processes = [another(), another()];
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => day(processes[i % 2])));
    expect(asked()).to.equal(1);
  });

  it('go on when the process that holds the lock dies', async () => {
    const { cache, day, asked } = createFixture();
    // The lock that a dead process leaves: never renewed, never released.
    const startedAt = performance.now();
    await cache.lock('availability:7001:0:8001:2026-12-01:asking', 300);
    expect((await day()).state).to.equal('MISS');
    expect(performance.now() - startedAt).to.be.within(290, 20_000);
    expect(asked()).to.equal(1);
  });

  it('renew their lock while Acuity is slow', async () => {
    const { acuity, another, day, asked } = createFixture();
    const held = acuity.hold();
    const first = day();
    const second = day(another());
    await new Promise((go) => setTimeout(go, 3_500));
    held.answer();
    expect((await first).times).to.have.length(2);
    expect((await second).times).to.have.length(2);
    expect(asked()).to.equal(1);
  });

  it('let nobody wait for a read aside, and remember none of its failures', async () => {
    const { acuity, cache, clock, day, asked } = createFixture();
    const shared = createSharedReads({ cache, clock, log: pino({ level: 'silent' }) });
    const aside = createCalendarReads({ acuity, shared: shared.aside });
    const [service] = amelia.services;
    if (!service) throw new Error('Amelia offers nothing');
    const held = acuity.hold();
    const background = aside.day(amelia, service, date);
    const person = day();
    while (held.waiting() < 2) await new Promise((go) => setTimeout(go, 5));
    held.answer();
    expect((await background).ok).to.equal(true);
    expect((await person).times).to.have.length(2);
    expect(asked()).to.equal(2);
    clock.pass({ minutes: 6 });
    acuity.failWith({ reason: 'queue_full', retryAfterMs: 1_000 });
    expect((await aside.day(amelia, service, date)).ok).to.equal(false);
    acuity.recover();
    expect((await day()).state).to.equal('MISS');
  });

  it('return stale data up to an hour old when Acuity does not answer, and nothing older', async () => {
    const { clock, acuity, availability, day } = createFixture();
    const { asOf } = await day();
    acuity.failWith(acuityDown);
    clock.pass({ minutes: 60 });
    expect(await day()).to.deep.equal({ times: times(ten, eleven), state: 'STALE', asOf });
    clock.pass({ ms: 1 });
    clock.pass({ seconds: 2 });
    expect(await availability.day(amelia, inPerson)).to.deep.equal({
      ok: false,
      reason: 'acuity_unavailable',
      retryAfterMs: acuityDown.reason === 'unavailable' ? acuityDown.retryAfterMs : 0,
    });
  });

  it('do not multiply calls during an outage', async () => {
    const { clock, acuity, availability, another, asked } = createFixture();
    acuity.failWith(acuityDown);
    const processes = [availability, another()];
    const ask = () =>
      Promise.all(
        Array.from({ length: 100 }, (_, i) => (processes[i % 2] ?? availability).day(amelia, inPerson)),
      );
    for (const answer of await ask()) expect(answer.ok).to.equal(false);
    await ask();
    expect(asked()).to.equal(1);
    clock.pass({ seconds: 2 });
    await ask();
    expect(asked()).to.equal(2);
    acuity.recover();
    clock.pass({ seconds: 2 });
    for (const answer of await ask()) expect(answer.ok).to.equal(true);
  });

  it('return a refusal as an error, without stale data', async () => {
    const { clock, acuity, availability, day } = createFixture();
    await day();
    clock.pass({ minutes: 6 });
    acuity.failWith({
      reason: 'refused',
      code: 'invalid_calendar',
      message: 'The calendar "7001" does not exist.',
      status: 400,
    });
    expect(await availability.day(amelia, inPerson)).to.deep.equal({ ok: false, reason: 'acuity_error' });
  });

  it('read again when the cache holds a value of another shape', async () => {
    const { cache, day } = createFixture();
    for (const rubbish of ['', '{', 'null', '{"asOf":"now","value":7}']) {
      await cache.set('availability:7001:0:8001:2026-12-01', rubbish, 60_000);
      await cache.set('availability:7001:0:8001:2026-12-01:failed', rubbish, 60_000);
      expect((await day()).state, rubbish).to.equal('MISS');
    }
  });

  describe('after a booking', () => {
    const taken = { startsAt: new Date(ten), durationMinutes: 60 };

    it('are made anew at once, in every process', async () => {
      const { acuity, availability, another, day } = createFixture();
      const other = another();
      await day();
      await day(other);
      await acuity.createAppointment({
        startsAt: new Date(ten),
        calendarId: 7001,
        appointmentTypeId: 8001,
        timezone: 'Australia/Sydney',
        client: { firstName: 'Rita', lastName: 'Harbour', email: 'rita@example.com', phone: '' },
        fields: [],
      });
      await availability.invalidate(7001, taken);
      expect(await day()).to.deep.include({ times: times(eleven), state: 'MISS' });
      expect((await day(other)).times).to.deep.equal(times(eleven));
    });

    it('of other calendars stay cached', async () => {
      const { acuity, availability } = createFixture();
      const bruno = aSpecialist({ acuityCalendarId: 7002 });
      acuity.offer(7002, ten);
      await availability.day(bruno, inPerson);
      await availability.invalidate(7001, taken);
      const answer = await availability.day(bruno, inPerson);
      expect(answer.ok && answer.value.cache).to.equal('HIT');
    });

    it('ignore an answer that was requested before the booking', async () => {
      const { acuity, availability, another, day } = createFixture();
      const held = acuity.hold();
      const early = day();
      while (held.waiting() === 0) await new Promise((go) => setImmediate(go));
      acuity.occupySlot(7001, ten);
      await availability.invalidate(7001, taken);
      held.answer();
      // The caller that asked before may get the old state; no later one.
      await early;
      expect((await day()).times).to.deep.equal(times(eleven));
      expect((await day(another())).times).to.deep.equal(times(eleven));
    });

    it('lose the taken time from the stale copy as well', async () => {
      const { clock, acuity, availability, another, day } = createFixture();
      await day();
      await availability.invalidate(7001, taken);
      acuity.failWith(acuityDown);
      expect(await day()).to.deep.include({ times: times(eleven), state: 'STALE' });
      expect(await day(another())).to.deep.include({ times: times(eleven), state: 'STALE' });
      clock.pass({ minutes: 59 });
      expect((await day()).times).to.deep.equal(times(eleven));
    });

    it('lose it from a stale copy that was requested before the booking, too', async () => {
      const { acuity, availability, day } = createFixture();
      const held = acuity.hold();
      const early = day();
      while (held.waiting() === 0) await new Promise((go) => setImmediate(go));
      await availability.invalidate(7001, taken);
      held.answer();
      await early;
      acuity.failWith(acuityDown);
      expect(await day()).to.deep.include({ times: times(eleven), state: 'STALE' });
    });

    it('lose every time that overlaps the taken one', async () => {
      const { acuity, availability, day } = createFixture();
      acuity.offer(
        7001,
        '2026-12-01T09:30:00+11:00',
        '2026-12-01T10:30:00+11:00',
        '2026-12-01T09:00:00+11:00',
      );
      await day();
      await availability.invalidate(7001, taken);
      acuity.failWith(acuityDown);
      expect((await day()).times).to.deep.equal(times('2026-12-01T09:00:00+11:00', eleven));
    });

    it('show a freed time as soon as Acuity offers it', async () => {
      const { clock, acuity, availability, day } = createFixture();
      await availability.invalidate(7001, taken);
      clock.pass({ minutes: 10 });
      expect((await day()).times).to.deep.equal(times(ten, eleven));
      acuity.failWith(acuityDown);
      clock.pass({ minutes: 10 });
      expect(await day()).to.deep.include({ times: times(ten, eleven), state: 'STALE' });
    });

    it('keep every time that simultaneous bookings took', async () => {
      const { acuity, availability, another, day } = createFixture();
      const processes = [availability, another()];
      await day();
      await Promise.all(
        [ten, eleven].map((startsAt, i) =>
          (processes[i] ?? availability).invalidate(7001, {
            startsAt: new Date(startsAt),
            durationMinutes: 60,
          }),
        ),
      );
      acuity.failWith(acuityDown);
      expect((await day()).times).to.deep.equal([]);
    });
  });

  describe('without a cache', () => {
    const gone = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const deadCache = (): Cache => ({
      get: gone,
      set: gone,
      delete: gone,
      increment: gone,
      lock: gone,
      takeTurn: gone,
      takePlace: gone,
      ping: gone,
      close: async () => {},
    });

    it('share one call to Acuity within the process, and warn once', async () => {
      const { lines, day, asked } = createFixture({ cache: deadCache() });
      const answers = await Promise.all(Array.from({ length: 100 }, () => day()));
      expect(answers[99]).to.deep.include({ times: times(ten, eleven), state: 'MISS' });
      expect(asked()).to.equal(1);
      await day();
      expect(asked()).to.equal(2);
      expect(lines.filter((line) => line.includes('cache is away'))).to.have.length(1);
    });

    it('do not multiply calls during an outage either', async () => {
      const { acuity, availability, asked } = createFixture({ cache: deadCache() });
      acuity.failWith(acuityDown);
      for (let i = 0; i < 5; i += 1) {
        expect((await availability.day(amelia, inPerson)).ok).to.equal(false);
      }
      expect(asked()).to.equal(1);
    });

    it('tell the cache what changed as soon as it is back', async () => {
      const clock = createFakeClock();
      const memory = createMemoryCache({ clock });
      let isAway = false;
      const cache: Cache = {
        ...memory,
        get: (key) => (isAway ? gone() : memory.get(key)),
        set: (key, value, ttlMs) => (isAway ? gone() : memory.set(key, value, ttlMs)),
        lock: (key, ttlMs) => (isAway ? gone() : memory.lock(key, ttlMs)),
      };
      const { acuity, availability, another, day } = createFixture({ cache });
      await day();
      isAway = true;
      acuity.occupySlot(7001, ten);
      await availability.invalidate(7001, { startsAt: new Date(ten), durationMinutes: 60 });
      expect((await day()).times).to.deep.equal(times(eleven));
      isAway = false;
      await new Promise((go) => setTimeout(go, 1_050));
      expect((await day()).times).to.deep.equal(times(eleven));
      expect((await day(another())).times).to.deep.equal(times(eleven));
    });
  });
});

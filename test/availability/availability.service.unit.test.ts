import { expect } from 'chai';
import { pino } from 'pino';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { createAvailabilityService, type Slot } from '../../src/availability/index.ts';
import type { Specialist } from '../../src/specialists/index.ts';
import { aSpecialist } from '../support/builders/specialist.ts';
import { acuityDown, createFakeAcuity } from '../support/fakes/acuity.ts';
import { createFakeClock } from '../support/fakes/clock.ts';

const type = 'in_person';
const amelia = aSpecialist();
const erik = aSpecialist({ acuityCalendarId: 7005, timezone: 'Australia/Adelaide' });

function createFixture(start?: string) {
  const clock = createFakeClock(start);
  const acuity = createFakeAcuity();
  const cache = createMemoryCache({ clock });
  const log = pino({ level: 'silent' });
  const availability = createAvailabilityService({ acuity, cache, clock, log });
  return { clock, acuity, cache, availability };
}

const iso = (slots: Slot[]) => slots.map((slot) => slot.startsAt.toISOString());
const utc = (...texts: string[]) => texts.map((text) => new Date(text).toISOString());

describe('the availability service', () => {
  async function dayOf(
    { availability }: ReturnType<typeof createFixture>,
    specialist: Specialist,
    date: string,
    timezone?: string,
  ) {
    const answer = await availability.day(specialist, { type, date, ...(timezone && { timezone }) });
    if (!answer.ok) throw new Error(answer.reason);
    return iso(answer.value.slots);
  }
  async function monthOf(
    { availability }: ReturnType<typeof createFixture>,
    specialist: Specialist,
    month: string,
    timezone?: string,
  ) {
    const answer = await availability.month(specialist, { type, month, ...(timezone && { timezone }) });
    if (!answer.ok) throw new Error(answer.reason);
    return answer.value.dates;
  }

  describe('free times of a day', () => {
    it('are read in the specialist’s zone unless another is named', async () => {
      const fixture = createFixture();
      fixture.acuity.offer(7001, '2026-12-01T09:00:00+11:00');
      const answer = await fixture.availability.day(amelia, { type, date: '2026-12-01' });
      expect(answer).to.deep.equal({
        ok: true,
        value: {
          date: '2026-12-01',
          timezone: 'Australia/Sydney',
          slots: [{ startsAt: new Date('2026-11-30T22:00:00Z'), durationMinutes: 60 }],
          cache: 'MISS',
          asOf: fixture.clock.now(),
        },
      });
    });

    it('are put together from the specialist’s days, which all readers share, for a reader in another zone', async () => {
      const fixture = createFixture();
      // In London Sydney's working days fall in the night, around midnight.
      fixture.acuity.offer(
        7001,
        '2026-12-01T10:00:00+11:00', // 30 November, 23:00 in London
        '2026-12-01T12:00:00+11:00', // 1 December, 01:00
        '2026-12-02T10:30:00+11:00', // 1 December, 23:30
        '2026-12-02T11:00:00+11:00', // 2 December, 00:00
      );
      expect(await dayOf(fixture, amelia, '2026-12-01', 'Europe/London')).to.deep.equal(
        utc('2026-12-01T01:00Z', '2026-12-01T23:30Z'),
      );
      expect(
        fixture.acuity.calls.map(({ query }) => (query as { date: string }).date).toSorted(),
      ).to.deep.equal(['2026-12-01', '2026-12-02']);
      expect(await dayOf(fixture, amelia, '2026-12-02')).to.have.length(2);
      // Paris is an hour ahead of London: its day begins and ends an hour earlier, and needs no new read.
      expect(await dayOf(fixture, amelia, '2026-12-01', 'Europe/Paris')).to.deep.equal(
        utc('2026-11-30T23:00Z', '2026-12-01T01:00Z'),
      );
      expect(fixture.acuity.calls).to.have.length(2);
    });

    it('cover 25 hours when the clocks go back', async () => {
      const fixture = createFixture('2027-04-01T00:00:00Z');
      fixture.acuity.offer(
        7001,
        '2027-04-04T00:00:00+11:00',
        '2027-04-04T02:30:00+11:00',
        '2027-04-04T02:30:00+10:00',
        '2027-04-04T23:00:00+10:00',
        '2027-04-05T00:00:00+10:00',
      );
      expect(await dayOf(fixture, amelia, '2027-04-04')).to.deep.equal(
        utc(
          '2027-04-04T00:00+11:00',
          '2027-04-04T02:30+11:00',
          '2027-04-04T02:30+10:00',
          '2027-04-04T23:00+10:00',
        ),
      );
      // Perth has no daylight-saving time: its 4 April begins and ends at other instants.
      expect(await dayOf(fixture, amelia, '2027-04-04', 'Australia/Perth')).to.deep.equal(
        utc('2027-04-04T02:30+10:00', '2027-04-04T23:00+10:00', '2027-04-05T00:00+10:00'),
      );
    });

    it('are right for zones that differ by half an hour', async () => {
      const fixture = createFixture();
      fixture.acuity.offer(7005, '2026-12-01T23:45:00+10:30', '2026-12-02T00:00:00+10:30');
      expect(await dayOf(fixture, erik, '2026-12-01')).to.deep.equal(utc('2026-12-01T23:45+10:30'));
      expect(await dayOf(fixture, erik, '2026-12-02', 'Australia/Sydney')).to.deep.equal(
        utc('2026-12-01T23:45+10:30', '2026-12-02T00:00+10:30'),
      );
    });

    it('leave out past times, also those from the cache', async () => {
      const fixture = createFixture('2026-11-30T21:00:00Z');
      fixture.acuity.offer(7001, '2026-12-01T09:00:00+11:00', '2026-12-01T09:04:00+11:00');
      fixture.clock.set('2026-11-30T21:59:00Z');
      expect(await dayOf(fixture, amelia, '2026-12-01')).to.have.length(2);
      fixture.clock.set('2026-11-30T22:00:00Z');
      expect(await dayOf(fixture, amelia, '2026-12-01')).to.deep.equal(utc('2026-12-01T09:04+11:00'));
      expect(fixture.acuity.calls).to.have.length(1);
    });

    it('are empty without a call when the day is over, or too far ahead', async () => {
      const fixture = createFixture();
      for (const date of ['2026-11-22', '1999-01-01', '0000-01-01', '2029-01-01', '9999-12-31']) {
        expect(await dayOf(fixture, amelia, date), date).to.deep.equal([]);
      }
      expect(fixture.acuity.calls).to.have.length(0);
    });

    it('are refused for a type that the specialist does not offer', async () => {
      const { availability } = createFixture();
      const answer = await availability.day(amelia, { type: 'telehealth', date: '2026-12-01' });
      expect(answer).to.deep.equal({ ok: false, reason: 'type_not_offered' });
    });
  });

  describe('free days of a month', () => {
    it('are the days with a free time, today and later', async () => {
      const fixture = createFixture('2026-12-10T00:00:00Z');
      fixture.acuity.offer(
        7001,
        '2026-12-09T09:00:00+11:00',
        '2026-12-10T15:00:00+11:00',
        '2026-12-31T09:00:00+11:00',
        '2027-01-01T09:00:00+11:00',
      );
      expect(await monthOf(fixture, amelia, '2026-12')).to.deep.equal(['2026-12-10', '2026-12-31']);
      expect(await monthOf(fixture, amelia, '2026-11')).to.deep.equal([]);
      expect(fixture.acuity.calls).to.have.length(1);
    });

    it('come from the same call for a reader whose clock agrees', async () => {
      const fixture = createFixture();
      fixture.acuity.offer(7001, '2026-12-01T09:00:00+11:00');
      await monthOf(fixture, amelia, '2026-12');
      expect(await monthOf(fixture, amelia, '2026-12', 'Australia/Melbourne')).to.deep.equal(['2026-12-01']);
      expect(fixture.acuity.calls).to.have.length(1);
    });

    it("are right at both edges of the month in a reader's own zone", async () => {
      const fixture = createFixture();
      fixture.acuity.offer(
        7001,
        '2026-12-01T10:00:00+11:00', // 30 November in London
        '2026-12-02T12:00:00+11:00', // 2 December
        '2027-01-01T10:00:00+11:00', // 31 December
        '2027-01-01T12:00:00+11:00', // 1 January
      );
      expect(await monthOf(fixture, amelia, '2026-11', 'Europe/London')).to.deep.equal(['2026-11-30']);
      expect(await monthOf(fixture, amelia, '2026-12', 'Europe/London')).to.deep.equal([
        '2026-12-02',
        '2026-12-31',
      ]);
      expect(await monthOf(fixture, amelia, '2027-01', 'Europe/London')).to.deep.equal(['2027-01-01']);
    });

    it('are read day by day when the zones agree for a part of the month only', async () => {
      const fixture = createFixture('2027-03-01T00:00:00Z');
      // Brisbane is an hour behind Sydney until 4 April 2027.
      fixture.acuity.offer(7001, '2027-04-02T00:30:00+11:00', '2027-04-20T00:30:00+10:00');
      expect(await monthOf(fixture, amelia, '2027-04', 'Australia/Brisbane')).to.deep.equal([
        '2027-04-01',
        '2027-04-20',
      ]);
    });
  });

  it('cache keys never hold a reader’s zone', async () => {
    const fixture = createFixture();
    const keys: string[] = [];
    const { cache } = fixture;
    const watched = {
      ...cache,
      get(key: string) {
        keys.push(key);
        return cache.get(key);
      },
      set(key: string, value: string, ttlMs: number) {
        keys.push(key);
        return cache.set(key, value, ttlMs);
      },
    };
    const availability = createAvailabilityService({
      acuity: fixture.acuity,
      cache: watched,
      clock: fixture.clock,
      log: pino({ level: 'silent' }),
    });
    fixture.acuity.offer(7001, '2026-12-01T09:00:00+11:00');
    await availability.day(amelia, { type, date: '2026-12-01', timezone: 'Europe/London' });
    await availability.month(amelia, { type, month: '2026-12', timezone: 'Europe/London' });
    expect(keys).to.include('availability:7001:0:8001:2026-12-01');
    expect(keys.filter((key) => /London|Europe|Sydney/.test(key))).to.deep.equal([]);
  });

  describe('one time', () => {
    const ten = '2026-12-01T10:00:00+11:00';

    it('is free, taken or unknown', async () => {
      const { acuity, availability, clock } = createFixture();
      acuity.offer(7001, ten);
      expect(await availability.isFree(amelia, type, new Date(ten))).to.equal('free');
      expect(await availability.isFree(amelia, type, new Date('2026-12-01T10:01:00+11:00'))).to.equal(
        'taken',
      );
      expect(await availability.isFree(amelia, 'telehealth', new Date(ten))).to.equal('taken');
      acuity.failWith(acuityDown);
      clock.pass({ minutes: 6 });
      expect(await availability.isFree(amelia, type, new Date(ten))).to.equal('unknown');
    });

    it('is told from the cache alone when asked so: an old "no" is unknown', async () => {
      const { acuity, availability, clock } = createFixture();
      const isFree = (at: string) => availability.isFree(amelia, type, new Date(at), { fromCache: true });
      const eleven = '2026-12-01T11:00:00+11:00';
      acuity.offer(7001, ten);
      expect(await isFree(ten)).to.equal('unknown');
      await availability.day(amelia, { type, date: '2026-12-01' });
      expect(await isFree(ten)).to.equal('free');
      expect(await isFree(eleven)).to.equal('taken');
      clock.pass({ seconds: 5 });
      expect(await isFree(ten)).to.equal('free');
      expect(await isFree(eleven)).to.equal('unknown');
      expect(acuity.calls).to.have.length(1);
    });

    it('is never free when it is past', async () => {
      const { acuity, availability, clock } = createFixture();
      acuity.offer(7001, ten);
      await availability.day(amelia, { type, date: '2026-12-01' });
      clock.set(ten);
      expect(await availability.isFree(amelia, type, new Date(ten))).to.equal('taken');
    });

    it('is read again, once for all callers, when the cached "no" is older than a few seconds', async () => {
      const { acuity, availability, clock } = createFixture();
      await availability.day(amelia, { type, date: '2026-12-01' });
      acuity.offer(7001, ten);
      expect(await availability.isFree(amelia, type, new Date(ten))).to.equal('taken');
      expect(acuity.calls).to.have.length(1);
      clock.pass({ seconds: 5 });
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => availability.isFree(amelia, type, new Date(ten))),
      );
      expect(new Set(answers)).to.deep.equal(new Set(['free']));
      expect(acuity.calls).to.have.length(2);
    });
  });

  describe('nearest free times', () => {
    const around = new Date('2026-12-09T10:00:00+11:00');

    it('are those on either side of the given time, in order, without that time itself', async () => {
      const { acuity, availability } = createFixture();
      acuity.offer(
        7001,
        '2026-12-09T10:00:00+11:00',
        '2026-12-09T11:10:00+11:00',
        '2026-12-09T14:00:00+11:00',
        '2026-12-08T15:00:00+11:00',
        '2026-12-10T09:00:00+11:00',
      );
      expect(iso(await availability.nearest(amelia, type, around))).to.deep.equal(
        utc('2026-12-08T15:00+11:00', '2026-12-09T11:10+11:00', '2026-12-09T14:00+11:00'),
      );
    });

    it('reach a week, over the end of a month, and no further', async () => {
      const { acuity, availability } = createFixture();
      const edge = new Date('2026-12-29T10:00:00+11:00');
      acuity.offer(
        7001,
        '2027-01-05T10:00:00+11:00',
        '2027-01-05T11:10:00+11:00',
        '2026-12-22T10:00:00+11:00',
        '2026-12-22T09:00:00+11:00',
      );
      expect(iso(await availability.nearest(amelia, type, edge))).to.deep.equal(
        utc('2026-12-22T10:00+11:00', '2027-01-05T10:00+11:00'),
      );
    });

    it('read no more days than needed', async () => {
      const { acuity, availability } = createFixture();
      for (let day = 4; day <= 15; day += 1) {
        const date = `2026-12-${String(day).padStart(2, '0')}`;
        acuity.offer(7001, `${date}T09:00:00+11:00`, `${date}T11:00:00+11:00`, `${date}T13:00:00+11:00`);
      }
      expect(await availability.nearest(amelia, type, around)).to.have.length(3);
      expect(acuity.calls.map(({ method }) => method)).to.deep.equal(['availableDates', 'availableTimes']);
    });

    it('are empty when Acuity does not answer', async () => {
      const { acuity, availability } = createFixture();
      acuity.failWith(acuityDown);
      expect(await availability.nearest(amelia, type, around)).to.deep.equal([]);
    });
  });
});

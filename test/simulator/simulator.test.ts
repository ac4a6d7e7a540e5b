// The Acuity client and the free times against the simulator.
import { expect } from 'chai';
import { pino } from 'pino';
import { createAcuityClient } from '../../src/adapters/acuity-http/index.ts';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { createAvailabilityService } from '../../src/availability/index.ts';
import type { Acuity, NewAppointment } from '../../src/ports/acuity.ts';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import type { Specialist } from '../../src/specialists/index.ts';
import { mostAcuityCalls } from '../../src/config.production.ts';
import { acuityRate } from '../support/acuity-rate.ts';
import { aSpecialist } from '../support/builders/specialist.ts';
import { createFakeClock, type FakeClock } from '../support/fakes/clock.ts';

const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };
const type = 'in_person';
const amelia = aSpecialist();
const chen = aSpecialist({ acuityCalendarId: 7003, timezone: 'Australia/Perth' });
const erik = aSpecialist({ acuityCalendarId: 7005, timezone: 'Australia/Adelaide' });
const farah = aSpecialist({ acuityCalendarId: 7006, timezone: 'Pacific/Auckland' });

interface Fault {
  method?: string;
  path?: string;
  times?: number;
  effect: { delayMs?: number; status?: number; body?: unknown; drop?: 'before' | 'after' };
}

describe('the Acuity client against the simulator', () => {
  let clock: FakeClock;
  let simulator: Simulator;

  before(async () => {
    clock = createFakeClock();
    simulator = await startSimulator({ port: 0, ...credentials, now: () => clock.now() });
  });
  after(() => simulator.close());
  beforeEach(async () => {
    await control('reset', {});
    clock.set('2026-11-23T00:00:00Z');
  });

  async function control(path: string, body: object): Promise<void> {
    const res = await fetch(`${simulator.url}/_sim/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(res.status).to.equal(200);
  }
  const faults = (...rules: Fault[]) => control('faults', { rules });
  async function calls(part = ''): Promise<{ method: string; path: string; status: number | null }[]> {
    const res = await fetch(`${simulator.url}/_sim/calls`);
    const answer = (await res.json()) as { calls: { method: string; path: string; status: number | null }[] };
    return answer.calls.filter(({ path }) => path.includes(part));
  }

  /** `unlimited`: for tests that send more requests than people would. */
  function createFixture({
    timeoutMs = 20_000,
    unlimited = false,
    cache = createMemoryCache({ clock }),
  } = {}) {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const acuity = createAcuityClient({
      baseUrl: simulator.url,
      userId: credentials.userId,
      apiKeys: [credentials.apiKey],
      timeoutMs,
      callsPerSecond: unlimited ? acuityRate.perSecond : mostAcuityCalls,
      cache,
      log,
    });
    const availability = createAvailabilityService({ acuity, cache, clock, log });
    return { acuity, availability, cache, lines };
  }

  async function aNewAppointment(acuity: Acuity, reference: string): Promise<NewAppointment> {
    const slot = { appointmentTypeId: 8001, calendarId: 7001, timezone: 'Australia/Sydney' };
    const times = await acuity.availableTimes({ ...slot, date: '2026-12-01' });
    const startsAt = times.ok ? times.value[0] : undefined;
    if (!startsAt) throw new Error('No free time on 1 December');
    return {
      ...slot,
      startsAt,
      timezone: 'Australia/Perth',
      client: {
        firstName: 'Rita',
        lastName: 'Alvarez',
        email: 'rita@harbour-legal.example',
        phone: '+61290000001',
      },
      fields: [
        { id: 9101, value: reference },
        { id: 9102, value: 'Examineefirst' },
        { id: 9103, value: 'Examineelast' },
      ],
    };
  }

  it('makes, reads, finds, moves, cancels and lists an appointment', async () => {
    const { acuity } = createFixture({ unlimited: true });
    const days = await acuity.availableDates({
      month: '2026-12',
      appointmentTypeId: 8001,
      calendarId: 7001,
      timezone: 'Australia/Sydney',
    });
    expect(days.ok && days.value)
      .to.include('2026-12-01')
      .and.not.to.include('2026-12-05');

    const appointment = await aNewAppointment(acuity, 'EX-7K3M9Q');
    const made = await acuity.createAppointment(appointment);
    if (!made.ok) throw new Error(made.reason);
    expect(made.value).to.deep.include({
      calendarId: 7001,
      appointmentTypeId: 8001,
      startsAt: appointment.startsAt,
      durationMinutes: 60,
      calendarTimezone: 'Australia/Sydney',
      canceled: false,
      noShow: false,
    });
    expect(made.value.answers.get(9101)).to.equal('EX-7K3M9Q');
    const { id } = made.value;

    expect(await acuity.getAppointment(id)).to.deep.equal(made);
    const field = { id: 9101, value: 'EX-7K3M9Q' };
    const found = await acuity.findAppointments({ field, which: 'all' });
    expect(found.ok && found.value.map((one) => one.id)).to.deep.equal([id]);
    const none = await acuity.findAppointments({ field: { id: 9101, value: 'EX-000000' }, which: 'all' });
    expect(none).to.deep.equal({ ok: true, value: [] });

    const next = await aNewAppointment(acuity, 'EX-unused');
    const moved = await acuity.reschedule(id, { startsAt: next.startsAt, timezone: 'Australia/Perth' });
    expect(moved.ok && moved.value).to.deep.include({ id, startsAt: next.startsAt, calendarId: 7001 });

    const cancelled = await acuity.cancel(id, { note: 'Settled out of court' });
    expect(cancelled.ok && cancelled.value).to.deep.include({ id, canceled: true, noShow: false });
    const gone = await acuity.findAppointments({ field, which: 'canceled' });
    expect(gone.ok && gone.value.map((one) => one.id)).to.deep.equal([id]);
    expect(await acuity.findAppointments({ field })).to.deep.equal({ ok: true, value: [] });
  });

  it('returns the code of Acuity when a time is taken or a calendar does not exist', async () => {
    const { acuity } = createFixture({ unlimited: true });
    const appointment = await aNewAppointment(acuity, 'EX-first');
    await acuity.createAppointment(appointment);
    expect(await acuity.createAppointment(appointment)).to.deep.include({
      reason: 'refused',
      code: 'not_available',
      status: 400,
    });
    expect(await acuity.createAppointment({ ...appointment, calendarId: 999 })).to.deep.include({
      reason: 'refused',
      code: 'invalid_calendar',
    });
    expect(await acuity.getAppointment(999)).to.deep.equal({ ok: false, reason: 'not_found' });
    const stranger = createAcuityClient({
      baseUrl: simulator.url,
      userId: '11100001',
      apiKeys: ['wrong'],
      timeoutMs: 20_000,
      callsPerSecond: acuityRate.perSecond,
      cache: createMemoryCache(),
      log: pino({ level: 'silent' }),
    });
    expect(await stranger.getAppointment(1)).to.deep.equal({ ok: false, reason: 'unauthorized' });
  });

  it('finds an appointment by its reference when the answer was lost, and none when the call was never carried out', async () => {
    const { acuity } = createFixture({ unlimited: true });
    const appointment = await aNewAppointment(acuity, 'EX-after');
    await faults({ method: 'POST', path: '/appointments', effect: { drop: 'after' } });
    expect(await acuity.createAppointment(appointment)).to.deep.include({
      reason: 'unavailable',
      notSent: false,
    });
    await faults({ method: 'POST', path: '/appointments', effect: { drop: 'before' } });
    const later = { ...(await aNewAppointment(acuity, 'EX-before')) };
    expect(await acuity.createAppointment(later)).to.deep.include({ reason: 'unavailable', notSent: false });
    await faults();
    const by = async (value: string) => {
      const found = await acuity.findAppointments({ field: { id: 9101, value }, which: 'all' });
      return found.ok && found.value.length;
    };
    expect(await by('EX-after')).to.equal(1);
    expect(await by('EX-before')).to.equal(0);
    expect(await calls('/appointments')).to.satisfy(
      (all: { method: string }[]) => all.filter(({ method }) => method === 'POST').length === 2,
    );
  });

  it('reads the intake forms with their questions', async () => {
    const found = await createFixture().acuity.forms();
    const form = found.ok ? found.value.find(({ id }) => id === 501) : undefined;
    expect(form).to.deep.include({ name: 'Examination details', isInternal: false });
    expect(form?.appointmentTypeIds).to.include.members([8001, 8002]);
    expect(form?.fields[0]).to.deep.equal({
      id: 9101,
      name: 'Booking reference',
      required: false,
      type: 'textbox',
      options: [],
    });
  });

  it('stays within the rate limits of the real service', async function () {
    this.timeout(20_000);
    await control('switches', { limits: true });
    const { acuity } = createFixture({ timeoutMs: 15_000 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        acuity.getAppointment(999).then((answer) => answer.ok || answer.reason),
      ),
    );
    expect(new Set(answers)).to.deep.equal(new Set(['not_found']));
    expect((await calls()).map(({ status }) => status)).not.to.include(429);
  });

  it('makes one call for a thousand simultaneous requests for an uncached day', async () => {
    const { availability } = createFixture();
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => availability.day(amelia, { type, date: '2026-12-01' })),
    );
    expect(answers.every((answer) => answer.ok && answer.value.slots.length > 0)).to.equal(true);
    expect(await calls('/availability')).to.have.length(1);
  });

  it('serves cached free times for an hour when Acuity answers with HTML, 429, slowly or not at all', async () => {
    const patient = createFixture({ unlimited: true });
    const impatient = createFixture({ timeoutMs: 300, unlimited: true, cache: patient.cache });
    const ask = async ({ availability }: Pick<typeof patient, 'availability'>) => {
      const answer = await availability.day(amelia, { type, date: '2026-12-01' });
      return answer.ok ? `${answer.value.cache} ${answer.value.slots.length > 0}` : answer.reason;
    };
    expect(await ask(patient)).to.equal('MISS true');
    const html = '<html><h1>Access denied</h1></html>';
    for (const effect of [
      { status: 403, body: html },
      { status: 502, body: html },
      { status: 200, body: html },
      { status: 429 },
      { delayMs: 1_000 },
      { drop: 'before' as const },
    ]) {
      clock.pass({ minutes: 9 });
      await faults({ path: '/availability', effect });
      expect(await ask(impatient), JSON.stringify(effect)).to.equal('STALE true');
    }
    clock.pass({ minutes: 7 });
    expect(await ask(impatient)).to.equal('acuity_unavailable');
  });

  it('offers a cancelled time at once, and no longer one that was booked', async () => {
    const { acuity, availability } = createFixture({ unlimited: true });
    const appointment = await aNewAppointment(acuity, 'EX-1');
    const isOffered = async () => {
      const answer = await availability.day(amelia, { type, date: '2026-12-01' });
      if (!answer.ok) throw new Error(answer.reason);
      return answer.value.slots.some(({ startsAt }) => startsAt.getTime() === appointment.startsAt.getTime());
    };
    expect(await isOffered()).to.equal(true);
    const made = await acuity.createAppointment(appointment);
    if (!made.ok) throw new Error(made.reason);
    await availability.invalidate(7001, { startsAt: appointment.startsAt, durationMinutes: 60 });
    expect(await isOffered()).to.equal(false);
    await acuity.cancel(made.value.id);
    await availability.invalidate(7001);
    expect(await isOffered()).to.equal(true);
  });

  describe("days and months in a reader's zone equal those of Acuity", () => {
    const readers = [
      'Australia/Sydney',
      'Australia/Perth',
      'Australia/Adelaide',
      'Europe/London',
      'Pacific/Auckland',
    ];
    const far = ['America/Los_Angeles', 'Pacific/Kiritimati', 'Asia/Kathmandu'];

    async function compareDay(specialist: Specialist, date: string, timezone: string): Promise<void> {
      const { acuity, availability } = createFixture({ unlimited: true });
      const ours = await availability.day(specialist, { type, date, timezone });
      const theirs = await acuity.availableTimes({
        date,
        timezone,
        appointmentTypeId: 8001,
        calendarId: specialist.acuityCalendarId,
      });
      const label = `${specialist.timezone} on ${date} in ${timezone}`;
      expect(ours.ok && ours.value.slots.map(({ startsAt }) => startsAt), label).to.deep.equal(
        theirs.ok && theirs.value,
      );
    }

    it('around the end of daylight-saving time', async function () {
      this.timeout(30_000);
      clock.set('2027-03-20T00:00:00Z');
      for (const specialist of [amelia, erik, farah, chen]) {
        for (const timezone of readers) {
          for (const date of ['2027-04-02', '2027-04-03', '2027-04-04', '2027-04-05', '2027-04-06']) {
            await compareDay(specialist, date, timezone);
          }
        }
      }
    });

    it('on the other side of the world', async () => {
      for (const specialist of [amelia, erik]) {
        for (const timezone of far) {
          for (const date of ['2026-11-30', '2026-12-01', '2026-12-04', '2026-12-06']) {
            await compareDay(specialist, date, timezone);
          }
        }
      }
    });

    it('for whole months, one of them with a daylight-saving change', async function () {
      this.timeout(60_000);
      for (const [month, specialist, timezone] of [
        ['2026-12', amelia, 'Europe/London'],
        ['2026-12', erik, 'America/Los_Angeles'],
        ['2027-04', amelia, 'Australia/Brisbane'],
        ['2027-04', farah, 'Australia/Sydney'],
        ['2027-01', chen, 'Pacific/Kiritimati'],
        ['2026-11', amelia, 'Australia/Melbourne'],
      ] as const) {
        const { acuity, availability } = createFixture({ unlimited: true });
        const ours = await availability.month(specialist, { type, month, timezone });
        const theirs = await acuity.availableDates({
          month,
          timezone,
          appointmentTypeId: 8001,
          calendarId: specialist.acuityCalendarId,
        });
        const label = `${specialist.timezone} in ${month} in ${timezone}`;
        expect(ours.ok && ours.value.dates, label).to.deep.equal(theirs.ok && theirs.value);
        expect(ours.ok && ours.value.dates.length, label).to.be.above(0);
      }
    });
  });

  it('logs nothing about an examinee or a referrer', async () => {
    const { acuity, availability, lines } = createFixture({ unlimited: true, timeoutMs: 400 });
    const appointment = await aNewAppointment(acuity, 'EX-7K3M9Q');
    const made = await acuity.createAppointment(appointment);
    await acuity.createAppointment(appointment);
    await acuity.createAppointment({
      ...appointment,
      client: { ...appointment.client, email: 'rita@@nowhere' },
    });
    await acuity.findAppointments({
      email: appointment.client.email,
      field: { id: 9103, value: 'Examineelast' },
    });
    if (made.ok) await acuity.cancel(made.value.id, { note: 'Examineefirst is ill' });
    await faults({ effect: { status: 502, body: '<html>rita@harbour-legal.example</html>' } });
    await acuity.findAppointments({ email: appointment.client.email });
    await acuity.createAppointment(appointment);
    await availability.day(amelia, { type, date: '2026-12-01' });
    const log = lines.join('');
    expect(lines.length).to.be.above(8);
    expect(log).to.include('/appointments').and.to.include('"status":502');
    for (const secret of [
      'rita',
      'Rita',
      'Alvarez',
      'Examinee',
      '6129',
      'harbour',
      'demo-acuity-key',
      'field:',
    ]) {
      expect(log, secret).not.to.include(secret);
    }
  });
});

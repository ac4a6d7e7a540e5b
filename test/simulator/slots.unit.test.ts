// Slots of a simulated calendar: opening hours by the wall clock of its zone, daylight-saving changes included, minus
// what is taken.
import { expect } from 'chai';
import { findCalendar, findType, type AppointmentType, type Calendar } from '../../src/simulator/fixture.ts';
import { advanceProblem, freeSlots, isOffered, openSlots } from '../../src/simulator/slots.ts';
import { openStore, type StoredAppointment } from '../../src/simulator/state.ts';
import { machineTime } from '../../src/simulator/times.ts';
import { defaultSwitches, type World } from '../../src/simulator/world.ts';

const hart = calendar(7001);
const examination = type(8001);

function calendar(id: number): Calendar {
  const found = findCalendar(id);
  if (!found) throw new Error(`No calendar ${id}`);
  return found;
}
function type(id: number): AppointmentType {
  const found = findType(id);
  if (!found) throw new Error(`No type ${id}`);
  return found;
}
function aWorld(now = '2026-11-23T00:00:00Z'): World {
  return {
    store: openStore(undefined),
    switches: defaultSwitches(),
    now: () => new Date(now),
    announce: () => undefined,
  };
}
function take(world: World, datetime: string, change: Partial<StoredAppointment> = {}): StoredAppointment {
  const one: StoredAppointment = {
    id: world.store.newId(),
    firstName: 'Rita',
    lastName: 'Alvarez',
    phone: '',
    email: '',
    appointmentTypeID: 8001,
    calendarID: 7001,
    duration: 60,
    timezone: hart.timezone,
    createdAt: world.now().toISOString(),
    location: '',
    notes: '',
    canceled: false,
    noShow: false,
    scheduledBy: null,
    answers: [],
    datetime: new Date(datetime).toISOString(),
    ...change,
  };
  world.store.state.appointments.push(one);
  return one;
}
const shown = (slots: Date[], of = hart): string[] => slots.map((slot) => machineTime(slot, of.timezone));
/** The fixture's clinics are closed on Sundays, when clocks change; this one is open all night. */
const openAtNight: Calendar = { ...hart, hours: { 7: [['00:00', '06:00']] } };
const hourly = { ...examination, paddingAfter: 0 };

describe('the slots of a day', () => {
  it('start at each opening, one padding apart, and none ends after closing', () => {
    expect(shown(openSlots(hart, examination, '2026-12-01'))).to.deep.equal([
      '2026-12-01T09:00:00+1100',
      '2026-12-01T10:10:00+1100',
      '2026-12-01T11:20:00+1100',
      '2026-12-01T13:30:00+1100',
      '2026-12-01T14:40:00+1100',
      '2026-12-01T15:50:00+1100',
    ]);
    expect(openSlots(hart, examination, '2026-12-05')).to.deep.equal([]);
  });

  it('begin at nine by the wall clock on both sides of a daylight-saving change', () => {
    expect(shown(openSlots(hart, examination, '2027-04-02'))[0]).to.equal('2027-04-02T09:00:00+1100');
    expect(shown(openSlots(hart, examination, '2027-04-05'))[0]).to.equal('2027-04-05T09:00:00+1000');
  });

  it('cover an hour more when the clock goes back, and no instant twice', () => {
    const slots = openSlots(openAtNight, hourly, '2027-04-04');
    expect(shown(slots)).to.deep.equal([
      '2027-04-04T00:00:00+1100',
      '2027-04-04T01:00:00+1100',
      '2027-04-04T02:00:00+1100',
      '2027-04-04T02:00:00+1000',
      '2027-04-04T03:00:00+1000',
      '2027-04-04T04:00:00+1000',
      '2027-04-04T05:00:00+1000',
    ]);
    expect(new Set(slots.map(Number)).size).to.equal(slots.length);
  });

  it('cover an hour less when the clock goes forward, and no time that does not exist', () => {
    expect(shown(openSlots(openAtNight, hourly, '2027-10-03'))).to.deep.equal([
      '2027-10-03T00:00:00+1000',
      '2027-10-03T01:00:00+1000',
      '2027-10-03T03:00:00+1100',
      '2027-10-03T04:00:00+1100',
      '2027-10-03T05:00:00+1100',
    ]);
  });
});

describe('a bookable time', () => {
  const at = '2026-12-01T10:10:00+1100';
  const isFree = (world: World, time = at, ignore: number[] = []): boolean =>
    isOffered(world, hart, examination, new Date(time.replace(/(\d\d)$/, ':$1')), ignore);
  const iso = '2026-12-01T10:10:00+11:00';

  it('isOffered accepts the start of a slot, and no time between', () => {
    const world = aWorld();
    expect(isFree(world)).to.equal(true);
    expect(isFree(world, '2026-12-01T10:15:00+1100')).to.equal(false);
    expect(isFree(world, '2026-12-01T12:45:00+1100')).to.equal(false);
  });

  it('isOffered refuses a time with an appointment, on its calendar only, and not for that appointment itself', () => {
    const world = aWorld();
    const one = take(world, iso);
    expect(isFree(world)).to.equal(false);
    expect(isFree(world, at, [one.id])).to.equal(true);
    expect(shown(freeSlots(world, hart, examination, '2026-12-01')))
      .to.have.length(5)
      .and.not.include(at);
    expect(isFree(aWorld())).to.equal(true);
  });

  it('isOffered refuses a time that only the padding of the one before overlaps', () => {
    const world = aWorld();
    // Ends at 10:05, followed by ten minutes of padding.
    take(world, '2026-12-01T09:05:00+11:00');
    expect(isFree(world)).to.equal(false);
    world.store.state.appointments.length = 0;
    take(world, '2026-12-01T09:00:00+11:00');
    expect(isFree(world)).to.equal(true);
  });

  it('isOffered refuses a time that a block overlaps, and accepts one beside a block', () => {
    const world = aWorld();
    const block = { id: 1, calendarID: 7001, notes: '', start: '2026-11-30T22:00:00Z' };
    world.store.state.blocks = [{ ...block, end: '2026-11-30T23:30:00Z' }];
    expect(isFree(world)).to.equal(false);
    world.store.state.blocks = [{ ...block, end: '2026-11-30T23:10:00Z' }];
    expect(isFree(world)).to.equal(true);
  });

  it('isOffered accepts a cancelled time at once or after the slot lag', () => {
    const world = aWorld();
    const one = take(world, iso, { canceled: true });
    expect(isFree(world)).to.equal(true);
    one.slotFreeAt = '2026-11-23T00:01:00Z';
    expect(isFree(world)).to.equal(false);
    expect(isFree({ ...world, now: () => new Date('2026-11-23T00:01:00Z') })).to.equal(true);
  });

  it('advanceProblem refuses times less than a day and more than two hundred days ahead', () => {
    const world = aWorld();
    const ahead = (hours: number): string | null =>
      advanceProblem(world, new Date(world.now().getTime() + hours * 3_600_000));
    expect(ahead(24)).to.equal(null);
    expect(ahead(23.9)).to.equal('not_available_min_hours_in_advance');
    expect(ahead(-24)).to.equal('not_available_min_hours_in_advance');
    expect(ahead(200 * 24)).to.equal(null);
    expect(ahead(200 * 24 + 0.1)).to.equal('not_available_max_days_in_advance');
  });
});

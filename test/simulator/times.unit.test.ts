// Times as the simulated Acuity reads and writes them.
import { expect } from 'chai';
import {
  dayOf,
  humanDate,
  humanTime,
  isZone,
  machineTime,
  parseMonth,
  parseTime,
  weekday,
} from '../../src/simulator/times.ts';

const sydney = 'Australia/Sydney';
const read = (given: string, zone = sydney): string | null => parseTime(given, zone)?.toISOString() ?? null;

describe('reading times', () => {
  for (const [given, instant] of [
    ['2026-03-18T14:00:00-0700', '2026-03-18T21:00:00.000Z'],
    ['2026-03-18T14:00:00-07:00', '2026-03-18T21:00:00.000Z'],
    ['2026-03-18T14:00:00+0930', '2026-03-18T04:30:00.000Z'],
    ['2026-03-18T14:00:00Z', '2026-03-18T14:00:00.000Z'],
    ['2026-03-18T14:00:00.250+0000', '2026-03-18T14:00:00.000Z'],
    ['2026-03-18 14:00', '2026-03-18T03:00:00.000Z'],
    ['2030-12-25 09:00AM', '2030-12-24T22:00:00.000Z'],
    ['2030-12-25 12:30pm', '2030-12-25T01:30:00.000Z'],
    ['2030-12-25 12:30am', '2030-12-24T13:30:00.000Z'],
    ['2026-3-8', '2026-03-07T13:00:00.000Z'],
  ] as const) {
    it(`parseTime reads ${given} as ${instant}`, () => expect(read(given)).to.equal(instant));
  }

  it('parseTime uses the wall clock of the calendar when there is no offset, summer and winter', () => {
    expect(read('2027-04-03T09:00:00')).to.equal('2027-04-02T22:00:00.000Z');
    expect(read('2027-04-05T09:00:00')).to.equal('2027-04-04T23:00:00.000Z');
    expect(read('2027-04-05T09:00:00', 'Australia/Perth')).to.equal('2027-04-05T01:00:00.000Z');
  });

  for (const given of [
    '',
    'asdf',
    'tomorrow',
    '2026-02-30T10:00:00',
    '2026-13-01',
    '2026-03-18T25:00:00',
    '2026-03-18T10:60:00',
    '2026-03-18T14:00:00+9999',
    '2026-03-18T14:00:00 1100',
    '2026-03-18T14:00:00-0700; drop table',
  ]) {
    it(`parseTime returns null for "${given}"`, () => expect(read(given)).to.equal(null));
  }

  it('parseMonth reads months, also unpadded ones and whole days', () => {
    for (const given of ['2026-03', '2026-3', '2026-03-18'])
      expect(parseMonth(given)?.toString()).to.equal('2026-03');
    for (const given of ['2026-0', '2026-13', '03-2026', '']) expect(parseMonth(given)).to.equal(null);
  });

  it('isZone accepts long names of zones only', () => {
    for (const zone of ['Australia/Sydney', 'America/Argentina/Buenos_Aires'])
      expect(isZone(zone), zone).to.equal(true);
    for (const zone of ['Aint/No_Timezone', 'EST', '+11:00', '']) expect(isZone(zone), zone).to.equal(false);
  });
});

describe('writing times', () => {
  const at = new Date('2026-03-18T21:00:00Z');

  it('machineTime writes an offset without a colon, also for half hours and west of Greenwich', () => {
    expect(machineTime(at, 'America/Los_Angeles')).to.equal('2026-03-18T14:00:00-0700');
    expect(machineTime(at, 'Australia/Adelaide')).to.equal('2026-03-19T07:30:00+1030');
    expect(machineTime(at, 'UTC')).to.equal('2026-03-18T21:00:00+0000');
  });

  it('machineTime writes the offset that holds on that day', () => {
    expect(machineTime(new Date('2027-04-03T15:30:00Z'), sydney)).to.equal('2027-04-04T02:30:00+1100');
    expect(machineTime(new Date('2027-04-03T16:30:00Z'), sydney)).to.equal('2027-04-04T02:30:00+1000');
  });

  it('humanDate, humanTime and weekday write times as Acuity does', () => {
    expect(humanDate(at, 'America/Los_Angeles')).to.equal('March 18, 2026');
    expect(weekday(at, 'America/Los_Angeles')).to.equal('Wednesday');
    expect(humanTime(at, 'America/Los_Angeles')).to.equal('2:00pm');
    expect(humanTime(new Date('2026-03-18T00:05:00Z'), 'UTC')).to.equal('12:05am');
    expect(humanTime(new Date('2026-03-18T12:00:00Z'), 'UTC')).to.equal('12:00pm');
    expect(dayOf(at, sydney)).to.equal('2026-03-19');
  });

  it('parseTime reads what machineTime wrote', () => {
    for (let hour = 0; hour < 72; hour += 1) {
      const one = new Date(Date.UTC(2027, 3, 3) + hour * 3_600_000);
      for (const zone of [sydney, 'Australia/Adelaide', 'America/New_York'])
        expect(read(machineTime(one, zone), 'UTC')).to.equal(one.toISOString());
    }
  });
});

import { expect } from 'chai';
import {
  dayIn,
  formatDay,
  formatExamTime,
  clockTime,
  formatTime,
  isTimeZone,
  parseDay,
  parseMonth,
  sameWallClock,
  shiftDays,
  shiftMonths,
  startOfDay,
  zoneName,
} from '../../src/lib/dates.ts';

const tenInSydney = new Date('2026-11-30T23:00:00Z');

describe('dates', () => {
  it('show an examination in its own zone, with the zone named', () => {
    expect(formatDay(tenInSydney, 'Australia/Sydney')).to.equal('Tuesday 1 December 2026');
    expect(formatTime(tenInSydney, 'Australia/Sydney')).to.equal('10:00 am');
    expect(clockTime(tenInSydney, 'Australia/Perth')).to.equal('07:00');
    expect(zoneName('Australia/Sydney', tenInSydney)).to.equal('Sydney time (AEDT, UTC+11)');
    expect(formatExamTime(tenInSydney, 'Australia/Sydney')).to.equal(
      '10:00 am, Tuesday 1 December 2026 (Sydney time, AEDT)',
    );
  });

  it("show the reader's own time beside it only when the clocks differ", () => {
    expect(formatExamTime(tenInSydney, 'Australia/Sydney', 'Australia/Perth')).to.equal(
      '10:00 am, Tuesday 1 December 2026 (Sydney time, AEDT), which is 7:00 am, Tuesday 1 December 2026 in Perth time (AWST)',
    );
    expect(formatExamTime(tenInSydney, 'Australia/Sydney', 'Australia/Melbourne')).to.equal(
      formatExamTime(tenInSydney, 'Australia/Sydney'),
    );
    // Brisbane and Sydney agree in winter and differ in summer.
    expect(sameWallClock(tenInSydney, 'Australia/Sydney', 'Australia/Brisbane')).to.equal(false);
    expect(sameWallClock(new Date('2026-07-01T00:00Z'), 'Australia/Sydney', 'Australia/Brisbane')).to.equal(
      true,
    );
  });

  it('name offsets of half an hour, in the west, and of UTC itself', () => {
    expect(zoneName('Australia/Adelaide', tenInSydney)).to.equal('Adelaide time (ACDT, UTC+10:30)');
    expect(zoneName('America/New_York', tenInSydney)).to.equal('New York time (EST, UTC−5)');
    expect(zoneName('Asia/Tokyo', tenInSydney)).to.equal('Tokyo time (UTC+9)');
    expect(zoneName('UTC', tenInSydney)).to.equal('UTC');
  });

  it("change a zone's abbreviation with its clocks", () => {
    expect(zoneName('Australia/Sydney', new Date('2027-04-03T15:59:59Z'))).to.equal(
      'Sydney time (AEDT, UTC+11)',
    );
    expect(zoneName('Australia/Sydney', new Date('2027-04-03T16:00:00Z'))).to.equal(
      'Sydney time (AEST, UTC+10)',
    );
  });

  it('write noon and midnight as 12', () => {
    expect(formatTime(new Date('2026-12-01T01:00Z'), 'Australia/Sydney')).to.equal('12:00 pm');
    expect(formatTime(new Date('2026-11-30T13:05Z'), 'Australia/Sydney')).to.equal('12:05 am');
  });

  it('accept days and months of the calendar only', () => {
    expect(parseDay('2028-02-29')).to.equal('2028-02-29');
    for (const text of [
      '2026-02-30',
      '2027-02-29',
      '2026-13-01',
      '2026-00-10',
      '2026-1-1',
      '26-01-01',
      '0000-01-01',
      '2026-12-01 ',
      '',
    ]) {
      expect(parseDay(text), text).to.equal(null);
    }
    expect(parseMonth('2026-12')).to.equal('2026-12');
    for (const text of ['2026-13', '2026-00', '2026-1', '0000-01', '2026-12-01', ''])
      expect(parseMonth(text), text).to.equal(null);
  });

  it('count days and months across their ends', () => {
    expect(shiftDays('2026-12-31', 1)).to.equal('2027-01-01');
    expect(shiftDays('2028-03-01', -1)).to.equal('2028-02-29');
    expect(shiftMonths('2026-12', 1)).to.equal('2027-01');
  });

  it('give the day in each zone', () => {
    expect(dayIn(tenInSydney, 'Australia/Sydney')).to.equal('2026-12-01');
    expect(dayIn(tenInSydney, 'America/New_York')).to.equal('2026-11-30');
  });

  it('begin a day at its first instant, also on days of 23 and 25 hours', () => {
    expect(startOfDay('2027-04-04', 'Australia/Sydney').toISOString()).to.equal('2027-04-03T13:00:00.000Z');
    expect(startOfDay('2027-04-05', 'Australia/Sydney').toISOString()).to.equal('2027-04-04T14:00:00.000Z');
    // In Chile the clocks skip midnight.
    expect(startOfDay('2026-09-06', 'America/Santiago').toISOString()).to.equal('2026-09-06T04:00:00.000Z');
  });

  it('accept zones by name only', () => {
    expect(isTimeZone('Australia/Sydney')).to.equal(true);
    for (const name of ['Mars/Base', '+10:00', '', 'Australia/Sydney\n', '../etc']) {
      expect(isTimeZone(name), JSON.stringify(name)).to.equal(false);
    }
  });
});

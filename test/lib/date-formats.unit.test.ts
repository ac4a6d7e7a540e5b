import { expect } from 'chai';
import { dateFormat } from '../../src/lib/date-formats.ts';

describe('dateFormat', () => {
  it('returns the same formatter when locale, zone and options are the same', () => {
    const first = dateFormat('en-AU', 'Australia/Perth', { weekday: 'long' });
    expect(dateFormat('en-AU', 'Australia/Perth', { weekday: 'long' })).to.equal(first);
  });

  it('returns another formatter when only the value of an option differs', () => {
    const long = dateFormat('en-AU', 'Australia/Perth', { weekday: 'long' });
    const short = dateFormat('en-AU', 'Australia/Perth', { weekday: 'short' });
    const tuesday = new Date('2026-12-01T04:00:00Z');
    expect([long.format(tuesday), short.format(tuesday)]).to.deep.equal(['Tuesday', 'Tue']);
  });

  it('drops the formatter that was unused for longest when many zones are asked for', () => {
    const used = dateFormat('en-AU', 'Australia/Perth', { month: 'long' });
    const unused = dateFormat('en-AU', 'Australia/Perth', { month: 'short' });
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      for (const hour of ['numeric', '2-digit'] as const) dateFormat('en-AU', zone, { hour });
      dateFormat('en-AU', 'Australia/Perth', { month: 'long' });
    }
    expect(dateFormat('en-AU', 'Australia/Perth', { month: 'long' })).to.equal(used);
    expect(dateFormat('en-AU', 'Australia/Perth', { month: 'short' })).not.to.equal(unused);
  });

  it('throws a RangeError when the zone is unknown', () => {
    expect(() => dateFormat('en-AU', 'Nowhere/Nothing', {})).to.throw(RangeError);
  });
});

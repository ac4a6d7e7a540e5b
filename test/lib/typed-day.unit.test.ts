import { expect } from 'chai';
import fc from 'fast-check';
import { readTypedDay } from '../../src/lib/typed-day.ts';
import { assertAlways } from '../support/random.ts';

const long = ['January', 'February', 'March', 'April', 'May', 'June', 'July'].concat([
  'August',
  'September',
  'October',
  'November',
  'December',
]);

describe('readTypedDay', () => {
  it('reads a day in every form that people type', () => {
    for (const typed of [
      '1984-03-27',
      '1984/3/27',
      '27-03-1984',
      '27–3–1984',
      '27/3/1984',
      '27 / 3 / 1984',
      '27.3.1984',
      '27. 3. 1984.',
      '27 3 1984',
      '27 March 1984',
      '27 march, 1984',
      '27th of March 1984',
      '27 Mar 1984',
      '27. Mar. 1984',
      '27-Mar-1984',
      '27MAR1984',
      'March 27, 1984',
      'Mar 27th 1984',
      'Tuesday, 27 March 1984',
      '19840327',
      '27031984',
      '２７/３/１９８４',
      ' 27\u00a0March\u20091984\u200b',
    ])
      expect(readTypedDay(typed), typed).to.deep.equal({ kind: 'day', day: '1984-03-27' });
    expect(readTypedDay('1 Sept 2001')).to.deep.equal({ kind: 'day', day: '2001-09-01' });
  });

  it('reads every day of the calendar alike in each form', async () => {
    const days = fc.date({ min: new Date('1900-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
    await assertAlways(
      'lib/typed-days',
      fc.property(days, (date) => {
        const day = date.toISOString().slice(0, 10);
        const [year = '', month = '', ofMonth = ''] = day.split('-');
        const name = long[Number(month) - 1] ?? '';
        for (const typed of [
          day,
          `${ofMonth}/${month}/${year}`,
          `${Number(ofMonth)}.${Number(month)}.${year}`,
          `${ofMonth}-${month}-${year}`,
          `${Number(ofMonth)} ${name} ${year}`,
          `${name.slice(0, 3)} ${ofMonth}, ${year}`,
          `${year}${month}${ofMonth}`,
          `${ofMonth}${month}${year}`,
        ])
          expect(readTypedDay(typed), typed).to.deep.equal({ kind: 'day', day });
      }),
    );
  });

  it('says which days a year of two digits can mean', () => {
    for (const typed of ['27/3/84', '27.03.84', '27 Mar 84', "27 March '84", '27mar84'])
      expect(readTypedDay(typed), typed).to.deep.equal({
        kind: 'short_year',
        days: ['2084-03-27', '1984-03-27'],
      });
    // 1900 was no leap year.
    expect(readTypedDay('29/2/00')).to.deep.equal({ kind: 'short_year', days: ['2000-02-29'] });
  });

  it('reads nothing else', () => {
    for (const typed of [
      '',
      '3/27/1984',
      '31/4/1984',
      '29/2/1983',
      '27/3',
      '1984',
      '27/3/984',
      '027/3/1984',
      '27 Marsh 1984',
      '27 Ma 1984',
      '1984-03-27T00:00:00Z',
      '27/3/1984 or 28/3/1984',
      'about 1984',
      '84-03-27',
      '27'.repeat(50),
    ])
      expect(readTypedDay(typed), typed).to.deep.equal({ kind: 'unreadable' });
  });
});

import { expect } from 'chai';
import { readPhone } from '../../src/bookings/booking.phone.ts';
import { readTypedDay } from '../../src/lib/typed-day.ts';
import { isEmail, tidyEmail } from '../../src/lib/typed-email.ts';
import { tidyLine, tidyProse } from '../../src/lib/typed-text.ts';

// Each took seconds to minutes with an expression that backtracks; the run's time-out fails the test.
describe('text made to be slow', () => {
  for (const part of [
    ' .,;',
    '(ext ',
    '+0',
    '1 ',
    '27/',
    'a.',
    'a@',
    'b-',
    '\u200c',
    '\u00a0',
    '-',
    'क्\u200d',
    '<',
  ])
    it(`is tidied and read in linear time: ${JSON.stringify(part)}`, () => {
      const text = part.repeat(100_000 / part.length);
      for (const typed of [text, `${text}x`, `a@${text}`]) {
        expect(isEmail(tidyEmail(typed))).to.equal(false);
        expect(readPhone(typed)).to.equal(null);
        expect(readTypedDay(typed)).to.deep.equal({ kind: 'unreadable' });
        expect(tidyLine(typed).length).to.be.at.most(typed.length);
        expect(tidyProse(typed).length).to.be.at.most(typed.length);
      }
    });
});

import { expect } from 'chai';
import { countWords, moreWords } from '../../src/http/pages/count-words.ts';

describe('words of a count', () => {
  it('say where counting stopped', () => {
    expect([0, 1, 99, 100].map((count) => countWords(count, 100))).to.deep.equal(['0', '1', '99', '99+']);
    expect(countWords(1_000, 1_000)).to.equal('999+');
    expect(countWords(1_234, 10_000)).to.equal('1,234');
  });

  it('say how many are not listed, at least', () => {
    expect(moreWords(20, 20, 100)).to.equal(null);
    expect(moreWords(20, 99, 100)).to.equal('79 more');
    expect(moreWords(20, 100, 100)).to.equal('at least 80 more');
    expect(moreWords(20, 3_000, 10_000)).to.equal('2,980 more');
  });
});

import { expect } from 'chai';
import { exactSize } from '../../src/lib/sizes.ts';

describe('exactSize', () => {
  it('says the bytes once when the size is given in bytes already', () => {
    expect([1, 193, 14_336].map(exactSize)).to.deep.equal(['1 byte', '193 bytes', '14 kB (14336 bytes)']);
  });
});

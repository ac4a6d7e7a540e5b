import { expect } from 'chai';
import { isUuid } from '../../src/lib/uuid.ts';

describe('isUuid', () => {
  it('accepts a UUID in either case, and nothing around it', () => {
    expect(isUuid('0190aaaa-0000-7000-8000-00000000000f')).to.equal(true);
    expect(isUuid('0190AAAA-0000-7000-8000-00000000000F')).to.equal(true);
    for (const other of [
      '',
      'rita',
      '0190aaaa00007000800000000000000f',
      '{0190aaaa-0000-7000-8000-00000000000f}',
      '0190aaaa-0000-7000-8000-00000000000f\n',
      '0190aaaa-0000-7000-8000-00000000000g',
    ])
      expect(isUuid(other), other).to.equal(false);
    for (const odd of [null, undefined, 5, ['0190aaaa-0000-7000-8000-00000000000f']])
      expect(isUuid(odd)).to.equal(false);
  });
});

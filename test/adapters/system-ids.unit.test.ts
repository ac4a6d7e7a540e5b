import { expect } from 'chai';
import { systemIds } from '../../src/adapters/system-ids.ts';

describe('systemIds.uuid', () => {
  it('makes ids of version 7 that begin with the time', () => {
    const before = Date.now();
    const id = systemIds.uuid();
    const after = Date.now();
    expect(id).to.match(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).to.be.within(before, after);
  });

  it('makes a thousand different ones', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => systemIds.uuid())).size).to.equal(1_000);
  });
});

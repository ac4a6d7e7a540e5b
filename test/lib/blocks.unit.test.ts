import { expect } from 'chai';
import { freeBlock } from '../../src/lib/blocks.ts';

describe('freeBlock', () => {
  it('frees a whole block', () => {
    const block = Buffer.alloc(64 * 1024, 'x');
    freeBlock(block);
    expect(block.length).to.equal(0);
  });

  it('leaves a slice, because others may hold the rest of its block', () => {
    const block = Buffer.alloc(64 * 1024, 'x');
    freeBlock(block.subarray(1));
    expect(block.length).to.equal(64 * 1024);
  });

  it('leaves small buffers, which may be all of a shared block', () => {
    const small = Buffer.from(new ArrayBuffer(8 * 1024));
    freeBlock(small);
    expect(small.length).to.equal(8 * 1024);
  });
});

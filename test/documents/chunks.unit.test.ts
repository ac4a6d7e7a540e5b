import { createHash, randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { chunksOf, type Chunk } from '../../src/documents/document.chunks.ts';
import { ObjectStoreUnavailable } from '../../src/ports/object-store.ts';

const size = 1_000;
const bytes = randomBytes(4_321);

/** The bytes in pieces of this length. */
function* inPieces(length: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const streamOf = (pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Readable =>
  Readable.from(pieces, { objectMode: false });

describe('chunksOf', () => {
  for (const length of [1, 7, 999, 1_000, 1_001, 2_500, 5_000])
    it(`cuts pieces of ${length} bytes at the ends of chunks, with the hash of each chunk`, async () => {
      const chunks: Chunk[] = [];
      for await (const chunk of chunksOf(streamOf(inPieces(length)), size)) chunks.push(chunk);
      expect(chunks.map((chunk) => chunk.length)).to.deep.equal([1_000, 1_000, 1_000, 1_000, 321]);
      expect(Buffer.concat(chunks.flatMap(({ pieces }) => pieces)).equals(bytes)).to.equal(true);
      for (const { pieces, sha256 } of chunks) {
        const wanted = createHash('sha256').update(Buffer.concat(pieces)).digest();
        expect(sha256.equals(wanted)).to.equal(true);
      }
    });

  it('yields nothing when the stream is empty', async () => {
    expect((await chunksOf(streamOf([]), size).next()).done).to.equal(true);
  });

  it('yields whole chunks, then throws ObjectStoreUnavailable, when the stream fails in mid-chunk', async () => {
    const cut = async function* (): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 1_500);
      await turn();
      throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
    };
    const chunks = chunksOf(streamOf(cut()), size);
    expect((await chunks.next()).value?.length).to.equal(size);
    const failed = await chunks.next().catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(ObjectStoreUnavailable);
    expect((failed as Error).message).to.include('ECONNRESET');
  });

  it('throws ObjectStoreUnavailable when the stream is closed before its end', async () => {
    const stream = new Readable({ read: () => undefined });
    const waiting = chunksOf(stream, size).next();
    await turn();
    stream.destroy();
    expect(await waiting.catch((error: unknown) => error)).to.be.instanceOf(ObjectStoreUnavailable);
  });

  it('reads one chunk ahead, and no more, while nobody takes it', async () => {
    let given = 0;
    const endless = function* (): Generator<Buffer> {
      for (;;) {
        given += 500;
        yield Buffer.alloc(500);
      }
    };
    const stream = Readable.from(endless(), { objectMode: false, highWaterMark: 500 });
    const chunks = chunksOf(stream, size);
    await chunks.next();
    for (let turns = 0; turns < 50; turns += 1) await turn();
    expect(given).to.be.within(2 * size, 3.5 * size);
    await chunks.return();
    stream.destroy();
  });
});

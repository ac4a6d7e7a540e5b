import { ObjectStoreUnavailable, unavailable, type ObjectStore } from '../ports/object-store.ts';
import { ContentRefused, type RandomAccess } from './content/index.ts';

const blockBytes = 4 * 1024 * 1024;
/** Enough for a ZIP: its directory is at the end, its entries are read in order. */
const blocksKept = 3;
/** How much may be read beyond twice the file's size. */
const extraBytes = 16 * blockBytes;

/**
 * A stored object, readable at any position: it is read and cached in blocks. A well-formed file is read about once;
 * one whose offsets jump back and forth is refused as broken before it causes endless reads.
 */
export function storedFile(store: ObjectStore, key: string, size: number): RandomAccess {
  const blocks = new Map<number, Promise<Buffer>>();
  let allowed = 2 * size + extraBytes;

  function block(index: number): Promise<Buffer> {
    const known = blocks.get(index);
    if (known) {
      blocks.delete(index);
      blocks.set(index, known);
      return known;
    }
    const start = index * blockBytes;
    const end = Math.min(start + blockBytes, size);
    allowed -= end - start;
    if (allowed < 0) return Promise.reject(new ContentRefused('broken'));
    const wanted = readWhole(store, key, start, end - 1);
    blocks.set(index, wanted);
    const [oldest] = blocks.keys();
    if (blocks.size > blocksKept && oldest !== undefined) blocks.delete(oldest);
    return wanted;
  }

  return {
    size,
    async read(start, length) {
      const end = Math.min(start + length, size);
      const pieces: Buffer[] = [];
      for (let at = start; at < end; ) {
        const index = Math.floor(at / blockBytes);
        const bytes = await block(index);
        const piece = bytes.subarray(at - index * blockBytes, end - index * blockBytes);
        pieces.push(piece);
        at += piece.length;
      }
      return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    },
  };
}

/** @throws ObjectStoreUnavailable for every error, because none is the file's fault. */
async function readWhole(store: ObjectStore, key: string, start: number, end: number): Promise<Buffer> {
  const found = await store.get(key, { start, end });
  if (!found) throw new ObjectStoreUnavailable('vanished');
  const pieces: Buffer[] = [];
  try {
    for await (const piece of found.stream as AsyncIterable<Buffer>) pieces.push(piece);
  } catch (error) {
    throw unavailable(error);
  }
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== end - start + 1) throw new ObjectStoreUnavailable('shorter than stored');
  return bytes;
}

// Cuts what the store sends into chunks, and hashes each piece as it arrives, while the processor still has it at hand.
import { createHash } from 'node:crypto';
import { finished, type Readable } from 'node:stream';
import { freeBlock } from '../lib/blocks.ts';
import { unavailable } from '../ports/object-store.ts';

export interface Chunk {
  /** Separate buffers: joining them would copy every byte. Whoever takes the chunk may free them. */
  pieces: Buffer[];
  length: number;
  sha256: Buffer;
}

/**
 * Gathers a chunk while the one before it is used. It listens for `data` events, because `read()` would join all pieces that
 * have arrived meanwhile.
 * @throws ObjectStoreUnavailable when reading fails: that is the store's fault or the network's, not damage
 */
export async function* chunksOf(stream: Readable, size: number): AsyncGenerator<Chunk, void> {
  const ready: Chunk[] = [];
  let gathered = gather();
  let hasEnded = false;
  let failure: Error | null = null;
  let wake: () => void = () => undefined;

  const close = (): void => {
    ready.push(gathered.close());
    gathered = gather();
  };
  stream.on('data', (piece: Buffer) => {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + size - gathered.length());
      at += part.length;
      // Copies a piece that belongs to two chunks, because a part of a block cannot be freed.
      gathered.add(part.length === piece.length ? piece : Buffer.from(part));
      if (gathered.length() === size) close();
      if (at === piece.length && part.length < piece.length) freeBlock(piece);
    }
    if (ready.length === 0) return;
    stream.pause();
    wake();
  });
  finished(stream, (error) => {
    failure = error ?? null;
    hasEnded = true;
    wake();
  });

  for (;;) {
    const next = ready.shift();
    if (next) {
      stream.resume();
      yield next;
    } else if (failure) throw unavailable(failure);
    else if (hasEnded) break;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  if (gathered.length() > 0) yield gathered.close();
}

function gather() {
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  let length = 0;
  return {
    length: () => length,
    add(piece: Buffer): void {
      hash.update(piece);
      pieces.push(piece);
      length += piece.length;
    },
    close: (): Chunk => ({ pieces, length, sha256: hash.digest() }),
  };
}

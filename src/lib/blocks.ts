// Memory of large byte blocks. V8 counts it outside the heap, and collects the whole heap each time some 64 MB of it have
// become garbage: copying a large file through the process would then cost as much in collections as in reading.
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** Smaller buffers may be slices of a block that other code uses. */
const minBlockBytes = 16 * 1024;

/** Frees the memory of bytes that nobody will read again, if they are a whole block: they then have no length. */
export function freeBlock(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  const isWhole = byteLength >= minBlockBytes && byteLength === buffer.byteLength;
  if (isWhole && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/**
 * Frees what the encrypted connection of an HTTP answer reads, once everybody has seen it: Node's parser copies the body out of
 * it.
 */
export function freeReads(answer: IncomingMessage): void {
  const { socket } = answer;
  if (!(socket instanceof TLSSocket)) return;
  const free = (read: Buffer) => process.nextTick(freeBlock, read);
  socket.on('data', free);
  answer.once('close', () => socket.off('data', free));
}

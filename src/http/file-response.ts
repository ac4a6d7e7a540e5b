// Answers that are files: the header with the name, and the bytes.
import { Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { freeBlock } from '../lib/blocks.ts';

/** As RFC 6266 and RFC 8187 say: the full name, and an ASCII one for old browsers. */
export function attachment(fileName: string): string {
  return disposition('attachment', fileName);
}

/** For files that the browser shows; the name is used when somebody saves it. */
export function inline(fileName: string): string {
  return disposition('inline', fileName);
}

/** Compares If-None-Match as RFC 9110 says: weakly, against each tag of the list; `*` matches any. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

function disposition(kind: 'attachment' | 'inline', fileName: string): string {
  const plain = fileName
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_');
  return `${kind}; filename="${plain}"; filename*=UTF-8''${extValue(fileName)}`;
}

function extValue(text: string): string {
  // encodeURIComponent leaves four characters that RFC 8187 does not.
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Breaks the connection on failure, because the status has been sent: the client then sees less than Content-Length.
 * @param content its bytes are freed once they are sent: nobody else may hold them
 */
export async function sendContent(content: Readable, res: Response): Promise<void> {
  try {
    await pipeline(content, sending(res));
  } catch {
    res.destroy();
  } finally {
    // pipeline does not close the content when the client left before the first byte.
    content.destroy();
  }
}

/** How much of the content may wait for a slow client. */
const waitingBytes = 1024 * 1024;

/** Writes everything that has arrived meanwhile to the response at once. */
function sending(res: Response): Writable {
  const send = (pieces: Uint8Array[], done: (error?: Error | null) => void): void => {
    const last = pieces.length - 1;
    res.cork();
    for (const [index, piece] of pieces.entries()) {
      res.write(piece, (error) => {
        if (!error) freeBlock(piece);
        if (error ?? index === last) done(error);
      });
    }
    res.uncork();
  };
  const sink = new Writable({
    highWaterMark: waitingBytes,
    write: (piece: Uint8Array, _encoding, done) => send([piece], done),
    writev: (pieces, done) =>
      send(
        pieces.map(({ chunk }) => chunk as Uint8Array),
        done,
      ),
    final(done) {
      res.end(done);
    },
  });
  // A closed response never calls the callback of `write`.
  res.once('close', () => sink.destroy());
  return sink;
}

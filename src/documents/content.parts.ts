import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { ContentRefused } from './content.ts';

/** 32 bytes each. */
export interface PartHashes {
  partBytes: number;
  sha256: Buffer;
}

/** Bytes in, the same bytes out, each part of them held against its hash; ends with ContentRefused when one differs. */
export function createPartCheck({ partBytes, sha256 }: PartHashes): Transform {
  let hash = createHash('sha256');
  let inPart = 0;
  let part = 0;
  const differs = (): boolean => {
    const expected = sha256.subarray(32 * part, 32 * (part + 1));
    const found = hash.digest();
    hash = createHash('sha256');
    inPart = 0;
    part += 1;
    return !found.equals(expected);
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      for (let at = 0; at < bytes.length; ) {
        const piece = bytes.subarray(at, at + partBytes - inPart);
        hash.update(piece);
        inPart += piece.length;
        at += piece.length;
        if (inPart === partBytes && differs()) return done(new ContentRefused('altered'));
      }
      done(null, bytes);
    },
    flush(done) {
      if (inPart > 0 && differs()) return done(new ContentRefused('altered'));
      done(part * 32 === sha256.length ? null : new ContentRefused('altered'));
    },
  });
}

import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { ContentRefused } from './content.ts';

/** How much of a document is hashed as one piece, and handed out as one piece. */
export const chunkBytes = 1024 * 1024;

export interface Digest {
  sizeBytes: number;
  /** Hex. */
  sha256: string;
  /** The SHA-256 of each piece, 32 bytes each, one after the other. */
  chunkSha256: Buffer;
}

/** Counts and hashes bytes as they pass: the whole, and each piece of `chunkBytes`. */
export function createDigest(): { update(bytes: Buffer): void; bytes(): number; end(): Digest } {
  const whole = createHash('sha256');
  const pieces: Buffer[] = [];
  let piece = createHash('sha256');
  let inPiece = 0;
  let total = 0;
  const closePiece = () => {
    pieces.push(piece.digest());
    piece = createHash('sha256');
    inPiece = 0;
  };
  return {
    update(bytes) {
      whole.update(bytes);
      total += bytes.length;
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + chunkBytes - inPiece);
        piece.update(part);
        inPiece += part.length;
        at += part.length;
        if (inPiece === chunkBytes) closePiece();
      }
    },
    bytes: () => total,
    end() {
      if (inPiece > 0) closePiece();
      return { sizeBytes: total, sha256: whole.digest('hex'), chunkSha256: Buffer.concat(pieces) };
    },
  };
}

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

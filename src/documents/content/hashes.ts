import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { ContentRefused } from './content.ts';

/** A document is hashed, and sent to readers, in chunks of this size. */
export const chunkBytes = 1024 * 1024;

export interface Digest {
  sizeBytes: number;
  /** Hex. */
  sha256: string;
  /** The SHA-256 of each chunk, 32 bytes each, concatenated. */
  chunkSha256: Buffer;
}

/** The hash of parts that follow each other. @param algorithm as OpenSSL names it */
export function hashOf(algorithm: string, ...parts: Uint8Array[]): Buffer {
  return parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest();
}

/** Counts and hashes bytes as they pass: the whole, and each chunk of `chunkBytes`. */
export function createDigest(): { update(bytes: Buffer): void; bytes(): number; end(): Digest } {
  const whole = createHash('sha256');
  const chunks: Buffer[] = [];
  let chunk = createHash('sha256');
  let inChunk = 0;
  let total = 0;
  const closeChunk = () => {
    chunks.push(chunk.digest());
    chunk = createHash('sha256');
    inChunk = 0;
  };
  return {
    update(bytes) {
      whole.update(bytes);
      total += bytes.length;
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + chunkBytes - inChunk);
        chunk.update(part);
        inChunk += part.length;
        at += part.length;
        if (inChunk === chunkBytes) closeChunk();
      }
    },
    bytes: () => total,
    end() {
      if (inChunk > 0) closeChunk();
      return { sizeBytes: total, sha256: whole.digest('hex'), chunkSha256: Buffer.concat(chunks) };
    },
  };
}

export interface PartHashes {
  partBytes: number;
  /** The SHA-256 of each part, 32 bytes each, concatenated. */
  sha256: Buffer;
}

/** Passes bytes through and compares each part with its hash; fails with ContentRefused `altered` when one differs. */
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

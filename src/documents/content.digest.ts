import { createHash } from 'node:crypto';

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

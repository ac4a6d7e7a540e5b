// Sends bytes through the checks of content as the two ways of uploading do, cut into any pieces.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createHash } from 'node:crypto';
import { createPartCheck } from '../../src/documents/content/hashes.ts';
import { createInspection, type InspectionRules } from '../../src/documents/content/inspection.ts';
import { ContentRefused, type RandomAccess } from '../../src/documents/content/content.ts';
import { allKinds } from '../../src/documents/content/kinds.ts';

/** Sends bytes through the stream in pieces of `pieceBytes`, then decides the kind: returns the kind or the fault. */
export async function look(
  bytes: Buffer,
  extension: string | null,
  rules: Partial<InspectionRules> = {},
  pieceBytes = 1_000,
) {
  const ends: number[] = [];
  for (let at = pieceBytes; at < bytes.length; at += pieceBytes) ends.push(at);
  return lookAtPieces(piecesOf(bytes, ends), extension, rules);
}

/** The same, for pieces that may first be compared with the hashes of parts, as those of a direct upload are. */
export async function lookAtPieces(
  pieces: Buffer[],
  extension: string | null,
  rules: Partial<InspectionRules> = {},
  partBytes: number | null = null,
) {
  const bytes = Buffer.concat(pieces);
  const inspection = createInspection({ maxBytes: 1e9, accepted: allKinds, extension, ...rules });
  const source = Readable.from(pieces);
  const out: Buffer[] = [];
  const keep = async (stream: AsyncIterable<Buffer>) => {
    for await (const piece of stream) out.push(piece);
  };
  try {
    if (partBytes === null) await pipeline(source, inspection.stream, keep);
    else await pipeline(source, createPartCheck(hashesOf(bytes, partBytes)), inspection.stream, keep);
    const kind = await inspection.decideKind(inMemory(bytes));
    return { kind, digest: inspection.digest(), out: Buffer.concat(out) };
  } catch (error) {
    if (!(error instanceof ContentRefused)) throw error;
    return { fault: error.fault, out: Buffer.concat(out) };
  }
}

export function piecesOf(bytes: Buffer, ends: number[]): Buffer[] {
  const places = [0, ...ends, bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

export function inMemory(bytes: Buffer): RandomAccess {
  return {
    size: bytes.length,
    read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)),
  };
}

function hashesOf(bytes: Buffer, partBytes: number) {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += partBytes)
    parts.push(
      createHash('sha256')
        .update(bytes.subarray(at, at + partBytes))
        .digest(),
    );
  return { partBytes, sha256: Buffer.concat(parts) };
}

// The parts of a direct upload: their number, their sizes, and whether their hashes are those that the browser claims.
import type { StoredPart } from '../ports/object-store.ts';
import type { StoredUpload } from './document.direct-repository.ts';
import type { UploadFailure } from './document.upload.ts';

/** A part as the browser describes it. */
export interface PartClaim {
  partNumber: number;
  /** Hex. */
  sha256: string;
}

const sha256Bytes = 32;

/** Whether each claimed part has the stored hash. The claims need not cover all parts. */
export function hasAllParts(sha256: Buffer, claims: PartClaim[]): boolean {
  return claims.every((claim) => isClaimed({ ...claim, sha256: hashOf(sha256, claim.partNumber) }, claim));
}

/** The number of the first part that no claim matches; null: the claims match all parts. */
export function firstDifferingPart(sha256: Buffer, claims: PartClaim[]): number | null {
  const count = sha256.length / sha256Bytes;
  for (let partNumber = 1; partNumber <= count; partNumber += 1) {
    const part = { partNumber, sha256: hashOf(sha256, partNumber) };
    if (!claims.some((claim) => isClaimed(part, claim))) return partNumber;
  }
  return null;
}

function hashOf(sha256: Buffer, partNumber: number): string {
  return sha256.subarray((partNumber - 1) * sha256Bytes, partNumber * sha256Bytes).toString('hex');
}

export function partMissing(partNumber: number): UploadFailure {
  return partFault(partNumber, `Part ${partNumber} did not arrive: send it again`);
}

export function partFault(partNumber: number, message: string): UploadFailure {
  return { reason: 'invalid', errors: [{ path: `parts.${partNumber}`, message }] };
}

/** False also when the store keeps no hash of the part. */
export function isClaimed(part: Pick<StoredPart, 'partNumber' | 'sha256'>, claim: PartClaim): boolean {
  return part.partNumber === claim.partNumber && part.sha256 === claim.sha256;
}

/** Like isClaimed, but true when the store keeps no hash: then the check of the whole object decides. */
export function mayBeClaimed(part: StoredPart, claim: PartClaim): boolean {
  return part.sha256 === null ? part.partNumber === claim.partNumber : isClaimed(part, claim);
}

export type Sizes = Pick<StoredUpload, 'sizeBytes' | 'partBytes'>;

export function partCountOf({ sizeBytes, partBytes: each }: Sizes): number {
  return Math.ceil(sizeBytes / each);
}

export function partSizeOf(upload: Sizes, partNumber: number): number {
  return Math.min(upload.partBytes, upload.sizeBytes - upload.partBytes * (partNumber - 1));
}

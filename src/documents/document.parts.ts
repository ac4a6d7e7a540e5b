// The parts of a large file: how many, how large, and whether they are those that the browser means.
import type { StoredPart } from '../ports/object-store.ts';
import type { StoredUpload } from './document.direct-repository.ts';
import type { UploadFailure } from './document.upload.ts';

/** Hex. */
export interface PartClaim {
  partNumber: number;
  sha256: string;
}

const sha256Bytes = 32;

/** Whether each of these parts, if not all there are, has this hash. */
export function holdsAll(sha256: Buffer, claims: PartClaim[]): boolean {
  return claims.every((claim) => isSame({ ...claim, sha256: hashOf(sha256, claim.partNumber) }, claim));
}

/** The number of the first part that is not claimed with this hash; null: all are. */
export function differing(sha256: Buffer, claims: PartClaim[]): number | null {
  const count = sha256.length / sha256Bytes;
  for (let partNumber = 1; partNumber <= count; partNumber += 1) {
    const part = { partNumber, sha256: hashOf(sha256, partNumber) };
    if (!claims.some((claim) => isSame(part, claim))) return partNumber;
  }
  return null;
}

function hashOf(sha256: Buffer, partNumber: number): string {
  return sha256.subarray((partNumber - 1) * sha256Bytes, partNumber * sha256Bytes).toString('hex');
}

export function notArrived(partNumber: number): UploadFailure {
  return partFault(partNumber, `Part ${partNumber} did not arrive: send it again`);
}

export function partFault(partNumber: number, message: string): UploadFailure {
  return { reason: 'invalid', errors: [{ path: `parts.${partNumber}`, message }] };
}

/** False also where the store keeps no hash of the part. */
export function isSame(part: Pick<StoredPart, 'partNumber' | 'sha256'>, claim: PartClaim): boolean {
  return part.partNumber === claim.partNumber && part.sha256 === claim.sha256;
}

/** Whether it can be the part that is claimed. Without a stored hash only reading the whole object can tell. */
export function mayBeSame(part: StoredPart, claim: PartClaim): boolean {
  return part.sha256 === null ? part.partNumber === claim.partNumber : isSame(part, claim);
}

export type Sizes = Pick<StoredUpload, 'sizeBytes' | 'partBytes'>;

export function partCountOf({ sizeBytes, partBytes: each }: Sizes): number {
  return Math.ceil(sizeBytes / each);
}

export function sizeOf(upload: Sizes, partNumber: number): number {
  return Math.min(upload.partBytes, upload.sizeBytes - upload.partBytes * (partNumber - 1));
}

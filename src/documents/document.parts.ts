// The parts of a direct upload: their number and sizes, whether their hashes are those that the browser claims, and how
// they are joined.
import { failure, ok, type Result } from '../lib/result.ts';
import type { StoredPart } from '../ports/object-store.ts';
import type { DocumentDeps } from './document.deps.ts';
import { findUpload, storePartHashes, type StoredUpload } from './document.direct-repository.ts';
import { pendingKey } from './document.keys.ts';
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

function partMissing(partNumber: number): UploadFailure {
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
function mayBeClaimed(part: StoredPart, claim: PartClaim): boolean {
  return part.sha256 === null ? part.partNumber === claim.partNumber : isClaimed(part, claim);
}

export type Sizes = Pick<StoredUpload, 'sizeBytes' | 'partBytes'>;

export function partCountOf({ sizeBytes, partBytes: each }: Sizes): number {
  return Math.ceil(sizeBytes / each);
}

export function partSizeOf(upload: Sizes, partNumber: number): number {
  return Math.min(upload.partBytes, upload.sizeBytes - upload.partBytes * (partNumber - 1));
}

/** Joins the parts into one pending object. Returns the hashes that the browser claims for them. */
export async function joinParts(
  { db, store }: DocumentDeps,
  upload: StoredUpload,
  claims: PartClaim[],
): Promise<Result<Buffer, UploadFailure>> {
  const key = pendingKey(upload.objectName);
  const parts = await store.parts(key, upload.s3UploadId);
  if (!parts) {
    // Another process has joined the parts: it died afterwards, or is still completing the upload. It stores the hashes
    // before it joins the parts, so without hashes nobody has joined them, and the store has lost them.
    const { partSha256 = null } = (await findUpload(db, upload)) ?? {};
    if (!partSha256) return failure({ reason: 'not_found' });
    // The joined parts may be those of another file of the same name and size, which another tab sent.
    const other = firstDifferingPart(partSha256, claims);
    return other === null ? ok(partSha256) : failure(partMissing(other));
  }
  const wanted: StoredPart[] = [];
  const hashes: string[] = [];
  for (let partNumber = 1; partNumber <= partCountOf(upload); partNumber += 1) {
    const claim = claims.find((one) => one.partNumber === partNumber);
    if (!claim) return failure(partFault(partNumber, `Part ${partNumber} has no hash`));
    const part = parts.find((one) => mayBeClaimed(one, claim) && one.size === partSizeOf(upload, partNumber));
    if (!part) return failure(partMissing(partNumber));
    wanted.push(part);
    hashes.push(claim.sha256);
  }
  const sha256 = Buffer.from(hashes.join(''), 'hex');
  await storePartHashes(db, upload.id, sha256);
  await store.completeUpload(key, upload.s3UploadId, wanted);
  return ok(sha256);
}

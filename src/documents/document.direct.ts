// Large files go from the browser to the store, part by part, to addresses made here. What lies there then is a
// pending object like any other: it is read once, held to the same rules, and becomes a document in the same way.
import { attribution, type Actor } from '../accounts/index.ts';
import { findVisible } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { ObjectStoreUnavailable, type StoredPart } from '../ports/object-store.ts';
import { offer, partBytes, start } from './direct.begin.ts';
import { clearAway, findOpen, refuse } from './direct.open.ts';
import { differing, mayBeSame, notArrived, partCountOf, partFault, sizeOf } from './direct.parts.ts';
import { endUpload, findUpload, keepPartHashes, type StoredUpload } from './direct.repository.ts';
import { ContentRefused } from './content/index.ts';
import type { DocumentDeps } from './document.deps.ts';
import { pendingKey } from './document.keys.ts';
import { findDocument } from './document.repository.ts';
import {
  UploadRefused,
  type CancelReason,
  type DirectUploads,
  type PartClaim,
  type UploadFailure,
} from './document.service.ts';
import { openSession, type OpenSession } from './document.upload.ts';
import { maySeeDocument, type Document } from './document.ts';

export function createDirectUploads(deps: DocumentDeps): DirectUploads {
  const { browserOrigin } = deps.store;
  const whenSetUp = <T>(ask: () => Promise<Result<T, UploadFailure>>) =>
    browserOrigin === null
      ? Promise.resolve(failure<UploadFailure>({ reason: 'not_direct' }))
      : answered(ask);
  return {
    origin: browserOrigin,
    fromBytes: partBytes,
    start: (actor, bookingId, file) => whenSetUp(() => start(deps, actor, bookingId, file)),
    offer: (actor, ...where) => whenSetUp(() => offer(deps, actor, ...where)),
    complete: (actor, ...where) => whenSetUp(() => complete(deps, actor, ...where)),
    cancel: (actor, ...where) => whenSetUp(() => cancel(deps, actor, ...where)),
  };
}

async function answered<T>(ask: () => Promise<Result<T, UploadFailure>>): Promise<Result<T, UploadFailure>> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ObjectStoreUnavailable) return failure({ reason: 'storage_unavailable' });
    throw error;
  }
}

async function complete(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  uploadId: string,
  claims: PartClaim[],
): Promise<Result<Document[], UploadFailure>> {
  const found = await findOpen(deps, actor, bookingId, uploadId);
  if (!found.ok) return (await alreadyStored(deps, actor, bookingId, uploadId, claims)) ?? found;
  const upload = found.value;
  let hashes: Buffer | null = null;
  const session = openSession(deps, actor, bookingId, async (trx, [document]) => {
    const end = { state: 'stored', document_id: document?.id ?? '', part_sha256: hashes } as const;
    return (await endUpload(trx, uploadId, end)) ? null : { reason: 'not_found' };
  });
  const completed = await answered(async () => {
    const together = await putTogether(deps, upload, claims);
    if (!together.ok) return together;
    hashes = together.value;
    return makeDocument(deps, actor, session, upload, hashes);
  });
  if (completed.ok) return completed;
  // Asked twice at once, the other may have been faster, and have moved the bytes away meanwhile.
  const stored = await alreadyStored(deps, actor, bookingId, uploadId, claims);
  if (stored) return stored;
  if ((await findUpload(deps.db, upload))?.state === 'refused') {
    // Cancelled meanwhile: what has been put together or copied since is nobody's.
    await clearAway(deps, upload);
    return failure({ reason: 'not_found' });
  }
  if (!passing.has(completed.reason)) await refuse(deps, actor, upload, wordFor(completed));
  return completed;
}

async function makeDocument(
  deps: DocumentDeps,
  actor: Actor,
  session: OpenSession,
  upload: StoredUpload,
  sha256: Buffer,
): Promise<Result<Document[], UploadFailure>> {
  await deps.onStep?.('put_together');
  const { fileName: originalName, objectName, category } = upload;
  try {
    await session.adopt(category, {
      originalName,
      objectName,
      hashes: { partBytes: upload.partBytes, sha256 },
    });
  } catch (error) {
    if (error instanceof ContentRefused)
      return failure({ reason: 'content', position: 1, fault: error.fault });
    if (error instanceof UploadRefused) return failure(error.failure);
    throw error;
  }
  return session.finish(actor, category);
}

/** The parts as one object under the pending prefix; the hashes that the browser says they have. */
async function putTogether(
  { db, store }: DocumentDeps,
  upload: StoredUpload,
  claims: PartClaim[],
): Promise<Result<Buffer, UploadFailure>> {
  const key = pendingKey(upload.objectName);
  const parts = await store.parts(key, upload.s3UploadId);
  if (!parts) {
    // Done before, by a process that died then, or that is about it now: since this one read the row, perhaps. The
    // hashes are written first: without them nobody has, and the parts are gone.
    const { partSha256 = null } = (await findUpload(db, upload)) ?? {};
    if (!partSha256) return failure({ reason: 'not_found' });
    // Another file of that name and size, from another tab: it is that one's now.
    const other = differing(partSha256, claims);
    return other === null ? ok(partSha256) : failure(notArrived(other));
  }
  const wanted: StoredPart[] = [];
  const hashes: string[] = [];
  for (let partNumber = 1; partNumber <= partCountOf(upload); partNumber += 1) {
    const claim = claims.find((one) => one.partNumber === partNumber);
    if (!claim) return failure(partFault(partNumber, `Part ${partNumber} has no hash`));
    const part = parts.find((one) => mayBeSame(one, claim) && one.size === sizeOf(upload, partNumber));
    if (!part) return failure(notArrived(partNumber));
    wanted.push(part);
    hashes.push(claim.sha256);
  }
  const sha256 = Buffer.from(hashes.join(''), 'hex');
  await keepPartHashes(db, upload.id, sha256);
  await store.completeUpload(key, upload.s3UploadId, wanted);
  return ok(sha256);
}

const unreachableNote =
  'A browser could not send to the file store and sends through the app instead: see docs/documents.md';

/** What may be mended by asking again stays open. */
const passing = new Set<UploadFailure['reason']>(['storage_unavailable', 'invalid']);

function wordFor(why: UploadFailure): string {
  return why.reason === 'content' ? why.fault : why.reason;
}

async function cancel(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  uploadId: string,
  why: CancelReason,
): Promise<Result<null, UploadFailure>> {
  const found = await findOpen(deps, actor, bookingId, uploadId);
  if (!found.ok) return found;
  if (why === 'unreachable') deps.log.warn(unreachableNote);
  return (await refuse(deps, actor, found.value, why)) ? ok(null) : failure({ reason: 'not_found' });
}

/** The document that it became, if it was made of these very parts: two tabs may have sent two files to one upload. */
async function alreadyStored(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  uploadId: string,
  claims: PartClaim[],
): Promise<Result<Document[], UploadFailure> | null> {
  if (!(await findVisible(deps, actor, bookingId))) return null;
  const userId = attribution(actor.viewer).byId;
  const upload = await findUpload(deps.db, { id: uploadId, bookingId, userId });
  if (!upload?.documentId || !upload.partSha256 || differing(upload.partSha256, claims) !== null) return null;
  const document = await findDocument(deps.db, upload.documentId);
  return document && maySeeDocument(actor.viewer, document) ? ok([document]) : null;
}

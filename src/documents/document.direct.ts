// Direct uploads: the browser sends a large file to the store in parts, to presigned addresses made here. The store
// joins the parts into a pending object, which is then read once, checked by the same rules as any upload, and becomes
// a document in the same way.
import { attribution, type Actor } from '../accounts/index.ts';
import { findVisible } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { ObjectStoreUnavailable, type PartAddress } from '../ports/object-store.ts';
import { ContentRefused, mayBeNamed, type ContentFault } from './content/index.ts';
import {
  endUpload,
  findUpload,
  insertUpload,
  openUploadsOf,
  markPassedOver,
  type StoredUpload,
} from './document.direct-repository.ts';
import { timingsOf, type DocumentDeps } from './document.deps.ts';
import { newObjectName, pendingKey } from './document.keys.ts';
import {
  firstDifferingPart,
  hasAllParts,
  isClaimed,
  joinParts,
  partCountOf,
  partFault,
  partSizeOf,
  type PartClaim,
  type Sizes,
} from './document.parts.ts';
import { findDocument } from './document.repository.ts';
import { maySeeDocument } from './document.access.ts';
import { kindsFor, type Document, type DocumentCategory } from './document.ts';
import {
  parseCategory,
  openSession,
  recordRefusal,
  refusalOf,
  removeObjects,
  tooManyFiles,
  UploadRefused,
  type OpenSession,
  type UploadFailure,
} from './document.upload.ts';
import { cleanFileName } from './file-name.ts';

/** A file that the browser sends to the store in parts. */
export interface DirectUpload {
  id: string;
  /** The size of each part except the last. */
  partBytes: number;
  partCount: number;
  expiresAt: Date;
}

export interface PartOffer {
  partNumber: number;
  /** Where to PUT the part, until when, and with which headers; null: the store already has it. */
  send: (PartAddress & { expiresAt: Date }) | null;
}

/** Why an upload is cancelled: by the person, or because the browser cannot reach the store. */
export const cancelReasons = ['cancelled', 'unreachable'] as const;
export type CancelReason = (typeof cancelReasons)[number];

/** `not_found` means that the upload is not the person's, has expired, or was refused. */
export interface DirectUploads {
  /** The store's origin, for the pages' Content-Security-Policy; null: not configured, and every method fails. */
  readonly origin: string | null;
  /** In bytes. Smaller files go through the app. */
  readonly fromBytes: number;
  /** `resumed`: an earlier upload of the same file continues. */
  start(
    actor: Actor,
    bookingId: string,
    file: { fileName: string; sizeBytes: number; category: unknown },
  ): Promise<Result<{ upload: DirectUpload; resumed: boolean }, UploadFailure>>;
  offer(
    actor: Actor,
    bookingId: string,
    uploadId: string,
    parts: PartClaim[],
  ): Promise<Result<PartOffer[], UploadFailure>>;
  /** Call when all parts are sent: makes the file a document. Safe to repeat; it returns the same document. */
  complete(
    actor: Actor,
    bookingId: string,
    uploadId: string,
    parts: PartClaim[],
  ): Promise<Result<Document[], UploadFailure>>;
  cancel(
    actor: Actor,
    bookingId: string,
    uploadId: string,
    why: CancelReason,
  ): Promise<Result<null, UploadFailure>>;
}

/** S3 refuses smaller parts, except the last. Files of this size and larger are uploaded directly. */
const partBytes = 5 * 1024 * 1024;
const addressSeconds = 300;

const unreachableNote =
  'A browser could not send to the file store and sends through the app instead: see docs/documents.md';

/** After these failures the upload stays open, because a repeated request may succeed. */
const retryable = new Set<UploadFailure['reason']>(['storage_unavailable', 'invalid', 'signed_out']);

export function createDirectUploads(deps: DocumentDeps): DirectUploads {
  const { browserOrigin } = deps.store;
  const ifConfigured = <T>(ask: () => Promise<Result<T, UploadFailure>>) =>
    browserOrigin === null
      ? Promise.resolve(failure<UploadFailure>({ reason: 'not_direct' }))
      : catchUnavailable(ask);
  return {
    origin: browserOrigin,
    fromBytes: partBytes,
    start: (actor, bookingId, file) => ifConfigured(() => start(deps, actor, bookingId, file)),
    offer: (actor, ...where) => ifConfigured(() => offer(deps, actor, ...where)),
    complete: (actor, ...where) => ifConfigured(() => complete(deps, actor, ...where)),
    cancel: (actor, ...where) => ifConfigured(() => cancel(deps, actor, ...where)),
  };
}

async function catchUnavailable<T>(
  ask: () => Promise<Result<T, UploadFailure>>,
): Promise<Result<T, UploadFailure>> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ObjectStoreUnavailable) return failure({ reason: 'storage_unavailable' });
    throw error;
  }
}

async function start(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  { fileName, sizeBytes, category }: { fileName: string; sizeBytes: number; category: unknown },
): Promise<Result<{ upload: DirectUpload; resumed: boolean }, UploadFailure>> {
  const booking = await findVisible(deps, actor, bookingId);
  if (!booking) return failure({ reason: 'not_found' });
  const refused = refusalOf(booking);
  if (refused) return failure(refused);
  const chosen = parseCategory(actor, category);
  if (!chosen.ok) return chosen;
  const fault = faultBeforeUpload(deps, chosen.value, fileName, sizeBytes);
  if (fault) {
    await recordRefusal(deps, actor, bookingId, { why: fault, files: 1 });
    return failure({ reason: 'content', position: 1, fault });
  }

  const now = deps.clock.now();
  const userId = attribution(actor.viewer).byId;
  const open = await openUploadsOf(deps.db, { bookingId, userId }, now);
  // Choosing the same file again after a broken connection continues its upload.
  const same = open.find(
    (one) =>
      !one.passedOver &&
      one.fileName === fileName &&
      one.sizeBytes === sizeBytes &&
      one.category === chosen.value,
  );
  if (same) return ok({ upload: toDirectUpload(same), resumed: true });
  if (open.length >= deps.limits.maxFiles) return failure(tooManyFiles(deps));

  const objectName = newObjectName();
  const upload = {
    id: deps.ids.uuid(),
    bookingId,
    userId,
    category: chosen.value,
    fileName,
    sizeBytes,
    partBytes,
    objectName,
    s3UploadId: await deps.store.startUpload(pendingKey(objectName)),
    expiresAt: new Date(now.getTime() + timingsOf(deps).uploadMs),
  };
  // If the process dies before this, the sweep aborts the store's upload.
  await insertUpload(deps.db, upload);
  return ok({ upload: toDirectUpload(upload), resumed: false });
}

/** Refuses before a byte is sent what no content can make acceptable. */
function faultBeforeUpload(
  { limits }: Pick<DocumentDeps, 'limits'>,
  category: DocumentCategory,
  fileName: string,
  sizeBytes: number,
): ContentFault | null {
  if (sizeBytes > limits.maxBytes) return 'too_large';
  const { extension } = cleanFileName(fileName);
  return mayBeNamed(kindsFor(category, limits.kinds), extension) ? null : 'unsupported_type';
}

async function offer(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  uploadId: string,
  claims: PartClaim[],
): Promise<Result<PartOffer[], UploadFailure>> {
  const found = await findOpenUpload(deps, actor, bookingId, uploadId);
  if (!found.ok) return found;
  const upload = found.value;
  const beyond = claims.find(({ partNumber }) => partNumber > partCountOf(upload));
  if (beyond) return failure(partFault(beyond.partNumber, `This file has ${partCountOf(upload)} parts`));
  const key = pendingKey(upload.objectName);
  const stored = await deps.store.parts(key, upload.s3UploadId);
  if (!stored) return offerAfterJoin(deps, actor, upload, claims);
  const expiresAt = new Date(deps.clock.now().getTime() + addressSeconds * 1000);
  const offers = claims.map(async (claim): Promise<PartOffer> => {
    const { partNumber } = claim;
    if (stored.some((part) => isClaimed(part, claim))) return { partNumber, send: null };
    const part = { ...claim, size: partSizeOf(upload, partNumber) };
    const address = await deps.store.partAddress(key, upload.s3UploadId, part, addressSeconds);
    return { partNumber, send: { ...address, expiresAt } };
  });
  return ok(await Promise.all(offers));
}

/** The answer when the store has no parts of the upload. If their hashes are stored, the parts have been joined. */
async function offerAfterJoin(
  deps: DocumentDeps,
  actor: Actor,
  upload: StoredUpload,
  claims: PartClaim[],
): Promise<Result<PartOffer[], UploadFailure>> {
  const object = await deps.store.head(pendingKey(upload.objectName));
  // This is read last, because a request that completes the upload stores the hashes before it joins the parts, and the
  // state before it moves the object.
  const { state, partSha256 = null } = (await findUpload(deps.db, upload)) ?? {};
  if (state !== 'open') return failure({ reason: 'not_found' });
  if (!object || !partSha256) {
    await endRefused(deps, actor, upload, 'not_found');
    return failure({ reason: 'not_found' });
  }
  if (hasAllParts(partSha256, claims))
    return ok(claims.map(({ partNumber }) => ({ partNumber, send: null })));
  // These are parts of another file of the same name and size. The first one may be about to become a document, so
  // leave its upload open, and do not resume it again.
  await markPassedOver(deps.db, upload.id);
  return failure({ reason: 'not_found' });
}

function toDirectUpload(upload: Sizes & { id: string; expiresAt: Date }): DirectUpload {
  const { id, expiresAt } = upload;
  return { id, partBytes: upload.partBytes, partCount: partCountOf(upload), expiresAt };
}

async function complete(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  uploadId: string,
  claims: PartClaim[],
): Promise<Result<Document[], UploadFailure>> {
  const found = await findOpenUpload(deps, actor, bookingId, uploadId);
  if (!found.ok) return (await alreadyStored(deps, actor, bookingId, uploadId, claims)) ?? found;
  const upload = found.value;
  let hashes: Buffer | null = null;
  const session = openSession(deps, actor, bookingId, async (trx, [document]) => {
    const end = { state: 'stored', document_id: document?.id ?? '', part_sha256: hashes } as const;
    return (await endUpload(trx, uploadId, end)) ? null : { reason: 'not_found' };
  });
  const completed = await catchUnavailable(async () => {
    const joined = await joinParts(deps, upload, claims);
    if (!joined.ok) return joined;
    hashes = joined.value;
    return makeDocument(deps, actor, session, upload, hashes);
  });
  if (completed.ok) return completed;
  // A concurrent request to complete the same upload may have won and moved the object.
  const stored = await alreadyStored(deps, actor, bookingId, uploadId, claims);
  if (stored) return stored;
  if ((await findUpload(deps.db, upload))?.state === 'refused') {
    // The upload was cancelled during this request, so remove what was joined or copied since.
    await removeUpload(deps, upload);
    return failure({ reason: 'not_found' });
  }
  if (!retryable.has(completed.reason)) await endRefused(deps, actor, upload, auditReason(completed));
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
    await session.addStored(category, {
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

function auditReason(why: UploadFailure): string {
  return why.reason === 'content' ? why.fault : why.reason;
}

async function cancel(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  uploadId: string,
  why: CancelReason,
): Promise<Result<null, UploadFailure>> {
  const found = await findOpenUpload(deps, actor, bookingId, uploadId);
  if (!found.ok) return found;
  if (why === 'unreachable') deps.log.warn(unreachableNote);
  return (await endRefused(deps, actor, found.value, why)) ? ok(null) : failure({ reason: 'not_found' });
}

/** The document that the upload became. Null if it was made of other parts: two tabs may send different files. */
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
  if (!upload?.documentId || !upload.partSha256 || firstDifferingPart(upload.partSha256, claims) !== null)
    return null;
  const document = await findDocument(deps.db, upload.documentId);
  return document && maySeeDocument(actor.viewer, document) ? ok([document]) : null;
}

/** The actor's own open upload, to a booking that accepts documents. */
async function findOpenUpload(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  uploadId: string,
): Promise<Result<StoredUpload, UploadFailure>> {
  const booking = await findVisible(deps, actor, bookingId);
  if (!booking) return failure({ reason: 'not_found' });
  const refused = refusalOf(booking);
  if (refused) return failure(refused);
  const userId = attribution(actor.viewer).byId;
  const upload = await findUpload(deps.db, { id: uploadId, bookingId, userId });
  const isOpen = upload?.state === 'open' && upload.expiresAt > deps.clock.now();
  return upload && isOpen ? ok(upload) : failure({ reason: 'not_found' });
}

/** Ends the upload without a document. False when it had already ended. */
async function endRefused(
  deps: DocumentDeps,
  actor: Actor,
  upload: StoredUpload,
  why: string,
): Promise<boolean> {
  const isFirst = await deps.db.transaction(async (trx) => {
    if (!(await endUpload(trx, upload.id, { state: 'refused' }))) return false;
    await recordRefusal({ ...deps, db: trx }, actor, upload.bookingId, { why, files: 1 });
    return true;
  });
  if (isFirst) await removeUpload(deps, upload);
  return isFirst;
}

/** Call for refused uploads only: their objects have no row and will never get one. */
async function removeUpload(deps: DocumentDeps, { objectName, s3UploadId }: StoredUpload): Promise<void> {
  await deps.store.abortUpload(pendingKey(objectName), s3UploadId).catch(leaveToSweep(deps));
  await removeObjects(deps, [objectName]);
}

function leaveToSweep({ log }: DocumentDeps): (error: unknown) => void {
  return () => log.warn('A multipart upload is left to the sweep');
}

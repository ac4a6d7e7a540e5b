// Large files go from the browser to the store, part by part, to addresses made here. What lies there then is a
// pending object like any other: it is read once, held to the same rules, and becomes a document in the same way.
import { attribution, type Actor } from '../accounts/index.ts';
import { findVisible } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { ObjectStoreUnavailable, type PartAddress, type StoredPart } from '../ports/object-store.ts';
import { ContentRefused, fitsName, type ContentFault } from './content/index.ts';
import {
  endUpload,
  findUpload,
  insertUpload,
  keepPartHashes,
  openUploadsOf,
  passOver,
  type StoredUpload,
} from './document.direct-repository.ts';
import { timingsOf, type DocumentDeps } from './document.deps.ts';
import { newObjectName, pendingKey } from './document.keys.ts';
import {
  differing,
  holdsAll,
  isSame,
  mayBeSame,
  notArrived,
  partCountOf,
  partFault,
  sizeOf,
  type PartClaim,
  type Sizes,
} from './document.parts.ts';
import { findDocument } from './document.repository.ts';
import { kindsFor, maySeeDocument, type Document, type DocumentCategory } from './document.ts';
import {
  chooseCategory,
  openSession,
  recordRefusal,
  refusalOf,
  takeBack,
  tooMany,
  UploadRefused,
  type OpenSession,
  type UploadFailure,
} from './document.upload.ts';
import { cleanFileName } from './file-name.ts';

/** A file that goes part by part from the browser to the store. */
export interface DirectUpload {
  id: string;
  /** Each part but the last has this many bytes. */
  partBytes: number;
  partCount: number;
  expiresAt: Date;
}

export interface PartOffer {
  partNumber: number;
  /** Null: the store has it already. Else where to PUT it, until when, and with which headers. */
  send: (PartAddress & { expiresAt: Date }) | null;
}

/** Why an upload is given up: by the person, or because the browser cannot send to the store. */
export const cancelReasons = ['cancelled', 'unreachable'] as const;
export type CancelReason = (typeof cancelReasons)[number];

/** Uploads past the app. What they do not find is `not_found`: not the person's, expired, or refused before. */
export interface DirectUploads {
  /** Of the store, for the pages' Content-Security-Policy; null: not set up, and every method fails. */
  readonly origin: string | null;
  /** Files of this size and larger go directly; smaller ones through the app. Bytes. */
  readonly fromBytes: number;
  /** `resumed`: it was under way already, with some of its parts. */
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
  /** All parts are sent: makes it a document by the same rules. Asked again, it answers the same. */
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

/** The smallest part that S3 takes, unless it is the last. Files from this size on go to the store directly. */
const partBytes = 5 * 1024 * 1024;
const addressSeconds = 300;

const unreachableNote =
  'A browser could not send to the file store and sends through the app instead: see docs/documents.md';

/** What may be mended by asking again stays open. */
const passing = new Set<UploadFailure['reason']>(['storage_unavailable', 'invalid']);

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
  const chosen = chooseCategory(actor, category);
  if (!chosen.ok) return chosen;
  const fault = faultBeforehand(deps, chosen.value, fileName, sizeBytes);
  if (fault) {
    await recordRefusal(deps, actor, bookingId, { why: fault, files: 1 });
    return failure({ reason: 'content', position: 1, fault });
  }

  const now = deps.clock.now();
  const userId = attribution(actor.viewer).byId;
  const open = await openUploadsOf(deps.db, { bookingId, userId }, now);
  // Whoever chooses the same file again after a broken connection goes on where it broke.
  const same = open.find(
    (one) =>
      !one.passedOver &&
      one.fileName === fileName &&
      one.sizeBytes === sizeBytes &&
      one.category === chosen.value,
  );
  if (same) return ok({ upload: told(same), resumed: true });
  if (open.length >= deps.limits.maxFiles) return failure(tooMany(deps));

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
  // Dying before this: the sweep aborts what no row speaks of.
  await insertUpload(deps.db, upload);
  return ok({ upload: told(upload), resumed: false });
}

/** What no content can mend, told before a byte is sent. */
function faultBeforehand(
  { limits }: Pick<DocumentDeps, 'limits'>,
  category: DocumentCategory,
  fileName: string,
  sizeBytes: number,
): ContentFault | null {
  if (sizeBytes > limits.maxBytes) return 'too_large';
  const { extension } = cleanFileName(fileName);
  return kindsFor(category, limits.kinds).some((kind) => fitsName(kind, extension))
    ? null
    : 'unsupported_type';
}

async function offer(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  uploadId: string,
  claims: PartClaim[],
): Promise<Result<PartOffer[], UploadFailure>> {
  const found = await findOpen(deps, actor, bookingId, uploadId);
  if (!found.ok) return found;
  const upload = found.value;
  const beyond = claims.find(({ partNumber }) => partNumber > partCountOf(upload));
  if (beyond) return failure(partFault(beyond.partNumber, `This file has ${partCountOf(upload)} parts`));
  const key = pendingKey(upload.objectName);
  const stored = await deps.store.parts(key, upload.s3UploadId);
  if (!stored) return offerNone(deps, actor, upload, claims);
  const expiresAt = new Date(deps.clock.now().getTime() + addressSeconds * 1000);
  const offers = claims.map(async (claim): Promise<PartOffer> => {
    const { partNumber } = claim;
    if (stored.some((part) => isSame(part, claim))) return { partNumber, send: null };
    const part = { ...claim, size: sizeOf(upload, partNumber) };
    const address = await deps.store.partAddress(key, upload.s3UploadId, part, addressSeconds);
    return { partNumber, send: { ...address, expiresAt } };
  });
  return ok(await Promise.all(offers));
}

/** The store has no parts of it: they have been put together, if anybody wrote down of which hashes. */
async function offerNone(
  deps: DocumentDeps,
  actor: Actor,
  upload: StoredUpload,
  claims: PartClaim[],
): Promise<Result<PartOffer[], UploadFailure>> {
  const object = await deps.store.head(pendingKey(upload.objectName));
  // Looked at last: whoever writes it writes the hashes before the parts go, and that it is stored before the object.
  const { state, partSha256 = null } = (await findUpload(deps.db, upload)) ?? {};
  if (state !== 'open') return failure({ reason: 'not_found' });
  if (!object || !partSha256) {
    await refuse(deps, actor, upload, 'not_found');
    return failure({ reason: 'not_found' });
  }
  if (holdsAll(partSha256, claims)) return ok(claims.map(({ partNumber }) => ({ partNumber, send: null })));
  // Another file of that name and size. Its own may be about to become a document, so it is left as it is.
  await passOver(deps.db, upload.id);
  return failure({ reason: 'not_found' });
}

function told(upload: Sizes & { id: string; expiresAt: Date }): DirectUpload {
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

/** Theirs, under way, and to a booking that takes documents. */
async function findOpen(
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

/** Ends it without a document. False when it had ended already. */
async function refuse(deps: DocumentDeps, actor: Actor, upload: StoredUpload, why: string): Promise<boolean> {
  const isFirst = await deps.db.transaction(async (trx) => {
    if (!(await endUpload(trx, upload.id, { state: 'refused' }))) return false;
    await recordRefusal({ ...deps, db: trx }, actor, upload.bookingId, { why, files: 1 });
    return true;
  });
  if (isFirst) await clearAway(deps, upload);
  return isFirst;
}

/** Only of a refused one: no row speaks of its objects, or ever will. */
async function clearAway(deps: DocumentDeps, { objectName, s3UploadId }: StoredUpload): Promise<void> {
  await deps.store.abortUpload(pendingKey(objectName), s3UploadId).catch(leaveToSweep(deps));
  await takeBack(deps, [objectName]);
}

function leaveToSweep({ log }: DocumentDeps): (error: unknown) => void {
  return () => log.warn('An upload in parts is left to the sweeper');
}

// An upload past the app from its beginning, or from where it broke off, to the last address for one of its parts.
import { attribution, type Actor } from '../accounts/index.ts';
import { findVisible } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { findOpen, refuse } from './direct.open.ts';
import { holdsAll, isSame, partCountOf, partFault, sizeOf, type Sizes } from './direct.parts.ts';
import { findUpload, insertUpload, openUploadsOf, passOver, type StoredUpload } from './direct.repository.ts';
import { fitsName, type ContentFault } from './content/index.ts';
import { timingsOf, type DocumentDeps } from './document.deps.ts';
import { newObjectName, pendingKey } from './document.keys.ts';
import { kindsFor, type DocumentCategory } from './document.ts';
import type { DirectUpload, PartClaim, PartOffer, UploadFailure } from './document.service.ts';
import { chooseCategory, recordRefusal, refusalOf, tooMany } from './document.upload.ts';
import { cleanFileName } from './file-name.ts';

/** The smallest part that S3 takes, unless it is the last. Files from this size on go to the store directly. */
export const partBytes = 5 * 1024 * 1024;
const addressSeconds = 300;

export async function start(
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

export async function offer(
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

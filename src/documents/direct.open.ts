// An upload past the app that is under way, and its end when no document comes of it.
import { attribution, type Actor } from '../accounts/index.ts';
import { findVisible } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { endUpload, findUpload, type StoredUpload } from './direct.repository.ts';
import type { DocumentDeps } from './document.deps.ts';
import { pendingKey } from './document.keys.ts';
import type { UploadFailure } from './document.service.ts';
import { recordRefusal, refusalOf, takeBack } from './document.upload.ts';

/** Theirs, under way, and to a booking that takes documents. */
export async function findOpen(
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
export async function refuse(
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
  if (isFirst) await clearAway(deps, upload);
  return isFirst;
}

/** Only of a refused one: no row speaks of its objects, or ever will. */
export async function clearAway(deps: DocumentDeps, { objectName, s3UploadId }: StoredUpload): Promise<void> {
  await deps.store.abortUpload(pendingKey(objectName), s3UploadId).catch(leaveToSweep(deps));
  await takeBack(deps, [objectName]);
}

function leaveToSweep({ log }: DocumentDeps): (error: unknown) => void {
  return () => log.warn('An upload in parts is left to the sweeper');
}

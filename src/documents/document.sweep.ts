// Cleans up after uploads that a dead process or an unreachable store interrupted. A pending object may have a copy of
// the same name under `documents/`: when the copy has no row, both are removed. Objects younger than the longest upload
// are left alone.
import type { ObjectFacts } from '../ports/object-store.ts';
import { deleteOldUploads } from './document.direct-repository.ts';
import { timingsOf, type DocumentDeps } from './document.deps.ts';
import { scanDocumentJob, scanKey } from './document.jobs.ts';
import { objectName, pendingPrefix, storedKey, strayKey } from './document.keys.ts';
import { knownKeys } from './document.repository.ts';
import { removeBytes } from './document.remove.ts';

export interface Swept {
  pendingObjects: number;
  openUploads: number;
}

const batchSize = 200;

export async function sweepDocuments(deps: DocumentDeps): Promise<Swept> {
  const before = deps.clock.now().getTime() - timingsOf(deps).abandonedMs;
  const pendingObjects = await sweepPending(deps, before);
  const openUploads = await abortUploads(deps, before);
  await deleteOldUploads(deps.db, new Date(before));
  await resumeScans(deps);
  await removeInfected(deps);
  if (pendingObjects + openUploads > 0)
    deps.log.info({ pendingObjects, openUploads }, 'Removed what interrupted uploads left behind');
  return { pendingObjects, openUploads };
}

async function sweepPending(deps: DocumentDeps, before: number): Promise<number> {
  let swept = 0;
  let batch: ObjectFacts[] = [];
  const flush = async () => {
    await removePairs(deps, batch);
    swept += batch.length;
    batch = [];
  };
  for await (const object of deps.store.list(pendingPrefix)) {
    if (object.lastModified.getTime() > before) continue;
    batch.push(object);
    if (batch.length === batchSize) await flush();
  }
  if (batch.length > 0) await flush();
  return swept;
}

/** Removes the copies first: when the process dies in between, the pending objects still lead to them. */
async function removePairs(deps: DocumentDeps, pending: ObjectFacts[]): Promise<void> {
  const copies = pending.map(({ key }) => storedKey(objectName(key)));
  const known = await knownKeys(deps.db, copies);
  const orphans = pending.filter(({ key }) => !known.has(storedKey(objectName(key))));
  const restoredAt = await lastRestore(deps);
  for (const { key, lastModified } of orphans) {
    // A restore may have lost its row, so the bytes are kept under `strays/`.
    const name = objectName(key);
    if (lastModified.getTime() <= restoredAt) await deps.store.copy(storedKey(name), strayKey(name));
  }
  if (orphans.length > 0) await deps.store.remove(orphans.map(({ key }) => storedKey(objectName(key))));
  await deps.store.remove(pending.map(({ key }) => key));
}

async function lastRestore({ db }: DocumentDeps): Promise<number> {
  const row = await db('restores').max({ at: 'started_at' }).first<{ at: Date | null }>();
  return row.at?.getTime() ?? 0;
}

async function abortUploads(deps: DocumentDeps, before: number): Promise<number> {
  let aborted = 0;
  for await (const { key, uploadId, startedAt } of deps.store.openUploads(pendingPrefix)) {
    if (startedAt.getTime() > before) continue;
    await deps.store.abortUpload(key, uploadId);
    aborted += 1;
  }
  return aborted;
}

/** Adds jobs for documents whose scan job gave up or was lost with a restore. */
async function resumeScans(deps: DocumentDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - timingsOf(deps).scanOverdueMs);
  const waiting = await deps
    .db('documents')
    .where({ status: 'checking' })
    .whereNull('deleted_at')
    // A scan of a damaged document fails each time; the file check clears the damage.
    .whereNull('damaged_at')
    .where('created_at', '<', before)
    .orderBy('created_at')
    .limit(batchSize)
    .pluck('id');
  for (const documentId of waiting) {
    await deps.jobs.add(scanDocumentJob, { documentId }, { key: scanKey(documentId), keepRunAt: true });
  }
}

async function removeInfected(deps: DocumentDeps): Promise<void> {
  const left = await deps
    .db('documents')
    .where({ status: 'infected' })
    .whereNull('object_removed_at')
    .limit(batchSize)
    .pluck('id');
  for (const id of left) await removeBytes(deps, id, 'infected');
}

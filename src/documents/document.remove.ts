// Deletes documents. The row stays for ever, the bytes until retention removes them.
import { attribution, auditActor, type Actor } from '../accounts/index.ts';
import { systemActor } from '../audit/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { DocumentDeps } from './document.deps.ts';
import { findVisibleDocument } from './document.open.ts';
import { lockDocument } from './document.repository.ts';
import { mayDelete } from './document.access.ts';
import { documentState } from './document.ts';

const batchRows = 500;
const dayMs = 24 * 3_600_000;

export type RemoveFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  /** It has another state than the person saw. */
  | { reason: 'stale' };

/**
 * Marks the document as deleted; `retainDocuments` removes its bytes later.
 * @param seen its `documentState` when the person decided; null: unknown
 */
export async function removeDocument(
  deps: DocumentDeps,
  actor: Actor,
  id: string,
  seen: string | null,
): Promise<Result<null, RemoveFailure>> {
  const found = await findVisibleDocument(deps, actor, id);
  if (!found) return failure({ reason: 'not_found' });
  if (!mayDelete(actor.viewer, found)) return failure({ reason: 'forbidden' });
  return deps.db.transaction(async (trx): Promise<Result<null, RemoveFailure>> => {
    const document = await lockDocument(trx, found.id);
    if (!document) return failure({ reason: 'not_found' });
    // Staff may have changed its category since it was found.
    if (!mayDelete(actor.viewer, document)) return failure({ reason: 'forbidden' });
    if (seen !== null && seen !== documentState(document)) return failure({ reason: 'stale' });
    const { byId, forId } = attribution(actor.viewer);
    await trx('documents')
      .where({ id: document.id })
      .update({ deleted_at: deps.clock.now(), deleted_by_id: byId, deleted_for_id: forId });
    await deps.audit.record(trx, auditActor(actor), {
      action: 'document.deleted',
      resourceType: 'document',
      resourceId: document.id,
      metadata: { bookingId: document.bookingId, category: document.category },
    });
    return ok(null);
  });
}

/** @returns how many objects were removed */
export async function retainDocuments(deps: DocumentDeps): Promise<number> {
  if (deps.retentionDays === null) return 0;
  const before = new Date(deps.clock.now().getTime() - deps.retentionDays * dayMs);
  const due = await deps
    .db('documents')
    .where('deleted_at', '<=', before)
    .whereNull('object_removed_at')
    .orderBy('deleted_at')
    .limit(batchRows)
    .pluck('id');
  for (const id of due) await removeBytes(deps, id, 'retention');
  return due.length === batchRows ? batchRows + (await retainDocuments(deps)) : due.length;
}

/** Removes the object before it updates the row: when the process dies in between, the next run repeats both. */
export async function removeBytes(
  deps: DocumentDeps,
  id: string,
  why: 'retention' | 'infected',
): Promise<void> {
  const row = await deps.db('documents').where({ id }).first('s3_key');
  if (!row) return;
  await deps.store.remove([row.s3_key]);
  await deps.onStep?.('object_removed');
  await deps.db.transaction(async (trx) => {
    const changed = await trx('documents')
      .where({ id })
      .whereNull('object_removed_at')
      .update({ object_removed_at: deps.clock.now() });
    if (changed === 0) return;
    await deps.audit.record(trx, systemActor, {
      action: 'document.deleted',
      resourceType: 'document',
      resourceId: id,
      metadata: { bytes: 'removed', why },
    });
  });
}

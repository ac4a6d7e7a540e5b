// The end of a document's bytes; its row stays for ever.
import { systemActor } from '../audit/index.ts';
import type { DocumentDeps } from './document.deps.ts';

const atOnce = 500;
const dayMs = 24 * 3_600_000;

/** @returns how many objects were removed */
export async function retainDocuments(deps: DocumentDeps): Promise<number> {
  if (deps.retentionDays === null) return 0;
  const before = new Date(deps.clock.now().getTime() - deps.retentionDays * dayMs);
  const due = (await deps
    .db('documents')
    .where('deleted_at', '<=', before)
    .whereNull('object_removed_at')
    .orderBy('deleted_at')
    .limit(atOnce)
    .pluck('id')) as string[];
  for (const id of due) await removeBytes(deps, id, 'retention');
  return due.length === atOnce ? atOnce + (await retainDocuments(deps)) : due.length;
}

/** The object first: dying in between, the next run finds the row and does no harm. */
export async function removeBytes(
  deps: DocumentDeps,
  id: string,
  why: 'retention' | 'infected',
): Promise<void> {
  const row = (await deps.db('documents').where({ id }).first('s3_key')) as { s3_key: string } | undefined;
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

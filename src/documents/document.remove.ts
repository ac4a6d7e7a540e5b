import { attribution, auditActor, type Actor } from '../accounts/index.ts';
import { failure, ok } from '../lib/result.ts';
import type { DocumentDeps } from './document.deps.ts';
import { findVisibleDocument } from './document.open.ts';
import { lockDocument } from './document.repository.ts';
import type { DocumentService } from './document.service.ts';
import { mayDelete } from './document.ts';

/** Soft: the bytes stay until retention takes them (document.retention.ts). */
export async function removeDocument(
  deps: DocumentDeps,
  actor: Actor,
  id: string,
): ReturnType<DocumentService['remove']> {
  const seen = await findVisibleDocument(deps, actor, id);
  if (!seen) return failure({ reason: 'not_found' });
  if (!mayDelete(actor.viewer, seen)) return failure({ reason: 'forbidden' });
  return deps.db.transaction(async (trx) => {
    if (!(await lockDocument(trx, seen.id))) return failure({ reason: 'not_found' });
    const { byId, forId } = attribution(actor.viewer);
    await trx('documents')
      .where({ id: seen.id })
      .update({ deleted_at: deps.clock.now(), deleted_by_id: byId, deleted_for_id: forId });
    await deps.audit.record(trx, auditActor(actor), {
      action: 'document.deleted',
      resourceType: 'document',
      resourceId: seen.id,
      metadata: { bookingId: seen.bookingId, category: seen.category },
    });
    return ok(null);
  });
}

// Staff correct the category of a document: with it change who sees it and what it stands for.
import { auditActor, type Actor } from '../accounts/index.ts';
import { lockBooking } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { allKinds, documentKinds } from './content/index.ts';
import { isVisibleAtOnce, mayChangeCategory } from './document.access.ts';
import type { DocumentDeps } from './document.deps.ts';
import { findVisibleDocument } from './document.open.ts';
import { lockDocument } from './document.repository.ts';
import {
  categoryWords,
  documentCategories,
  kindsFor,
  type Document,
  type DocumentCategory,
} from './document.ts';

export type CategoryFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'invalid'; errors: { path: string; message: string }[] }
  /** Somebody else changed it since it was read. */
  | { reason: 'stale'; current: DocumentCategory };

/**
 * A document that becomes visible to referrers is announced as an added one.
 * @param seen the category as it was shown
 */
export async function changeCategory(
  deps: Pick<DocumentDeps, 'db' | 'audit' | 'announce' | 'ids'>,
  actor: Actor,
  id: string,
  seen: DocumentCategory,
  wanted: DocumentCategory,
): Promise<Result<null, CategoryFailure>> {
  const found = await findVisibleDocument(deps, actor, id);
  if (!found) return failure({ reason: 'not_found' });
  if (!mayChangeCategory(actor.viewer)) return failure({ reason: 'forbidden' });
  return deps.db.transaction(async (trx): Promise<Result<null, CategoryFailure>> => {
    // The booking first, as uploads do, so that its organisation cannot change meanwhile.
    const booking = await lockBooking(trx, found.bookingId);
    const document = await lockDocument(trx, id);
    if (!booking || !document) return failure({ reason: 'not_found' });
    const { category: before } = document;
    if (before !== seen) return failure({ reason: 'stale', current: before });
    if (before === wanted) return ok(null);
    const errors = faultsOf(document, wanted);
    if (errors.length > 0) return failure({ reason: 'invalid', errors });
    await trx('documents').where({ id }).update({ category: wanted });
    await deps.audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'document',
      resourceId: id,
      metadata: { change: 'category', bookingId: booking.id, before, after: wanted },
    });
    if (isVisibleAtOnce(wanted) && !isVisibleAtOnce(before))
      await deps.announce(trx, {
        kind: 'document_added',
        bookingId: booking.id,
        documentId: id,
        // It may be hidden and shown again.
        occasion: `shown:${id}:${deps.ids.uuid()}`,
      });
    return ok(null);
  });
}

function faultsOf(document: Document, wanted: DocumentCategory): { path: string; message: string }[] {
  const at = (message: string) => [{ path: 'category', message }];
  if (document.releasedAt !== null) return at('Recall the report first: referrers can see it');
  const kind = allKinds.find((one) => documentKinds[one].mimeType === document.mimeType);
  if (kind === undefined || kindsFor(wanted, [kind]).length > 0) return [];
  const allowed = documentCategories.filter((category) => kindsFor(category, [kind]).length > 0);
  return at(`A mail can only be: ${allowed.map((category) => categoryWords[category]).join(', ')}`);
}

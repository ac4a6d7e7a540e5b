// Corrects the category of a document, which decides who sees the document. Referrers correct their own documents, to one of
// the categories that they may upload. When a new category shows a document to referrers, it passes the checks of a release,
// and staff choose who is told.
import { auditActor, type Actor } from '../accounts/index.ts';
import { findBooking, lockBooking, type Booking } from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import {
  failure,
  type FieldError,
  invalidField,
  type InvalidFields,
  ok,
  type Result,
} from '../lib/result.ts';
import { allKinds, documentKinds } from './content/index.ts';
import { isVisibleAtOnce, mayChangeCategory, uploadCategories } from './document.access.ts';
import type { DocumentDeps } from './document.deps.ts';
import { findVisibleDocument } from './document.open.ts';
import { candidatesOf, checkRecipients, type ReleaseCandidate } from './document.release.ts';
import { findDocument, lockDocument } from './document.repository.ts';
import {
  categoryWords,
  documentCategories,
  kindsFor,
  unavailableReason,
  type Document,
  type DocumentCategory,
  type UnavailableReason,
} from './document.ts';

export type CategoryFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | InvalidFields
  /** Somebody else changed it since it was read. */
  | { reason: 'stale'; current: DocumentCategory }
  /** The new category would show it to referrers, but its bytes are withheld. */
  | { reason: 'not_available'; because: UnavailableReason };

/** The request as it was sent. `seen`: the category that the form showed. */
export interface CategoryChange {
  seen: unknown;
  wanted: unknown;
  /** Ids of who is told when referrers see the document from now on; null: the usual recipients of a report. */
  recipients: readonly string[] | null;
}

/** Who may be told when a new category shows this document to referrers. Empty: they see it now, or nobody may be told. */
export async function candidatesForCategory(
  { db }: Pick<DocumentDeps, 'db'>,
  id: string,
): Promise<ReleaseCandidate[]> {
  const document = await findDocument(db, id);
  if (!document || isVisibleAtOnce(document.category) || document.releasedAt !== null) return [];
  const booking = await findBooking(db, document.bookingId);
  return booking ? candidatesOf(db, booking) : [];
}

/** A document that becomes visible to referrers is announced as an added one. */
export async function changeCategory(
  deps: Pick<DocumentDeps, 'db' | 'audit' | 'announce' | 'ids'>,
  actor: Actor,
  id: string,
  { seen, wanted: asked, recipients }: CategoryChange,
): Promise<Result<null, CategoryFailure>> {
  const wanted = documentCategories.find((category) => category === asked);
  const found = await findVisibleDocument(deps, actor, id);
  if (!found) return failure({ reason: 'not_found' });
  if (!mayChangeCategory(actor.viewer, found)) return failure({ reason: 'forbidden' });
  if (!wanted) return invalidField('category', 'Choose a category');
  return deps.db.transaction(async (trx): Promise<Result<null, CategoryFailure>> => {
    // Locks the booking first, as uploads do, so that its organisation cannot change meanwhile.
    const booking = await lockBooking(trx, found.bookingId);
    const document = await lockDocument(trx, id);
    if (!booking || !document) return failure({ reason: 'not_found' });
    // Somebody may have changed it since it was found.
    if (!mayChangeCategory(actor.viewer, document)) return failure({ reason: 'forbidden' });
    if (!uploadCategories(actor.viewer).includes(wanted)) return failure({ reason: 'forbidden' });
    const { category: before } = document;
    // Nothing to change, for example because the same request arrived twice.
    if (before === wanted) return ok(null);
    if (before !== seen) return failure({ reason: 'stale', current: before });
    const errors = faultsOf(document, wanted);
    if (errors.length > 0) return failure({ reason: 'invalid', errors });
    const becomesVisible = isVisibleAtOnce(wanted) && !isVisibleAtOnce(before);
    const told = becomesVisible ? await checkShowing(trx, booking, document, recipients) : ok(null);
    if (!told.ok) return told;
    await trx('documents').where({ id }).update({ category: wanted });
    await deps.audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'document',
      resourceId: id,
      metadata: {
        change: 'category',
        bookingId: booking.id,
        before,
        after: wanted,
        ...(told.value && { recipients: told.value }),
      },
    });
    if (told.value)
      await deps.announce(trx, {
        kind: 'document_added',
        bookingId: booking.id,
        documentId: id,
        // The document may be hidden and shown again, and each time is announced.
        occasion: `shown:${id}:${deps.ids.uuid()}`,
        recipientIds: told.value,
        exceptId: actor.viewer.userId,
      });
    return ok(null);
  });
}

/** Makes the checks of a release, and returns who is told. */
async function checkShowing(
  trx: Transaction,
  booking: Booking,
  document: Document,
  recipients: readonly string[] | null,
): Promise<Result<string[], CategoryFailure>> {
  const because = unavailableReason(document);
  if (because) return failure({ reason: 'not_available', because });
  return checkRecipients(await candidatesOf(trx, booking), recipients);
}

function faultsOf(document: Document, wanted: DocumentCategory): FieldError[] {
  const at = (message: string) => [{ path: 'category', message }];
  if (document.releasedAt !== null) return at('Recall the report first: referrers can see it');
  const kind = allKinds.find((one) => documentKinds[one].mimeType === document.mimeType);
  if (kind === undefined || kindsFor(wanted, [kind]).length > 0) return [];
  const allowed = documentCategories.filter((category) => kindsFor(category, [kind]).length > 0);
  return at(`A mail can only be: ${allowed.map((category) => categoryWords[category]).join(', ')}`);
}

// Releases and recalls reports. A report is a draft until staff release it, and again after they recall it.
import { activeMembers, auditActor, type Actor } from '../accounts/index.ts';
import { contactsOf, findBooking, lockBooking, type Booking } from '../bookings/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { failure, type InvalidFields, ok, type Result } from '../lib/result.ts';
import type { DocumentDeps } from './document.deps.ts';
import { findVisibleDocument } from './document.open.ts';
import { findDocument, lockDocument } from './document.repository.ts';
import { mayRelease } from './document.access.ts';
import { unavailableReason, type Document, type UnavailableReason } from './document.ts';

export type ReleaseFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'not_a_report' }
  /** The document's bytes are withheld. */
  | { reason: 'not_available'; because: UnavailableReason }
  | InvalidFields;

export interface Released {
  document: Document;
  /** Ids of the people who are told; null: it was already released, and nobody is told again. */
  told: string[] | null;
}

export interface Recalled {
  document: Document;
  /** False: it was already a draft. */
  wasReleased: boolean;
}

/** An active member of the organisation that the booking belongs to. */
export interface ReleaseCandidate {
  id: string;
  name: string;
  email: string;
  /** Is told unless the caller names the recipients. */
  isUsual: boolean;
}

/** Who may be told of a release. Null: the document is unknown or no report, or the actor may not release it. */
export async function releaseCandidates(
  deps: Pick<DocumentDeps, 'db' | 'audit'>,
  actor: Actor,
  id: string,
): Promise<ReleaseCandidate[] | null> {
  const document = await findVisibleDocument(deps, actor, id);
  const booking = document && (await findBooking(deps.db, document.bookingId));
  if (!booking || document.category !== 'report' || !mayRelease(actor.viewer)) return null;
  return candidatesOf(deps.db, booking);
}

/**
 * Changes nothing and tells nobody when the report is already released.
 * @param recipients user ids of who is told by e-mail; null: the booking's usual recipients
 */
export async function releaseReport(
  deps: DocumentDeps,
  actor: Actor,
  id: string,
  recipients: readonly string[] | null,
): Promise<Result<Released, ReleaseFailure>> {
  const released = await withLockedReport<Released>(deps, actor, id, async (trx, document, booking) => {
    if (document.releasedAt) return ok({ document, told: null });
    const because = unavailableReason(document);
    if (because) return failure({ reason: 'not_available', because });
    const told = checkRecipients(await candidatesOf(trx, booking), recipients);
    if (!told.ok) return told;
    const [{ releases } = { releases: 0 }] = await trx('documents')
      .where({ id })
      .update({
        // The transaction's time; the e-mails about this release have the same: see src/email/email.documents.ts.
        released_at: trx.fn.now(),
        released_by_id: actor.viewer.userId,
        releases: trx.raw('releases + 1'),
      })
      .returning('releases');
    await deps.audit.record(trx, auditActor(actor), {
      action: 'document.released',
      resourceType: 'document',
      resourceId: id,
      metadata: { bookingId: booking.id, recipients: told.value },
    });
    await deps.announce(trx, {
      kind: 'report_ready',
      bookingId: booking.id,
      documentId: id,
      occasion: `${id}:${releases}`,
      recipientIds: told.value,
      exceptId: actor.viewer.userId,
    });
    await deps.onStep?.('release_written');
    return ok({ document: await reread(trx, id), told: told.value });
  });
  await deps.onStep?.('release_committed');
  return released;
}

/** Changes nothing when the report is a draft. */
export async function recallReport(
  deps: DocumentDeps,
  actor: Actor,
  id: string,
): Promise<Result<Recalled, ReleaseFailure>> {
  return withLockedReport<Recalled>(deps, actor, id, async (trx, document, booking) => {
    if (!document.releasedAt) return ok({ document, wasReleased: false });
    await trx('documents').where({ id }).update({ released_at: null, released_by_id: null });
    await deps.audit.record(trx, auditActor(actor), {
      action: 'document.recalled',
      resourceType: 'document',
      resourceId: id,
      metadata: { bookingId: booking.id, releasedAt: document.releasedAt.toISOString() },
    });
    return ok({ document: await reread(trx, id), wasReleased: true });
  });
}

/** Locks the booking first, as uploads do, so that its organisation cannot change meanwhile. */
async function withLockedReport<T>(
  deps: DocumentDeps,
  actor: Actor,
  id: string,
  change: (trx: Transaction, document: Document, booking: Booking) => Promise<Result<T, ReleaseFailure>>,
): Promise<Result<T, ReleaseFailure>> {
  const seen = await findVisibleDocument(deps, actor, id);
  if (!seen) return failure({ reason: 'not_found' });
  if (!mayRelease(actor.viewer)) return failure({ reason: 'forbidden' });
  if (seen.category !== 'report') return failure({ reason: 'not_a_report' });
  return deps.db.transaction(async (trx): Promise<Result<T, ReleaseFailure>> => {
    const booking = await lockBooking(trx, seen.bookingId);
    const document = await lockDocument(trx, id);
    if (!booking || !document) return failure({ reason: 'not_found' });
    // Somebody may have changed the category since.
    return document.category === 'report'
      ? change(trx, document, booking)
      : failure({ reason: 'not_a_report' });
  });
}

export async function candidatesOf(db: Queryable, booking: Booking): Promise<ReleaseCandidate[]> {
  if (!booking.organization) return [];
  const members = await activeMembers(db, booking.organization.id);
  const concerned = (await contactsOf(db, booking.id)).map(({ userId }) => userId);
  const usual = new Set([...concerned, booking.createdBy?.id]);
  return members.map((member) => ({ ...member, isUsual: usual.has(member.id) }));
}

/** @param recipients null: the usual ones */
export function checkRecipients(
  candidates: readonly ReleaseCandidate[],
  recipients: readonly string[] | null,
): Result<string[], Extract<ReleaseFailure, { reason: 'invalid' }>> {
  if (!recipients) return ok(candidates.filter(({ isUsual }) => isUsual).map(({ id }) => id));
  const errors = recipients.flatMap((recipient, index) =>
    candidates.some(({ id }) => id === recipient)
      ? []
      : [{ path: `recipients.${index}`, message: 'Choose an active member of the booking’s organisation' }],
  );
  return errors.length > 0 ? failure({ reason: 'invalid', errors }) : ok([...new Set(recipients)]);
}

async function reread(trx: Transaction, id: string): Promise<Document> {
  const document = await findDocument(trx, id);
  if (!document) throw new Error(`Document ${id} was locked and cannot be found`);
  return document;
}

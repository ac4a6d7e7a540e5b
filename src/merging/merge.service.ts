import { auditActor, type Actor } from '../accounts/index.ts';
import { attributeChanges, type AuditLog } from '../audit/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { isMergedAway, lockMerges } from '../db/merges.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import {
  countMoves,
  findMergeable,
  insertMerge,
  listMerges,
  lockMerge,
  markUndone,
  moveAll,
  moveBack,
  moveBackLateBookings,
  undoUntil,
} from './merge.repository.ts';
import type { Merge, MergeFailure, MergeKind, MergePreview, Mergeable, UndoFailure } from './merge.ts';

export interface MergeRequest {
  kind: MergeKind;
  /** The record to merge away: a referrer's e-mail address or id, an organisation's name or id. */
  from: string;
  /** The record that remains. */
  into: string;
}

export interface MergeService {
  /** What a merge would do; changes nothing. */
  preview(request: MergeRequest): Promise<Result<MergePreview, MergeFailure>>;
  /** Moves everything to the target, in one transaction. A merged referrer can no longer sign in. */
  merge(actor: Actor, request: MergeRequest, reason: string): Promise<Result<{ id: string }, MergeFailure>>;
  /** Within 30 days: moves back what was moved; what was added since stays. */
  undo(actor: Actor, mergeId: string): Promise<Result<null, UndoFailure>>;
  list(): Promise<Merge[]>;
}

export interface MergeDeps {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  ids: Ids;
}

export function createMergeService(deps: MergeDeps): MergeService {
  const { db } = deps;
  return {
    preview: (request) => previewOf(db, request),

    merge: (actor, request, reason) => db.transaction((trx) => mergeIn(trx, deps, actor, request, reason)),

    async undo(actor, mergeId) {
      try {
        return await db.transaction((trx) => undoIn(trx, deps, actor, mergeId));
      } catch (error) {
        // Rolled back: an undo is complete or does nothing.
        if (violatedConstraint(error) !== null) return failure({ reason: 'changed_since' });
        throw error;
      }
    },

    list: () => listMerges(db),
  };
}

async function previewOf(db: Queryable, request: MergeRequest): Promise<Result<MergePreview, MergeFailure>> {
  const { kind } = request;
  const from = await findMergeable(db, kind, request.from);
  if (!from) return failure({ reason: 'unknown', which: 'from' });
  const into = await findMergeable(db, kind, request.into);
  if (!into) return failure({ reason: 'unknown', which: 'into' });
  if (from.id === into.id) return failure({ reason: 'same' });
  if ((await isMergedAway(db, from.id)) || (await isMergedAway(db, into.id)))
    return failure({ reason: 'merged_already' });
  if (kind === 'referrer' && !(await shareOrganization(db, from, into))) {
    return failure({ reason: 'other_organization' });
  }
  return ok({ kind, from, into, moves: await countMoves(db, kind, from.id) });
}

/** A referrer who has left has no organisation: their bookings decide. */
async function shareOrganization(db: Queryable, from: Mergeable, into: Mergeable): Promise<boolean> {
  const home = into.organization?.id;
  if (home === undefined || (from.organization && from.organization.id !== home)) return false;
  const elsewhere = await db('bookings')
    .where('created_by_id', from.id)
    .whereNot('organization_id', home)
    .first('id');
  return elsewhere === undefined;
}

async function mergeIn(
  trx: Transaction,
  { audit, ids }: MergeDeps,
  actor: Actor,
  request: MergeRequest,
  reason: string,
): Promise<Result<{ id: string }, MergeFailure>> {
  // Serialises merges: two crosswise merges would each merge the other's target away.
  await lockMerges(trx);
  const found = await previewOf(trx, request);
  if (!found.ok) return found;
  const { kind, from, into } = found.value;
  const id = ids.uuid();
  await attributeChanges(trx, auditActor(actor), { merge: id });
  const moved = await moveAll(trx, kind, from.id, into.id);
  if (kind === 'referrer') await deactivate(trx, from.id);
  await insertMerge(trx, {
    id,
    kind,
    from_id: from.id,
    into_id: into.id,
    from_name: from.name,
    into_name: into.name,
    reason,
    moved,
    made_by_id: actor.viewer.userId,
  });
  const counts = Object.fromEntries(Object.entries(moved).map(([column, rows]) => [column, rows.length]));
  const entry = { action: 'record.changed', resourceType: resourceTypes[kind] } as const;
  const by = auditActor(actor);
  const metadata = { merge: id, moved: counts, reason };
  await audit.record(trx, by, { ...entry, resourceId: from.id, metadata: { ...metadata, into: into.id } });
  await audit.record(trx, by, { ...entry, resourceId: into.id, metadata: { ...metadata, from: from.id } });
  return ok({ id });
}

async function undoIn(
  trx: Transaction,
  { audit, clock }: MergeDeps,
  actor: Actor,
  mergeId: string,
): Promise<Result<null, UndoFailure>> {
  await lockMerges(trx);
  const merge = await lockMerge(trx, mergeId);
  if (!merge) return failure({ reason: 'not_found' });
  if (merge.undone_at) return failure({ reason: 'undone_already' });
  const now = clock.now();
  if (now > undoUntil(merge.made_at)) return failure({ reason: 'too_late' });
  if (await isMergedAway(trx, merge.into_id)) return failure({ reason: 'merged_on' });
  const by = auditActor(actor);
  const metadata = { mergeUndone: merge.id };
  await attributeChanges(trx, by, metadata);
  await markUndone(trx, merge.id, actor.viewer.userId, now);
  await moveBack(trx, merge);
  await moveBackLateBookings(trx, merge);
  if (merge.kind === 'referrer') await reactivate(trx, merge.from_id);
  const { from_id: from, into_id: into } = merge;
  const entry = { action: 'record.changed', resourceType: resourceTypes[merge.kind] } as const;
  await audit.record(trx, by, { ...entry, resourceId: from, metadata: { ...metadata, into } });
  await audit.record(trx, by, { ...entry, resourceId: into, metadata: { ...metadata, from } });
  return ok(null);
}

const resourceTypes = { referrer: 'user', organization: 'organization' } as const;

const banReason = 'merged';

/** Signs the person out: every request reads its session from the database. */
async function deactivate(trx: Transaction, userId: string): Promise<void> {
  await trx('users').where({ id: userId, banned: false }).update({ banned: true, ban_reason: banReason });
  await trx('sessions').where({ user_id: userId }).delete();
}

/** A person who was deactivated for another reason stays deactivated. */
async function reactivate(trx: Transaction, userId: string): Promise<void> {
  await trx('users').where({ id: userId, ban_reason: banReason }).update({ banned: false, ban_reason: null });
}

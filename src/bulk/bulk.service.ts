// Bulk actions: first listed with a count, then begun, watched and stopped. A worker does the records one by one
// (bulk.work.ts).
import { auditActor, isStaff, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { continueBulkActionJob } from './bulk.jobs.ts';
import { findBulkAction, insertBulkAction, lockBulkAction } from './bulk.repository.ts';
import { bulkRights, type BulkAction, type BulkInput, type BulkKind, type ListedRecord } from './bulk.ts';

export interface BulkDeps {
  db: Database;
  audit: AuditLog;
  jobs: JobQueue;
  ids: Ids;
}

export type BulkFailure = {
  reason: 'not_found' | 'forbidden' | 'begun_already' | 'nothing_to_do' | 'not_running';
};

export interface BulkActions {
  /**
   * Lists the records once: what the count says is what will be done. Filters are not kept, since they may hold health
   * information.
   * @param list reads the records in the transaction that stores them
   */
  prepare(
    actor: Actor,
    kind: BulkKind,
    list: (trx: Transaction) => Promise<{ records: ListedRecord[]; isCut: boolean }>,
  ): Promise<Result<string, BulkFailure>>;
  find(id: string): Promise<BulkAction | null>;
  /** Only whoever listed it begins it. */
  begin(actor: Actor, id: string, input: BulkInput): Promise<Result<null, BulkFailure>>;
  /** Anybody who may begin one stops it. The record in hand is finished first. */
  stop(actor: Actor, id: string): Promise<Result<null, BulkFailure>>;
}

export function mayDoInBulk({ viewer }: Pick<Actor, 'viewer'>, kind: BulkKind): boolean {
  return bulkRights[kind] === 'admin' ? mayAdminister(viewer) : isStaff(viewer);
}

export function createBulkActions({ db, audit, jobs, ids }: BulkDeps): BulkActions {
  const note = (
    trx: Transaction,
    actor: Actor,
    id: string,
    metadata: Record<string, unknown>,
  ): Promise<void> =>
    audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'bulk_action',
      resourceId: id,
      metadata,
    });

  return {
    async prepare(actor, kind, list) {
      if (!mayDoInBulk(actor, kind)) return failure({ reason: 'forbidden' });
      const id = ids.uuid();
      await db.transaction(async (trx) => {
        const { records, isCut } = await list(trx);
        await insertBulkAction(trx, { id, kind, madeById: actor.viewer.userId, isCut, records });
      });
      return ok(id);
    },

    find: async (id) => (isUuid(id) ? findBulkAction(db, id) : null),

    async begin(actor, id, input) {
      if (!isUuid(id)) return failure({ reason: 'not_found' });
      return db.transaction(async (trx): Promise<Result<null, BulkFailure>> => {
        const action = await lockBulkAction(trx, id);
        if (!action) return failure({ reason: 'not_found' });
        if (!mayDoInBulk(actor, action.kind) || action.made_by_id !== actor.viewer.userId)
          return failure({ reason: 'forbidden' });
        if (action.state !== 'prepared') return failure({ reason: 'begun_already' });
        const [waiting] = await trx('bulk_items')
          .where({ bulk_action_id: id, state: 'waiting' })
          .count<{ n: string | number }[]>({ n: '*' });
        const records = Number(waiting?.n ?? 0);
        if (records === 0) return failure({ reason: 'nothing_to_do' });
        await trx('bulk_actions')
          .where({ id })
          .update({
            state: 'running',
            begun_at: trx.raw('clock_timestamp()'),
            input: JSON.stringify(input),
            request: JSON.stringify(actor.request),
          });
        await jobs.add(continueBulkActionJob, { bulkActionId: id }, { trx, key: jobKey(id) });
        await note(trx, actor, id, { change: 'begun', kind: action.kind, records, ...input });
        return ok(null);
      });
    },

    async stop(actor, id) {
      if (!isUuid(id)) return failure({ reason: 'not_found' });
      return db.transaction(async (trx): Promise<Result<null, BulkFailure>> => {
        const action = await lockBulkAction(trx, id);
        if (!action) return failure({ reason: 'not_found' });
        if (!mayDoInBulk(actor, action.kind)) return failure({ reason: 'forbidden' });
        if (action.state !== 'running') return failure({ reason: 'not_running' });
        const ended_at = trx.raw('clock_timestamp()');
        await trx('bulk_actions')
          .where({ id })
          .update({ state: 'stopped', ended_at, stopped_by_id: actor.viewer.userId });
        await note(trx, actor, id, { change: 'stopped', kind: action.kind });
        return ok(null);
      });
    },
  };
}

export const jobKey = (id: string): string => `bulk:${id}`;

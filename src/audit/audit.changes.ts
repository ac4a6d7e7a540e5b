import type { Transaction } from '../db/knex.ts';
import type { AuditActor } from './audit.ts';

/**
 * Who makes the changes of this transaction, and what is to be said of each: every changed row that nobody records by
 * itself stands in the log with it. For changes of many rows at once; without it such a row has nobody's name.
 */
export async function sayOfChanges(
  trx: Transaction,
  { actorId, actingAsId, request }: AuditActor,
  metadata: Record<string, unknown>,
): Promise<void> {
  const said = {
    actorId,
    actingAsId,
    metadata,
    ip: request?.ip,
    userAgent: request?.userAgent?.slice(0, 400),
    requestId: request?.requestId,
  };
  await trx.raw(`select set_config('examdesk.changes', ?, true)`, [JSON.stringify(said)]);
}

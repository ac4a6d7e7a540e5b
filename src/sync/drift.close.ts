// Staff have looked at a difference, and leave it as it is.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { isUuid } from '../lib/uuid.ts';
import { isOpenDifference } from './drift.superseded.ts';

export type Closed = 'closed' | 'not_found' | 'not_open' | 'forbidden';

/** `not_open`: repaired, superseded by a later reconciliation, or closed already. */
export async function closeDifference(
  { db, audit }: { db: Database; audit: AuditLog },
  actor: Actor,
  itemId: string,
): Promise<Closed> {
  if (!mayAdminister(actor.viewer)) return 'forbidden';
  if (!isUuid(itemId)) return 'not_found';
  return db.transaction(async (trx) => {
    const item = await trx('drift_items')
      .where({ id: itemId })
      .forUpdate()
      .first<{ report_id: string; difference: string; is_open: boolean } | undefined>(
        'report_id',
        'difference',
        trx.raw(`${isOpenDifference('drift_items')} as is_open`),
      );
    if (!item) return 'not_found';
    if (!item.is_open) return 'not_open';
    await trx('drift_items')
      .where({ id: itemId })
      .update({ closed_at: trx.raw('clock_timestamp()'), closed_by_id: actor.viewer.userId });
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'drift_item',
      resourceId: itemId,
      metadata: { change: 'closed', difference: item.difference, reportId: item.report_id },
    });
    return 'closed';
  });
}

/**
 * What was closed stays closed while each reconciliation finds it again, for the same reason and with the same value in
 * Acuity. Values under different keys, or none, cannot be compared: then it stays closed. Call it before the items of
 * earlier runs are superseded.
 */
export async function keepClosed(trx: Transaction, reportId: string): Promise<void> {
  await trx.raw(
    `update drift_items i set closed_at = e.closed_at, closed_by_id = e.closed_by_id
     from drift_items e
     where i.report_id = ? and i.state = 'left' and i.closed_at is null
       and e.report_id <> i.report_id and e.state = 'left' and not e.superseded and e.closed_at is not null
       and e.difference = i.difference and e.reason is not distinct from i.reason
       and (e.value_digest = i.value_digest
         or split_part(e.value_digest, ':', 2) is distinct from split_part(i.value_digest, ':', 2)
         or e.value_digest is null)
       and (e.appointment_id = i.appointment_id or e.specialist_id = i.specialist_id)`,
    [reportId],
  );
}

import type { Queryable, Transaction } from '../db/knex.ts';
import { admitRefusal } from './audit.refusals.ts';
import type { AuditAction, AuditActor, AuditEntry } from './audit.ts';

/** The append-only log. Give it the transaction of what it records: both are there or neither is. */
export interface AuditLog {
  record(trx: Queryable, actor: AuditActor, entry: AuditEntry): Promise<void>;
}

export const auditLog: AuditLog = {
  async record(trx, actor, entry) {
    const { action } = entry;
    // What a door refuses, strangers and programs can repeat without end.
    if (isLimited(action) && !(await admitRefusal(trx, actor, { ...entry, action }))) return;
    await trx('audit_log').insert({
      actor_id: actor.actorId,
      acting_as_id: actor.actingAsId,
      action: entry.action,
      resource_type: entry.resourceType,
      resource_id: entry.resourceId,
      outcome: entry.outcome ?? 'success',
      metadata: JSON.stringify(entry.metadata ?? {}),
      ip: actor.request?.ip ?? null,
      user_agent: actor.request?.userAgent?.slice(0, 400) ?? null,
      request_id: actor.request?.requestId ?? null,
    });
  },
};

type Limited = 'auth.sign_in_failed' | 'auth.two_factor_failed' | 'access.denied';

/** A refused webhook is admitted with the row of its event (src/webhooks). */
function isLimited(action: AuditAction): action is Limited {
  return ['auth.sign_in_failed', 'auth.two_factor_failed', 'access.denied'].includes(action);
}

/**
 * Who makes the changes of this transaction, and what is to be said of each: every changed row that nobody records by
 * itself stands in the log with it. For changes of many rows at once; without it such a row has nobody's name.
 */
export async function attributeChanges(
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

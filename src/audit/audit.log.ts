import type { Queryable, Transaction } from '../db/knex.ts';
import type { Statement, Statements } from '../db/statements.ts';
import { admitRefusal } from './audit.refusals.ts';
import type { AuditAction, AuditActor, AuditEntry } from './audit.ts';

/** The append-only log. Pass the transaction of the recorded change: both commit or neither does. */
export interface AuditLog {
  record(trx: Queryable, actor: AuditActor, entry: AuditEntry): Promise<void>;
  /** For what was read, where there is no transaction: the same row, in a prepared statement. */
  recordAlone(statements: Statements, actor: AuditActor, entry: UnlimitedEntry): Promise<void>;
}

/** An entry of which nobody can cause many by being refused. */
type UnlimitedEntry = AuditEntry & { action: Exclude<AuditAction, Limited> };

export const auditLog: AuditLog = {
  async record(trx, actor, entry) {
    const { action } = entry;
    // Anyone can repeat a refused request without end.
    if (isLimited(action) && !(await admitRefusal(trx, actor, { ...entry, action }))) return;
    await trx('audit_log').insert(rowOf(actor, entry));
  },

  async recordAlone(statements, actor, entry) {
    const row = rowOf(actor, entry);
    await statements.rows(
      insertion,
      columns.map((column) => row[column]),
    );
  },
};

function rowOf(actor: AuditActor, entry: AuditEntry) {
  return {
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
  };
}

const columns = [
  'actor_id',
  'acting_as_id',
  'action',
  'resource_type',
  'resource_id',
  'outcome',
  'metadata',
  'ip',
  'user_agent',
  'request_id',
] as const satisfies (keyof ReturnType<typeof rowOf>)[];

const insertion: Statement = {
  name: 'audit row',
  text: `insert into audit_log (${columns.join(', ')}) values (${columns.map((_, at) => `$${at + 1}`).join(', ')})`,
};

type Limited = 'auth.sign_in_failed' | 'auth.two_factor_failed' | 'access.denied';

/** Refused webhooks are limited where their event is stored (src/webhooks). */
function isLimited(action: AuditAction): action is Limited {
  return ['auth.sign_in_failed', 'auth.two_factor_failed', 'access.denied'].includes(action);
}

/**
 * For changes of many rows at once: names the author and the metadata for every row that this transaction changes
 * without an audit row of its own. Triggers write those rows; without this call they name nobody.
 */
export async function attributeChanges(
  trx: Transaction,
  { actorId, actingAsId, request }: AuditActor,
  metadata: Record<string, unknown>,
): Promise<void> {
  const raw = {
    actorId,
    actingAsId,
    metadata,
    ip: request?.ip,
    userAgent: request?.userAgent?.slice(0, 400),
    requestId: request?.requestId,
  };
  await trx.raw(`select set_config('examdesk.changes', ?, true)`, [JSON.stringify(raw)]);
}

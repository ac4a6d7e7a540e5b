import type { Queryable, Transaction } from '../db/knex.ts';
import { sendTogether, type Query } from '../db/statements.ts';
import { admitRefusal } from './audit.refusals.ts';
import type { AuditAction, AuditActor, AuditEntry } from './audit.ts';

/** The append-only log. Pass the transaction of the recorded change: both commit or neither does. */
export interface AuditLog {
  record(trx: Queryable, actor: AuditActor, entry: AuditEntry): Promise<void>;
  /** The query of `record`, to be sent together with the change (src/db/statements.ts). */
  recordQuery(actor: AuditActor, entry: UnlimitedEntry): Query;
}

export const auditLog: AuditLog = {
  async record(trx, actor, entry) {
    const { action } = entry;
    // Anyone can repeat a refused request without end.
    if (isLimited(action) && !(await admitRefusal(trx, actor, { ...entry, action }))) return;
    await sendTogether(trx, recordQuery(actor, entry));
  },
  recordQuery,
};

function recordQuery(actor: AuditActor, entry: AuditEntry): Query {
  return { name: 'record in the audit log', text: auditInsertion(1, 'true'), values: valuesOf(actor, entry) };
}

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

const columnTypes = {
  actor_id: 'uuid',
  acting_as_id: 'uuid',
  action: 'text',
  resource_type: 'text',
  resource_id: 'text',
  outcome: 'text',
  metadata: 'jsonb',
  ip: 'text',
  user_agent: 'text',
  request_id: 'text',
} as const satisfies Record<keyof ReturnType<typeof rowOf>, string>;
const columns = Object.keys(columnTypes) as (keyof typeof columnTypes)[];

/**
 * SQL for a statement that reads a record and also records that it was read: `with recorded as (…)`. It saves a commit and a
 * round trip.
 * @param first the number of the first parameter for `auditValues`
 * @param where SQL: whether to record
 */
export function auditInsertion(first: number, where: string): string {
  const given = columns.map((column, at) => `$${first + at}::${columnTypes[column]}`);
  return `insert into audit_log (${columns.join(', ')}) select ${given.join(', ')} where ${where} returning 1`;
}

export function auditValues(actor: AuditActor, entry: UnlimitedEntry): unknown[] {
  return valuesOf(actor, entry);
}

function valuesOf(actor: AuditActor, entry: AuditEntry): unknown[] {
  const row = rowOf(actor, entry);
  return columns.map((column) => row[column]);
}

/** An entry that is no refusal. Refusals are limited, because anyone can cause them without end: use `record` for them. */
export type UnlimitedEntry = AuditEntry & { action: Exclude<AuditAction, Limited> };

/** Refused webhooks are limited where their event is stored (src/webhooks). */
const limited = ['auth.sign_in_failed', 'auth.two_factor_failed', 'access.denied'] as const;
type Limited = (typeof limited)[number];

function isLimited(action: AuditAction): action is Limited {
  return (limited as readonly string[]).includes(action);
}

/**
 * Call it before changes of many rows at once. Triggers write an audit row for each changed row that has none; this gives
 * them the author and the metadata. Without this call those rows name nobody.
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

// Refused requests must not fill the log, which is append only. Each source (an account or an address) gets a row for
// each of its first refusals in a minute; the rest of the minute becomes one row with a count. Beyond the first sources
// all others share one count, so many addresses do not fill it faster.
import { networkOf } from '../lib/addresses.ts';
import type { Database, Queryable } from '../db/knex.ts';
import type { AuditAction, AuditActor, AuditEntry } from './audit.ts';

/** Rows in a minute for one action. */
export const refusalLimits = { perSource: 20, perAccount: 60, sources: 20 };

const outcomes = {
  'auth.sign_in_failed': 'failure',
  'auth.two_factor_failed': 'failure',
  'webhook.rejected': 'denied',
  'access.denied': 'denied',
} as const satisfies Partial<Record<AuditAction, AuditEntry['outcome']>>;

type Refusal = keyof typeof outcomes;

/** The shared count of all sources beyond the first. */
const anySource = '*';

/** Counts a refusal. False past the limit: then writeRefusalCounts writes only the count. */
export async function admitRefusal(
  db: Queryable,
  { actorId, actingAsId, request }: AuditActor,
  { action, resourceType }: { action: Refusal; resourceType: AuditEntry['resourceType'] },
): Promise<boolean> {
  const own = actorId === null ? networkOf(request?.ip ?? null) : `${actorId} ${actingAsId ?? ''}`;
  const isMany = actorId === null && (await hasManyOthers(db, action, resourceType, own));
  const { rows } = await db.raw<{ rows: { count: number }[] }>(
    `insert into refusal_counts (action, resource_type, minute, source, actor_id, acting_as_id, ip)
      values (:action, :resourceType, date_trunc('minute', clock_timestamp()), :source, :actorId, :actingAsId, :ip)
      on conflict (action, resource_type, minute, source) do update set count = refusal_counts.count + 1
      returning count`,
    {
      action,
      resourceType,
      actorId,
      actingAsId,
      source: isMany ? anySource : own,
      ip: isMany ? null : (request?.ip ?? null),
    },
  );
  return (rows[0]?.count ?? 0) <= limitOf(actorId);
}

async function hasManyOthers(
  db: Queryable,
  action: Refusal,
  resourceType: string,
  own: string,
): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { others: number }[] }>(
    `select count(*)::int as others from (
       select from refusal_counts
        where action = :action and resource_type = :resourceType
          and minute = date_trunc('minute', clock_timestamp()) and source not in (:own, :anySource)
        limit :most) as seen`,
    { action, resourceType, own, anySource, most: refusalLimits.sources },
  );
  return (rows[0]?.others ?? 0) >= refusalLimits.sources;
}

const limitOf = (actorId: string | null): number =>
  actorId === null ? refusalLimits.perSource : refusalLimits.perAccount;

/** Runs each minute: writes the counts of past minutes. @returns how many rows */
export async function writeRefusalCounts(db: Database): Promise<number> {
  return db.transaction(async (trx) => {
    const over = await trx('refusal_counts')
      .whereRaw(`minute < date_trunc('minute', clock_timestamp())`)
      .delete()
      .returning<
        {
          action: Refusal;
          resource_type: string;
          minute: Date;
          actor_id: string | null;
          acting_as_id: string | null;
          ip: string | null;
          count: number;
        }[]
      >('*');
    const told = over.filter(({ actor_id, count }) => count > limitOf(actor_id));
    if (told.length === 0) return 0;
    await trx('audit_log').insert(
      told.map(({ minute, count, actor_id, ...row }) => ({
        action: row.action,
        resource_type: row.resource_type,
        resource_id: null,
        actor_id,
        acting_as_id: row.acting_as_id,
        ip: row.ip,
        outcome: outcomes[row.action],
        metadata: JSON.stringify({ further: count - limitOf(actor_id), minute: minute.toISOString() }),
      })),
    );
    return told.length;
  });
}

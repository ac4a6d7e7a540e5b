import type { RequestFacts } from '../audit/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import type { BulkAction, BulkInput, BulkKind, ListedRecord, Outcome } from './bulk.ts';

const insertedAtOnce = 1_000;

export async function insertBulkAction(
  trx: Transaction,
  action: { id: string; kind: BulkKind; madeById: string; isCut: boolean; records: readonly ListedRecord[] },
): Promise<void> {
  const { id, kind, records } = action;
  await trx('bulk_actions').insert({ id, kind, made_by_id: action.madeById, is_cut: action.isCut });
  const items = records.map(({ id: recordId, seen, skipped }, place) => ({
    bulk_action_id: id,
    place,
    record_id: recordId,
    seen,
    state: skipped === null ? ('waiting' as const) : ('skipped' as const),
    reason: skipped,
  }));
  for (let from = 0; from < items.length; from += insertedAtOnce)
    await trx('bulk_items').insert(items.slice(from, from + insertedAtOnce));
}

type BulkRow = RowOf<'bulk_actions', { kind: BulkKind; input: BulkInput; request: RequestFacts | null }>;

const shownIds = 20;

export async function findBulkAction(db: Queryable, id: string): Promise<BulkAction | null> {
  const row = await db('bulk_actions as a')
    .join('users as m', 'm.id', 'a.made_by_id')
    .leftJoin('users as s', 's.id', 'a.stopped_by_id')
    .where('a.id', id)
    .first<(BulkRow & { maker: string; stopper_id: string | null; stopper: string | null }) | undefined>(
      'a.*',
      'm.name as maker',
      's.id as stopper_id',
      's.name as stopper',
    );
  if (!row) return null;
  const { rows } = await db.raw<{
    rows: {
      state: 'waiting' | 'done' | 'skipped';
      reason: string | null;
      count: number;
      tried: number;
      ids: string[] | null;
    }[];
  }>(
    `select state, reason, count(*)::int as count, count(*) filter (where tries > 0)::int as tried,
       case when state = 'skipped' then (array_agg(record_id order by place))[1:${shownIds}] end as ids
     from bulk_items where bulk_action_id = ? group by state, reason order by count desc, reason`,
    [id],
  );
  const countOf = (state: string) =>
    rows.filter((part) => part.state === state).reduce((sum, { count }) => sum + count, 0);
  return {
    id,
    kind: row.kind,
    state: row.state,
    madeBy: { id: row.made_by_id, name: row.maker },
    stoppedBy: row.stopper_id && row.stopper ? { id: row.stopper_id, name: row.stopper } : null,
    input: row.input,
    isCut: row.is_cut,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    pausedUntil: row.state === 'running' ? row.paused_until : null,
    triedAlready: rows.find(({ state }) => state === 'waiting')?.tried ?? 0,
    counts: { waiting: countOf('waiting'), done: countOf('done'), skipped: countOf('skipped') },
    skipped: rows.flatMap(({ state, reason, count, ids }) =>
      state === 'skipped' ? [{ reason: reason ?? '', count, recordIds: ids ?? [] }] : [],
    ),
  };
}

/** Locks the row. */
export async function lockBulkAction(trx: Transaction, id: string): Promise<BulkRow | null> {
  const row = await trx('bulk_actions').where({ id }).forUpdate().first<BulkRow | undefined>();
  return row ?? null;
}

/** Prevents a stop until this transaction ends; several workers may do so. Null when the action is not running. */
export async function holdRunning(trx: Transaction, id: string): Promise<BulkRow | null> {
  const row = await trx('bulk_actions')
    .where({ id, state: 'running' })
    .forShare()
    .first<BulkRow | undefined>();
  return row ?? null;
}

export interface Item {
  place: number;
  record_id: string;
  seen: string;
  /** How often it was tried without success. */
  tries: number;
}

/** Locks the first record that no other worker holds. Those that failed come after all others. */
export async function takeItem(trx: Transaction, bulkActionId: string): Promise<Item | null> {
  const item = await trx('bulk_items')
    .where({ bulk_action_id: bulkActionId, state: 'waiting' })
    .orderBy(['tries', 'place'])
    .forUpdate()
    .skipLocked()
    .first<Item | undefined>('place', 'record_id', 'seen', 'tries');
  return item ?? null;
}

export async function countTry(db: Queryable, bulkActionId: string, { place, tries }: Item): Promise<void> {
  await db('bulk_items')
    .where({ bulk_action_id: bulkActionId, place, state: 'waiting', tries })
    .update({ tries: tries + 1 });
}

export async function settleItem(
  db: Queryable,
  bulkActionId: string,
  { place }: Item,
  outcome: Outcome,
): Promise<void> {
  await db('bulk_items')
    .where({ bulk_action_id: bulkActionId, place, state: 'waiting' })
    .update({
      ...(outcome === 'done' ? { state: 'done' } : { state: 'skipped', reason: outcome.skipped }),
      settled_at: db.raw('clock_timestamp()'),
    });
}

/** Keeps other bulk actions from working on the record until this transaction ends. */
export async function lockRecord(trx: Transaction, kind: BulkKind, recordId: string): Promise<void> {
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`bulk:${kind}:${recordId}`]);
}

/** Whether another bulk action of this kind has done the record after this one was listed. */
export async function isDoneByAnother(
  trx: Transaction,
  { id, kind, created_at: since }: Pick<BulkRow, 'id' | 'kind' | 'created_at'>,
  recordId: string,
): Promise<boolean> {
  const other = await trx('bulk_items as i')
    .join('bulk_actions as a', 'a.id', 'i.bulk_action_id')
    .where({ 'i.record_id': recordId, 'i.state': 'done', 'a.kind': kind })
    .whereNot('a.id', id)
    .where('i.settled_at', '>=', since)
    .first('i.place');
  return other !== undefined;
}

export async function touch(db: Queryable, id: string): Promise<void> {
  await db('bulk_actions')
    .where({ id, state: 'running' })
    .update({ worked_at: db.raw('clock_timestamp()'), paused_until: null });
}

export async function pause(db: Queryable, id: string, forMs: number): Promise<void> {
  await db('bulk_actions')
    .where({ id, state: 'running' })
    .update({ paused_until: db.raw(`clock_timestamp() + ? * interval '1 millisecond'`, [forMs]) });
}

/** The actions that are running and not paused, but that no worker has continued for this long. */
export async function abandoned(db: Queryable, quietMs: number): Promise<string[]> {
  return await db('bulk_actions')
    .where({ state: 'running' })
    .whereRaw(
      `greatest(coalesce(worked_at, begun_at), paused_until) < clock_timestamp() - ? * interval '1 millisecond'`,
      [quietMs],
    )
    .orderBy('created_at')
    .pluck('id');
}

/** Stops all running actions after a restore: records that wait in the backup may have been done since. */
export async function stopBulkActions(trx: Transaction): Promise<number> {
  return await trx('bulk_actions')
    .where({ state: 'running' })
    .update({ state: 'stopped', ended_at: trx.raw('clock_timestamp()') });
}

/** Removes actions that were not begun within a day, or that ended longer ago than an audit of a quarter needs. */
export async function removeOld(db: Queryable): Promise<number> {
  return await db('bulk_actions')
    .whereRaw(`state = 'prepared' and created_at < now() - interval '1 day'`)
    .orWhereRaw(`state in ('stopped', 'done') and created_at < now() - interval '90 days'`)
    .delete();
}

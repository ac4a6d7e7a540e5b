import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { tidyEmail } from '../lib/typed-email.ts';
import { isUuid } from '../lib/uuid.ts';
import {
  movedColumns,
  undoDays,
  type Merge,
  type Mergeable,
  type MergeKind,
  type MovedColumn,
} from './merge.ts';

type MergeRow = RowOf<'merges', { moved: Record<string, string[]> }>;

/** A referrer by e-mail address or id, an organisation by name or id. Null when there is none. */
export async function findMergeable(db: Queryable, kind: MergeKind, key: string): Promise<Mergeable | null> {
  const wanted = key.trim();
  const row = await (kind === 'referrer' ? referrers(db, wanted) : organizations(db, wanted)).first<
    | {
        id: string;
        name: string;
        email: string | null;
        organization_id: string | null;
        organization: string | null;
      }
    | undefined
  >();
  if (!row) return null;
  const { id, name, email } = row;
  const organization =
    row.organization_id && row.organization ? { id: row.organization_id, name: row.organization } : null;
  return { id, name, email, organization };
}

function referrers(db: Queryable, wanted: string) {
  return db('users as u')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .leftJoin('organizations as o', 'o.id', 'm.organization_id')
    .where('u.role', 'referrer')
    .where(isUuid(wanted) ? { 'u.id': wanted } : { 'u.email': tidyEmail(wanted).toLowerCase() })
    .select({
      id: 'u.id',
      name: 'u.name',
      email: 'u.email',
      organization_id: 'o.id',
      organization: 'o.name',
    });
}

function organizations(db: Queryable, wanted: string) {
  return db('organizations as o')
    .where(isUuid(wanted) ? { 'o.id': wanted } : db.raw('fold_text(o.name) = fold_text(?)', [wanted]))
    .select({ id: 'o.id', name: 'o.name' })
    .select(db.raw('null as email, null as organization_id, null as organization'));
}

/** How many rows name this record, by column. */
export async function countMoves(
  db: Queryable,
  kind: MergeKind,
  fromId: string,
): Promise<{ column: MovedColumn; count: number }[]> {
  const counts: { column: MovedColumn; count: number }[] = [];
  for (const column of movedColumns[kind]) {
    const { table, field } = split(column);
    const [found] = await db(table).where(field, fromId).count({ n: '*' });
    counts.push({ column, count: Number(found?.n ?? 0) });
  }
  return counts;
}

/** @returns the ids of the moved rows, by column */
export async function moveAll(
  trx: Transaction,
  kind: MergeKind,
  fromId: string,
  intoId: string,
): Promise<Partial<Record<MovedColumn, string[]>>> {
  const moved: Partial<Record<MovedColumn, string[]>> = {};
  for (const column of movedColumns[kind]) {
    const { table, field } = split(column);
    const rows = await trx(table)
      .where(field, fromId)
      .update(change(trx, column, intoId))
      .returning<{ id: string }[]>('id');
    moved[column] = rows.map(({ id }) => id);
  }
  return moved;
}

/** Moves back only rows that still name the target: rows that were moved on since stay. */
export async function moveBack(trx: Transaction, merge: MergeRow): Promise<void> {
  for (const [column, ids] of Object.entries(merge.moved)) {
    const { table, field } = split(column as MovedColumn);
    await trx(table)
      .whereIn('id', ids)
      .where(field, merge.into_id)
      .update(change(trx, column as MovedColumn, merge.from_id));
  }
}

/**
 * Bookings that were requested for the merged record and made after the merge went to the target (attempt.adopt.ts).
 * Call it after the merge is marked as undone: merged_into() then follows earlier merges to this record.
 */
export async function moveBackLateBookings(trx: Transaction, merge: MergeRow): Promise<void> {
  // The column has the same name in attempts and bookings.
  const field = merge.kind === 'referrer' ? 'created_by_id' : 'organization_id';
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `update bookings b set ?? = ?, version = version + 1 from booking_attempts i
     where i.booking_id = b.id and i.kind = 'book' and i.settled_at >= ? and merged_into(i.??) = ? and b.?? = ?
     returning b.id`,
    [field, merge.from_id, merge.made_at, field, merge.from_id, field, merge.into_id],
  );
  if (merge.kind === 'organization') return;
  await trx('booking_progress')
    .whereIn(
      'booking_id',
      rows.map(({ id }) => id),
    )
    .where({ progress: 'scheduled', source: 'portal', changed_by_id: merge.into_id })
    .update({ changed_by_id: merge.from_id });
}

function change(trx: Transaction, column: MovedColumn, id: string): Record<string, unknown> {
  const { table, field } = split(column);
  const also = changedToo[table];
  return { [field]: id, ...(also && { [also.field]: trx.raw(also.value) }) };
}

const changedToo: Record<string, { field: string; value: string }> = {
  // Forms that are open on the booking report the change.
  bookings: { field: 'version', value: 'version + 1' },
  // Two people may have used the same key; who goes sends nothing a second time.
  booking_messages: { field: 'idempotency_key', value: 'id::text' },
};

function split(column: MovedColumn): { table: string; field: string } {
  const [table = '', field = ''] = column.split('.');
  return { table, field };
}

export async function insertMerge(
  trx: Transaction,
  row: Omit<MergeRow, 'made_at' | 'undone_at' | 'undone_by_id'>,
): Promise<void> {
  await trx('merges').insert({ ...row, moved: JSON.stringify(row.moved) });
}

/** Locks the row (`FOR UPDATE`). */
export async function lockMerge(trx: Transaction, id: string): Promise<MergeRow | undefined> {
  return isUuid(id) ? await trx('merges').where({ id }).forUpdate().first<MergeRow | undefined>() : undefined;
}

export async function markUndone(trx: Transaction, id: string, byId: string, at: Date): Promise<void> {
  await trx('merges').where({ id }).update({ undone_by_id: byId, undone_at: at });
}

/** The newest hundred. */
export async function listMerges(db: Queryable): Promise<Merge[]> {
  const rows = await db('merges as g')
    .join('users as u', 'u.id', 'g.made_by_id')
    .orderBy([
      { column: 'g.made_at', order: 'desc' },
      { column: 'g.id', order: 'desc' },
    ])
    .limit(100)
    .select<(MergeRow & { made_by_name: string })[]>('g.*', { made_by_name: 'u.name' });
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    from: { id: row.from_id, name: row.from_name },
    into: { id: row.into_id, name: row.into_name },
    reason: row.reason,
    madeBy: { id: row.made_by_id, name: row.made_by_name },
    madeAt: row.made_at,
    undoneAt: row.undone_at,
    undoUntil: row.undone_at ? null : undoUntil(row.made_at),
  }));
}

export function undoUntil(madeAt: Date): Date {
  return new Date(madeAt.getTime() + undoDays * 86_400_000);
}

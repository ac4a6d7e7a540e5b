// For repairing records that need attention one after the other: which is the next, and how many are left.
import type { Role } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import type { AttentionList } from './dashboard.attention.ts';
import { isFor } from './table.ts';
import { countRows, findRow, selectRows } from './table.query.ts';
import { tableNamed } from './tables.ts';

export interface NextRecord {
  label: string;
  /** The next record’s repair; null when there is none. */
  href: string | null;
  /** How many are left, without the record that was just looked at. Counted no further than lists count. */
  left: number;
  /** Whether the record that was just looked at still needs attention. */
  isOpen: boolean;
}

/** Whether this person repairs the records of the list one after the other. */
export function mayRepair(list: AttentionList, role: Role): boolean {
  const { repair, table } = list;
  return isFor(role, repair) && repair.next !== undefined && isFor(role, tableNamed(table));
}

/**
 * @param after the id of the record that was just looked at, repaired or not. The record behind it comes next; after the
 * last one, the first that was passed over
 */
export async function nextRecord(
  db: Database,
  list: AttentionList,
  after: string | null,
): Promise<NextRecord> {
  const { label, repair, filters } = list;
  if (repair.next === undefined || !('href' in repair)) throw new Error(`${list.id} has no next record`);
  const table = tableNamed(list.table);
  const keys = [`r.${repair.next}`, 'r.id'];
  const open = () => selectRows(db, table, filters);
  const first = (query: ReturnType<typeof open>) =>
    query.orderBy(keys).first<{ id: string | number } | undefined>('r.id');
  const behind = after === null ? null : await findRow(db, table, after);
  const id = (behind?.id ?? null) as string | null;
  const isOpen = id !== null && (await open().where('r.id', id).first('r.id')) !== undefined;
  // PostgreSQL compares the times, because a Date has no microseconds, and records of one transaction have the same time.
  const last = selectRows(db, table, {}).where('r.id', id).select(keys);
  const next =
    (id !== null && (await first(open().whereRaw('(??, ??) > ?', [...keys, last])))) ||
    (await first(open().whereNot('r.id', id)));
  if (!next) return { label, href: null, left: 0, isOpen };
  const count = await countRows(db, table, filters);
  const [path = '', anchor] = repair.href.replace('{next}', encodeURIComponent(String(next.id))).split('#');
  return {
    label,
    href: anchor ? `${path}#${anchor}` : `${path}?next=${list.id}`,
    left: count - (isOpen ? 1 : 0),
    isOpen,
  };
}

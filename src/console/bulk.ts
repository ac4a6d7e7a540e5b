// Which actions of the lists can be done for many records at once, and which of these records they would skip.
import type { Role } from '../accounts/index.ts';
import { bulkKinds, mostAtOnce, notOffered, type BulkKind, type ListedRecord } from '../bulk/index.ts';
import type { Queryable } from '../db/knex.ts';
import { isUuid } from '../lib/uuid.ts';
import { actionOf, isOffered, type ActionButton } from './actions.ts';
import { isFor, type Table } from './table.ts';
import { orderRows, searchOf, selectRows, type Filters, type Row } from './table.query.ts';
import { tableNamed } from './tables.ts';

interface BulkOffer {
  /** The columns that the rules below read. */
  columns: readonly string[];
  /** What must not have changed when the record's turn comes. */
  seen(row: Row): string;
  /** Why a record for which the list does not offer the action is skipped. */
  notOffered: string;
  /** Why a record is skipped although the list offers the action for it; null when it is done. */
  skips?(row: Row, role: Role): string | null;
}

const offers: Record<BulkKind, BulkOffer> = {
  'bookings/assign': {
    columns: ['version', 'status', 'needsReferrer', 'referrerId'],
    seen: (row) => String(row.version),
    notOffered: 'It is no longer active',
    skips: ({ referrerId }, role) =>
      referrerId !== null && role !== 'admin' ? 'It has its referrer already: an admin can change it' : null,
  },
  'bookings/assign-organization': {
    columns: ['version', 'needsReferrer', 'assigned'],
    seen: (row) => String(row.version),
    notOffered: 'It has its referrer already, or is no longer active',
    skips: ({ assigned }, role) =>
      assigned === true && role !== 'admin'
        ? 'It has its organisation already: an admin can change it'
        : null,
  },
  'emails/send-again': {
    columns: ['status'],
    seen: (row) => String(row.status),
    notOffered: notOffered.queued,
    skips: ({ status }) => (status === 'for_digest' ? 'It waits for the recipient’s digest' : null),
  },
  'webhook-events/replay': {
    columns: ['state'],
    seen: (row) => String(row.state),
    notOffered: notOffered.refused,
  },
  'drift-items/close': {
    columns: ['isStillDifferent'],
    seen: () => 'open',
    notOffered: notOffered.settled,
  },
};

export function bulkParts(kind: BulkKind): { table: Table; action: ActionButton } {
  const [tableId = '', name = ''] = kind.split('/');
  const action = actionOf(tableId, name);
  if (!action) throw new Error(`The console has no action ${kind}`);
  return { table: tableNamed(tableId), action };
}

/** What this role may do to many records of the list. */
export function bulkActionsOf(table: Table, role: Role): { kind: BulkKind; label: string }[] {
  if (!isFor(role, table)) return [];
  return bulkKinds
    .map((kind) => ({ kind, ...bulkParts(kind) }))
    .filter((one) => one.table.id === table.id && isFor(role, one.action))
    .map(({ kind, action: { label } }) => ({ kind, label }));
}

/** @param which ids, or the filters of the list */
export async function listForBulk(
  db: Queryable,
  kind: BulkKind,
  role: Role,
  which: { ids: readonly string[] } | { filters: Filters },
): Promise<{ records: ListedRecord[]; isCut: boolean }> {
  const { table, action } = bulkParts(kind);
  const offer = offers[kind];
  const filters = 'filters' in which ? which.filters : {};
  const query = selectRows(db, table, filters, await searchOf(db, filters, null));
  if ('ids' in which) void query.whereIn('r.id', which.ids.filter(isUuid));
  const rows = (await orderRows(query, table, table.sort)
    .select('id', ...offer.columns)
    .limit(mostAtOnce + 1)) as Row[];
  const records = rows.slice(0, mostAtOnce).map((row) => ({
    id: String(row.id),
    seen: offer.seen(row),
    skipped: isOffered(action, row) ? (offer.skips?.(row, role) ?? null) : offer.notOffered,
  }));
  return { records, isCut: rows.length > mostAtOnce };
}

/** What must not have changed when the record's turn comes. */
export function seenIn(kind: BulkKind, row: Row): string {
  return offers[kind].seen(row);
}

/** The records' names, by id. */
export async function titlesOf(
  db: Queryable,
  kind: BulkKind,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { table } = bulkParts(kind);
  const words = table.columns.find(({ name }) => name === table.title)?.words ?? {};
  const rows = await selectRows(db, table, {})
    .whereIn('r.id', ids)
    .select<{ id: string; title: string | null }[]>(
      'r.id',
      db.raw('??::text as title', [`r.${table.title}`]),
    );
  return new Map(rows.map(({ id, title }) => [id, words[title ?? ''] ?? title ?? '']));
}

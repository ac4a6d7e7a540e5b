// Merging two records of the same referrer or organisation into one, and undoing it.

export type MergeKind = 'referrer' | 'organization';

/** How long a merge can be undone. */
export const undoDays = 30;

/**
 * The columns that a merge moves to the target. All others that name a person are history and stay: the audit log, the
 * sessions, and who was at the keyboard (test/merging/merging.test.ts holds every foreign key
 * against this list).
 */
export const movedColumns = {
  referrer: [
    'bookings.created_by_id',
    'booking_progress.changed_by_id',
    'documents.uploaded_by_id',
    'booking_messages.created_by_id',
    'wait_entries.created_by_id',
  ],
  organization: [
    'members.organization_id',
    'bookings.organization_id',
    'invitations.organization_id',
    'account_links.organization_id',
    'wait_entries.organization_id',
  ],
} as const satisfies Record<MergeKind, readonly `${string}.${string}`[]>;
/** A column that names the merged record: `table.column`. */
export type MovedColumn = (typeof movedColumns)[MergeKind][number];

export interface Mergeable {
  id: string;
  name: string;
  /** A referrer's address; null for an organisation. */
  email: string | null;
  organization: { id: string; name: string } | null;
}

export interface MergePreview {
  kind: MergeKind;
  from: Mergeable;
  into: Mergeable;
  /** Rows that would move, by column. */
  moves: { column: MovedColumn; count: number }[];
}

export interface Merge {
  id: string;
  kind: MergeKind;
  from: { id: string; name: string };
  into: { id: string; name: string };
  reason: string;
  madeBy: { id: string; name: string };
  madeAt: Date;
  undoneAt: Date | null;
  /** Null when it is undone. */
  undoUntil: Date | null;
}

export type MergeFailure =
  | { reason: 'unknown'; which: 'from' | 'into' }
  | { reason: 'same' }
  /** The referrers are of different organisations: one would see the other's bookings. */
  | { reason: 'other_organization' }
  /** One of them was merged before. */
  | { reason: 'merged_already' };

export type UndoFailure =
  | { reason: 'not_found' }
  | { reason: 'undone_already' }
  | { reason: 'too_late' }
  /** The target was itself merged since: that merge has to be undone first. */
  | { reason: 'merged_on' }
  /** Moved rows have changed since, and a constraint forbids moving them back. */
  | { reason: 'changed_since' };

/** SQL: a column of the record that remains, until the merge is undone. @param id an expression, of the merged record */
export const ofRemaining = (table: 'users' | 'organizations', id: string, column: 'id' | 'name'): string =>
  `(select n.${column} from merges g join ${table} n on n.id = g.into_id where g.from_id = ${id} and g.undone_at is null)`;

// Two records of the same referrer, or of the same organisation, made one; and that taken back.

export type MergeKind = 'referrer' | 'organization';

/** How long a merge can be taken back. */
export const undoDays = 30;

/** A column that names the merged record: `table.column`. */
export type MovedColumn = `${string}.${string}`;

/**
 * What goes over to the record that stays. Everything else that names a person stays as it was: the audit log, the
 * sessions, and who was at the keyboard are history (test/merging/merging.test.ts holds every foreign key
 * against this list).
 */
export const movedColumns: Record<MergeKind, readonly MovedColumn[]> = {
  referrer: ['bookings.created_by_id', 'booking_progress.changed_by_id', 'documents.uploaded_by_id'],
  organization: [
    'members.organization_id',
    'bookings.organization_id',
    'invitations.organization_id',
    'account_links.organization_id',
  ],
};

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
  /** Rows that would go over, by column. */
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
  /** Null when it is undone already. */
  undoUntil: Date | null;
}

export type MergeFailure =
  | { reason: 'unknown'; which: 'from' | 'into' }
  | { reason: 'same' }
  /** Two referrers of different organisations: each would come to see the other's bookings. */
  | { reason: 'other_organization' }
  /** It was merged away before, or is the target of a merge that would have to be undone first. */
  | { reason: 'merged_already' };

export type UndoFailure =
  | { reason: 'not_found' }
  | { reason: 'undone_already' }
  | { reason: 'too_late' }
  /** The record it went into was itself merged away since: that has to be undone first. */
  | { reason: 'merged_on' }
  /** What went over has been changed since, so that the database does not take it back as it was. */
  | { reason: 'changed_since' };

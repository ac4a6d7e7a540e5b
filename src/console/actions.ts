// What staff can do to a record or a list. AdminJS shows the buttons and the forms, http/console says what they do; both read
// this list, so that what is offered is what is allowed.
import { auditActor, mayAdminister, type Actor, type Role } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import { bulkRights, type BulkKind } from '../bulk/index.ts';
import type { Database } from '../db/knex.ts';
import type { JobQueue } from '../ports/job-queue.ts';

export interface ActionButton {
  name: string;
  table: string;
  label: string;
  icon: string;
  who: 'staff' | 'admin';
  kind: 'record' | 'resource';
  /** The page it links to; `{id}` is the record's, another name its column's. Unset: it opens a form (http/console/forms). */
  href?: string;
  /** Where its form leads. Unset: to the record. */
  leadsTo?: 'list';
  /** Whether it is offered to this person for this record. Unset: always. */
  isOffered?(row: Record<string, unknown>, viewerId?: string): boolean;
  /** For which records it is offered, as a sentence without its stop. */
  offeredFor?: string;
}

const isActive = (row: Record<string, unknown>): boolean => row.status === 'active';

const isDownloadable = (row: Record<string, unknown>): boolean =>
  row.isDeleted !== true && (row.status === 'clean' || row.status === 'not_scanned');

const isKept = ({ mergedInto }: Record<string, unknown>): boolean => (mergedInto ?? null) === null;

const isAnother = (row: Record<string, unknown>, viewerId?: string): boolean => row.id !== viewerId;

export const actionButtons: readonly ActionButton[] = [
  button('edit', 'bookings', 'Edit', 'Edit', 'staff'),
  inBulk('bookings/assign', 'Assign referrer', 'Users', {
    isOffered: (row) => isActive(row) || row.needsReferrer === true,
  }),
  inBulk('bookings/assign-organization', 'Assign organisation only', 'Briefcase', {
    isOffered: (row) => row.needsReferrer === true,
  }),
  button('reschedule', 'bookings', 'Reschedule', 'Calendar', 'staff', {
    href: '/bookings/{id}/reschedule',
    isOffered: isActive,
  }),
  button('cancel', 'bookings', 'Cancel booking', 'X', 'staff', {
    href: '/bookings/{id}/cancel',
    isOffered: isActive,
  }),
  button('act-as', 'bookings', 'Act as the referrer', 'User', 'admin', {
    href: '/admin/act-as?user={referrerId}&booking={id}',
    isOffered: (row) => row.referrerId !== null,
  }),
  button('move-on', 'bookings', 'Change progress', 'ChevronRight', 'staff', {
    isOffered: (row) => row.status !== 'cancelled' && row.status !== 'archived',
  }),
  button('messages', 'bookings', 'Messages and notes', 'MessageSquare', 'staff', {
    href: '/bookings/{id}#messages',
  }),
  button('messages', 'unanswered', 'Read and answer', 'MessageSquare', 'staff', {
    href: '/bookings/{id}#messages',
  }),
  button('view', 'documents', 'Download', 'Download', 'staff', {
    href: '/documents/{id}',
    isOffered: isDownloadable,
  }),
  button('edit', 'documents', 'Change category', 'Edit', 'staff', {
    isOffered: (row) => row.isDeleted !== true && row.release !== 'released',
  }),
  button('receipt', 'documents', 'Receipt and history', 'FileText', 'staff', {
    href: '/documents/{id}/receipt',
    isOffered: (row) => row.isDeleted !== true,
  }),
  button('release', 'documents', 'Release report', 'Send', 'staff', {
    href: '/documents/{id}/release',
    isOffered: (row) => row.release === 'draft' && isDownloadable(row) && row.damagedAt === null,
  }),
  button('recall', 'documents', 'Recall report', 'CornerUpLeft', 'staff', {
    href: '/documents/{id}/recall',
    isOffered: (row) => row.release === 'released' && row.isDeleted !== true,
  }),
  button('remove', 'documents', 'Delete', 'Trash2', 'admin', {
    href: '/documents/{id}/delete',
    isOffered: (row) => row.isDeleted !== true,
  }),
  ...(['staff', 'admin'] as const).map((who) =>
    button(`progress-${who}`, 'bulk-actions', 'Progress and result', 'Activity', who, {
      href: '/admin/bulk/{id}',
      isOffered: ({ kind }) => bulkRights[kind as BulkKind] === who,
    }),
  ),
  { ...button('new', 'specialists', 'Add specialist', 'Plus', 'admin'), kind: 'resource' },
  button('edit', 'specialists', 'Edit', 'Edit', 'admin'),
  button('files', 'specialists', 'Photo and CV', 'Image', 'admin', { href: '/specialists/{id}/files' }),
  button('page', 'specialists', 'As referrers see it', 'Eye', 'staff', { href: '/specialists/{id}' }),
  button('edit', 'organizations', 'Edit', 'Edit', 'admin', {
    isOffered: isKept,
    offeredFor: 'Admins edit organisations that were not merged into another',
  }),
  {
    ...button('find-referrer', 'users', 'Find a referrer', 'Search', 'admin', { href: '/admin/act-as' }),
    kind: 'resource',
  },
  button('edit', 'users', 'Edit', 'Edit', 'admin', {
    isOffered: (row, viewerId) => isAnother(row, viewerId) && isKept(row),
    offeredFor: 'Admins edit other people, and nobody who was merged into another record',
  }),
  button('act-as', 'users', 'Act as', 'User', 'admin', {
    href: '/admin/act-as?user={id}',
    isOffered: (row) => row.role === 'referrer' && row.isActive === true,
  }),
  button('deactivate', 'users', 'Deactivate', 'UserX', 'admin', {
    isOffered: (row, viewerId) => isAnother(row, viewerId) && row.isActive === true,
    offeredFor: 'Admins deactivate other people who are active',
  }),
  button('reactivate', 'users', 'Reactivate', 'UserCheck', 'admin', {
    isOffered: (row) => row.isActive === false && isKept(row),
    offeredFor: 'Admins reactivate deactivated people, and nobody who was merged into another record',
  }),
  button('end-sessions', 'users', 'End sessions', 'LogOut', 'admin'),
  inBulk('webhook-events/replay', 'Replay webhook', 'RefreshCw', {
    isOffered: (row) => row.state !== 'refused',
  }),
  inBulk('emails/send-again', 'Send again', 'Send', {
    isOffered: (row) => row.status !== 'queued',
  }),
  // The job is gone as soon as it is done.
  button('run-again', 'failed-jobs', 'Run again', 'RefreshCw', 'admin', { leadsTo: 'list' }),
  inBulk('drift-items/close', 'Close', 'CheckCircle', {
    isOffered: (row) => row.isStillDifferent === true,
  }),
  button('edit', 'intake-fields', 'Edit', 'Edit', 'admin'),
  { ...button('reconcile', 'drift-reports', 'Reconcile now', 'RefreshCw', 'admin'), kind: 'resource' },
];

type Offered = Pick<ActionButton, 'href' | 'isOffered' | 'offeredFor' | 'leadsTo'>;

/** Can be done to many records, too. */
function inBulk(kind: BulkKind, label: string, icon: string, more: Offered): ActionButton {
  const [table = '', name = ''] = kind.split('/');
  return button(name, table, label, icon, bulkRights[kind], more);
}

function button(
  name: string,
  table: string,
  label: string,
  icon: string,
  who: ActionButton['who'],
  more: Offered = {},
): ActionButton {
  return { name, table, label, icon, who, kind: 'record', ...more };
}

/** AdminJS's actions that only read: of a list, and of a record. */
export const reading = { resource: 'list', record: 'show' } as const;

/** AdminJS's actions that write. */
export function isEditing({ name }: Pick<ActionButton, 'name'>): boolean {
  return name === 'edit' || name === 'new';
}

export function mayDo(role: Role, action: Pick<ActionButton, 'who'>): boolean {
  return role === 'admin' || (role === 'support' && action.who === 'staff');
}

/** @param row of the button's table */
export function isOffered(action: ActionButton, row: Record<string, unknown>, viewerId?: string): boolean {
  return action.isOffered?.(row, viewerId) ?? true;
}

export function actionOf(table: string, name: string): ActionButton | null {
  return actionButtons.find((action) => action.table === table && action.name === name) ?? null;
}

/** Gives a failed job all its tries again. `gone`: no failed job has this id, or it is running. */
export async function runJobAgain(
  { db, audit, jobs }: { db: Database; audit: AuditLog; jobs: JobQueue },
  actor: Actor,
  jobId: string,
): Promise<'queued' | 'gone' | 'forbidden'> {
  if (!mayAdminister(actor.viewer)) return 'forbidden';
  return db.transaction(async (trx) => {
    if (!(await jobs.runAgain(jobId, trx))) return 'gone';
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'job',
      resourceId: jobId,
      metadata: { change: 'run_again' },
    });
    return 'queued';
  });
}

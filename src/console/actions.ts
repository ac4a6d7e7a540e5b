// What staff can do to a record or a list. AdminJS shows the buttons and forms, and http/console carries the actions out.
// Both read this list, so that exactly what is allowed is offered.
import { bulkRights, type BulkKind } from '../bulk/index.ts';
import { isReady, type Document } from '../documents/index.ts';
import { asText } from '../lib/typed-edit.ts';
import type { Who } from './table.ts';

export interface ActionButton {
  name: string;
  table: string;
  label: string;
  icon: string;
  who: Who;
  kind: 'record' | 'resource';
  /** The page that it opens. `{id}` and other names in braces stand for the record's columns. Unset: it opens a form. */
  href?: string;
  /** The page after its form. Unset: the record, or the one that the form has made. */
  leadsTo?: 'list';
  /** Whether it is offered for a record. Unset: always. */
  isOffered?: Condition;
  /** The records for which it is offered, as a sentence without its full stop. */
  offeredFor?: string;
}

/** Whether an action is offered to this person for this record. */
type Condition = (row: Record<string, unknown>, viewerId?: string) => boolean;

const isActive: Condition = ({ status }) => status === 'active';
const isOpen: Condition = ({ status }) => status !== 'cancelled' && status !== 'archived';
const needsReferrer: Condition = (row) => row.needsReferrer === true;
const isKept: Condition = (row) => row.isDeleted !== true;
const isDownloadable: Condition = (row) =>
  isKept(row) && isReady(row as Pick<Document, 'status' | 'damagedAt'>);
const isReleasable: Condition = (row) => isDownloadable(row) && row.release === 'draft';
const isRecallable: Condition = (row) => row.release === 'released' && isKept(row);
const isUnreleased: Condition = (row) => row.release !== 'released' && isKept(row);
const hasReferrer: Condition = ({ referrerId }) => referrerId !== null;
const isReferrer: Condition = (row) => row.role === 'referrer' && row.isActive === true;
const isUnmerged: Condition = ({ mergedInto }) => (mergedInto ?? null) === null;
const isAnother: Condition = ({ id }, viewerId) => id !== viewerId;
const isEditable: Condition = (row, viewerId) => isAnother(row, viewerId) && isUnmerged(row);
const isAnotherActive: Condition = (row, viewerId) => isAnother(row, viewerId) && row.isActive === true;
const isDeactivated: Condition = (row) => row.isActive === false && isUnmerged(row);

const actAsReferrer = '/admin/act-as?user={referrerId}&booking={id}';
const bulkPage = '/admin/bulk/{id}';

export const actionButtons: readonly ActionButton[] = [
  form('bookings/edit', 'Edit', 'Edit', 'staff'),
  inBulk('bookings/assign', 'Assign referrer', 'Users', (row) => isActive(row) || needsReferrer(row)),
  inBulk('bookings/assign-organization', 'Assign organisation only', 'Briefcase', needsReferrer),
  page('bookings/reschedule', 'Reschedule', 'Calendar', 'staff', '/bookings/{id}/reschedule', isActive),
  page('bookings/cancel', 'Cancel booking', 'X', 'staff', '/bookings/{id}/cancel', isActive),
  page('bookings/act-as', 'Act as the referrer', 'User', 'admin', actAsReferrer, hasReferrer),
  form('bookings/move-on', 'Change progress', 'ChevronRight', 'staff', isOpen),
  page('bookings/messages', 'Messages and notes', 'MessageSquare', 'staff', '/bookings/{id}#messages'),
  page('unanswered/messages', 'Read and answer', 'MessageSquare', 'staff', '/bookings/{id}#messages'),
  page('documents/view', 'Download', 'Download', 'staff', '/documents/{id}', isDownloadable),
  {
    ...form('documents/edit', 'Change category', 'Edit', 'staff', isUnreleased),
    offeredFor:
      'Staff change the category of documents that are not deleted, and of reports that are not released',
  },
  page('documents/receipt', 'Receipt and history', 'FileText', 'staff', '/documents/{id}/receipt', isKept),
  page('documents/release', 'Release report', 'Send', 'staff', '/documents/{id}/release', isReleasable),
  page('documents/recall', 'Recall report', 'CornerUpLeft', 'staff', '/documents/{id}/recall', isRecallable),
  page('documents/remove', 'Delete', 'Trash2', 'admin', '/documents/{id}/delete', isKept),
  progressOf('staff'),
  progressOf('admin'),
  { ...form('specialists/new', 'Add specialist', 'Plus', 'admin'), kind: 'resource' },
  form('specialists/edit', 'Edit', 'Edit', 'admin'),
  page('specialists/files', 'Photo and CV', 'Image', 'admin', '/specialists/{id}/files'),
  page('specialists/page', 'As referrers see it', 'Eye', 'staff', '/specialists/{id}'),
  {
    ...form('organizations/edit', 'Edit', 'Edit', 'admin', isUnmerged),
    offeredFor: 'Admins edit organisations that were not merged into another',
  },
  { ...page('users/invite', 'Invite', 'UserPlus', 'admin', '/account/people'), kind: 'resource' },
  { ...page('users/find-referrer', 'Find a referrer', 'Search', 'admin', '/admin/act-as'), kind: 'resource' },
  {
    ...form('users/edit', 'Edit', 'Edit', 'admin', isEditable),
    offeredFor: 'Admins edit other people, and nobody who was merged into another record',
  },
  page('users/act-as', 'Act as', 'User', 'admin', '/admin/act-as?user={id}', isReferrer),
  {
    ...form('users/deactivate', 'Deactivate', 'UserX', 'admin', isAnotherActive),
    offeredFor: 'Admins deactivate other people who are active',
  },
  {
    ...form('users/reactivate', 'Reactivate', 'UserCheck', 'admin', isDeactivated),
    offeredFor: 'Admins reactivate deactivated people, and nobody who was merged into another record',
  },
  form('users/end-sessions', 'End sessions', 'LogOut', 'admin'),
  inBulk('webhook-events/replay', 'Replay webhook', 'RefreshCw', ({ state }) => state !== 'refused'),
  inBulk('emails/send-again', 'Send again', 'Send', ({ status }) => status !== 'queued'),
  // Leads to the list, because the job no longer exists once it is done.
  { ...form('failed-jobs/run-again', 'Run again', 'RefreshCw', 'admin'), leadsTo: 'list' },
  inBulk('drift-items/close', 'Close', 'CheckCircle', (row) => row.isStillDifferent === true),
  form('intake-fields/edit', 'Edit', 'Edit', 'admin'),
  {
    ...form('drift-reports/reconcile', 'Reconcile now', 'RefreshCw', 'admin'),
    kind: 'resource',
    leadsTo: 'list',
  },
];

/** @param at its table and name */
function form(at: string, label: string, icon: string, who: Who, when?: Condition): ActionButton {
  const [table = '', name = ''] = at.split('/');
  return { name, table, label, icon, who, kind: 'record', ...(when && { isOffered: when }) };
}

/** Opens a page of the portal. */
function page(at: string, label: string, icon: string, who: Who, href: string, when?: Condition) {
  return { ...form(at, label, icon, who, when), href };
}

/** Opens the progress of a bulk action, for those who may do it. */
function progressOf(who: Who): ActionButton {
  const isTheirs: Condition = ({ kind }) => bulkRights[kind as BulkKind] === who;
  return page(`bulk-actions/progress-${who}`, 'Progress and result', 'Activity', who, bulkPage, isTheirs);
}

/** Can also be done to many records at once. */
function inBulk(kind: BulkKind, label: string, icon: string, when: Condition): ActionButton {
  return form(kind, label, icon, bulkRights[kind], when);
}

/** AdminJS's actions that only read: of a list, and of a record. */
export const reading = { resource: 'list', record: 'show' } as const;

/**
 * AdminJS's actions that are closed to everybody, where the table has no such button of ours: writing, bulk actions, and
 * the search beside the list.
 */
export const closed: readonly string[] = ['new', 'edit', 'delete', 'bulkDelete', 'search'];

/** The page that an action opens. */
export const pageOf = (href: string, row: Record<string, unknown> | null): string =>
  href.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(asText(row?.[name])));

/** @param row of the button's table */
export function isOffered(action: ActionButton, row: Record<string, unknown>, viewerId?: string): boolean {
  return action.isOffered?.(row, viewerId) ?? true;
}

export function actionOf(table: string, name: string): ActionButton | null {
  return actionButtons.find((action) => action.table === table && action.name === name) ?? null;
}

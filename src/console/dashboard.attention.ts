// What needs attention from staff: lists with what to do about their records, and notices.
import type { Role } from '../accounts/index.ts';
import { bulkRights, type BulkKind } from '../bulk/index.ts';
import type { MappingAttention } from '../questions/index.ts';
import { connectionWords, stepPages, type ConnectionState, type NextStep } from '../sync/index.ts';
import { actionOf } from './actions.ts';
import type { Filters } from './table.query.ts';
import { tableOf } from './tables.ts';

export interface AttentionList {
  /** In addresses. */
  id: string;
  label: string;
  table: string;
  /** Of the list that the number links to. */
  filters: Filters;
  repair: {
    label: string;
    who: 'staff' | 'admin';
    /** The label for staff who may not do it. */
    unavailable?: string;
  } & RepairBy;
}

type Repair = AttentionList['repair'];

type RepairBy =
  /** One record after the other, in the order of column `next`; `{next}` is the record's id. */
  | { href: string; next: string }
  /** One page for all. */
  | { href: string; next?: undefined }
  /** One action for all. */
  | { bulk: BulkKind; next?: undefined };

/** An action of each record, or what it shows. */
const each = (table: string, action: string, next: string, label: string): Repair => ({
  label,
  who: actionOf(table, action)?.who ?? tableOf(table)?.who ?? 'admin',
  href: `/admin/resources/${table}/records/{next}/${action}`,
  next,
});
const all = (bulk: BulkKind, label: string, unavailable?: string): Repair => ({
  label,
  who: bulkRights[bulk],
  bulk,
  ...(unavailable && { unavailable }),
});
const reconcile: Repair = {
  label: 'Reconcile now',
  who: 'admin',
  href: '/admin/resources/drift-reports/actions/reconcile',
  unavailable: 'Ask an admin to reconcile',
};

export const attentionLists: readonly AttentionList[] = [
  {
    id: 'no-referrer',
    label: 'Bookings without a referrer',
    table: 'bookings',
    filters: { needsReferrer: 'true' },
    repair: each('bookings', 'assign', 'startsAt', 'Assign the next one'),
  },
  {
    id: 'details-needed',
    label: 'Bookings with missing details',
    table: 'bookings',
    filters: { detailsNeeded: 'true', status: 'active' },
    repair: each('bookings', 'edit', 'startsAt', 'Fill in the next one'),
  },
  {
    id: 'unanswered',
    label: 'Unanswered messages',
    table: 'unanswered',
    filters: {},
    repair: {
      label: 'Answer the next one',
      who: 'staff',
      href: '/bookings/{next}#messages',
      next: 'since',
    },
  },
  {
    id: 'undelivered',
    label: 'Webhook events not delivered',
    table: 'webhook-events',
    filters: { state: 'dead' },
    repair: all('webhook-events/replay', 'Replay them all', 'Ask an admin to replay them'),
  },
  {
    id: 'webhook-events',
    label: 'Webhook events that need attention',
    table: 'webhook-events',
    filters: { needsAttention: 'true' },
    repair: each('webhook-events', 'show', 'receivedAt', 'Open the next one'),
  },
  {
    id: 'differences',
    label: 'Differences from Acuity',
    table: 'drift-items',
    filters: { isStillDifferent: 'true' },
    repair: reconcile,
  },
  {
    id: 'reconciliations',
    label: 'Reconciliations that failed',
    table: 'drift-reports',
    filters: { needsAttention: 'true' },
    repair: reconcile,
  },
  {
    id: 'failed-emails',
    label: 'E-mails that failed',
    table: 'emails',
    filters: { status: 'failed' },
    repair: all('emails/send-again', 'Send them all again'),
  },
  {
    id: 'stuck-emails',
    label: 'E-mails not delivered yet',
    table: 'emails',
    filters: { isStuck: 'true' },
    repair: each('emails', 'show', 'createdAt', 'See the mail server’s answer'),
  },
  {
    id: 'account-emails',
    label: 'Account e-mails not delivered',
    table: 'account-emails',
    filters: { isStuck: 'true' },
    repair: each('account-emails', 'show', 'createdAt', 'See the mail server’s answer'),
  },
  {
    id: 'infected',
    label: 'Infected files',
    table: 'documents',
    filters: { status: 'infected', isDeleted: 'false' },
    repair: each('documents', 'show', 'createdAt', 'Open the next one'),
  },
  {
    id: 'damaged',
    label: 'Damaged or missing files',
    table: 'custody-reports',
    filters: { needsAttention: 'true' },
    repair: each('custody-reports', 'show', 'startedAt', 'Open the report'),
  },
  {
    id: 'failed-jobs',
    label: 'Failed jobs',
    table: 'failed-jobs',
    filters: { isOver: 'true' },
    repair: each('failed-jobs', 'run-again', 'runAt', 'Run the next one again'),
  },
];

export function attentionListOf(id: string): AttentionList | null {
  return attentionLists.find((list) => list.id === id) ?? null;
}

/** Something to do, as the first page shows it. */
export interface Attention {
  /** Of a list of records. */
  id?: string;
  label: string;
  /** Null: there is nothing to count. */
  count: number | null;
  /** Null: this reader may open nothing. */
  href: string | null;
  /** What to do about it. Without `href` and `bulk` somebody else has to do it. */
  repair: { label: string; href: string | null; bulk?: { kind: string; query: string } };
}

/** @param href where it is both seen and repaired */
export const notice = (
  label: string,
  href: string,
  repair: string,
  count: number | null = null,
): Attention => ({ label, count, href, repair: { label: repair, href } });

/** For somebody else. */
export const askedFor = (label: string, href: string | null, ask: string): Attention => ({
  label,
  count: null,
  href,
  repair: { label: ask, href: null },
});

/** Events of Acuity do not arrive. Support may look at the events received so far. */
export function connectionNotices(
  { attention, trouble }: Pick<ConnectionState, 'attention' | 'trouble'>,
  role: Role,
): Attention[] {
  if (!attention) return [];
  const label = connectionWords(attention, trouble);
  return role === 'admin'
    ? [notice(label, '/admin/acuity', 'Connect Acuity')]
    : [askedFor(label, '/admin/resources/webhook-events', 'Ask an admin to connect Acuity')];
}

/** For admins: what is to be set up before anybody can book. */
export function setUpNotices(steps: readonly NextStep[]): Attention[] {
  const repairs = { questions: 'Map the questions', specialists: 'Add a specialist' };
  return steps.map(({ at, text }) =>
    at ? notice(text, stepPages[at], repairs[at]) : notice(text, '/admin/acuity', 'Connect Acuity'),
  );
}

/**
 * @param late examinations that lack a document whose last day is over
 * @param isRefreshing whether a rule has changed, and some of them are not counted yet
 */
export function paperworkNotices(late: number, isRefreshing: boolean): Attention[] {
  const kind = 'Examinations with late documents';
  if (!isRefreshing) return counted([notice(kind, '/admin/paperwork', 'See who is late', late)]);
  return [notice(`${kind}, being worked out again`, '/admin/paperwork', 'See who is late', late || null)];
}

/** What is to do on the page Acuity questions. */
export function questionNotices({ lost, newRequired, withoutReference }: MappingAttention): Attention[] {
  const href = '/admin/acuity-questions';
  return counted([
    notice('Details whose question in Acuity is gone', href, 'Choose another question', lost),
    notice('New required questions in Acuity', href, 'Map them', newRequired),
    notice('Examinations without our reference in Acuity', href, 'See what is missing', withoutReference),
  ]);
}

const counted = (notices: Attention[]): Attention[] => notices.filter(({ count }) => count !== 0);

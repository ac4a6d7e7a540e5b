// What needs attention from staff: lists with what to do about their records, and notices.
import type { Role } from '../accounts/index.ts';
import type { BulkKind } from '../bulk/index.ts';
import type { MappingAttention } from '../questions/index.ts';
import { attentionWords, stepPages, type ConnectionAttention, type NextStep } from '../sync/index.ts';
import type { Filters } from './table.query.ts';

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
  } & Repair;
}

type Repair =
  /** One record after the other, in the order of column `next`; `{next}` is the record's id. */
  | { href: string; next: string }
  /** One page for all. */
  | { href: string; next?: undefined }
  /** One action for all. */
  | { bulk: BulkKind; next?: undefined };

const record = (table: string, action: string): string =>
  `/admin/resources/${table}/records/{next}/${action}`;
const action = (table: string, name: string): string => `/admin/resources/${table}/actions/${name}`;

export const attentionLists: readonly AttentionList[] = [
  {
    id: 'no-referrer',
    label: 'Bookings without a referrer',
    table: 'bookings',
    filters: { needsReferrer: 'true' },
    repair: {
      label: 'Assign the next one',
      who: 'staff',
      href: record('bookings', 'assign'),
      next: 'startsAt',
    },
  },
  {
    id: 'details-needed',
    label: 'Bookings with missing details',
    table: 'bookings',
    filters: { detailsNeeded: 'true', status: 'active' },
    repair: {
      label: 'Fill in the next one',
      who: 'staff',
      href: record('bookings', 'edit'),
      next: 'startsAt',
    },
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
    repair: {
      label: 'Replay them all',
      bulk: 'webhook-events/replay',
      who: 'admin',
      unavailable: 'Ask an admin to replay them',
    },
  },
  {
    id: 'webhook-events',
    label: 'Webhook events that need attention',
    table: 'webhook-events',
    filters: { needsAttention: 'true' },
    repair: {
      label: 'Open the next one',
      who: 'staff',
      href: record('webhook-events', 'show'),
      next: 'receivedAt',
    },
  },
  {
    id: 'differences',
    label: 'Differences from Acuity',
    table: 'drift-items',
    filters: { isStillDifferent: 'true' },
    repair: {
      label: 'Reconcile now',
      href: action('drift-reports', 'reconcile'),
      who: 'admin',
      unavailable: 'Ask an admin to reconcile',
    },
  },
  {
    id: 'reconciliations',
    label: 'Reconciliations that failed',
    table: 'drift-reports',
    filters: { needsAttention: 'true' },
    repair: {
      label: 'Reconcile now',
      href: action('drift-reports', 'reconcile'),
      who: 'admin',
      unavailable: 'Ask an admin to reconcile',
    },
  },
  {
    id: 'failed-emails',
    label: 'E-mails that failed',
    table: 'emails',
    filters: { status: 'failed' },
    repair: { label: 'Send them all again', bulk: 'emails/send-again', who: 'staff' },
  },
  {
    id: 'stuck-emails',
    label: 'E-mails not delivered yet',
    table: 'emails',
    filters: { isStuck: 'true' },
    repair: {
      label: 'See the mail server’s answer',
      who: 'staff',
      href: record('emails', 'show'),
      next: 'createdAt',
    },
  },
  {
    id: 'account-emails',
    label: 'Account e-mails not delivered',
    table: 'account-emails',
    filters: { isStuck: 'true' },
    repair: {
      label: 'See the mail server’s answer',
      who: 'admin',
      href: record('account-emails', 'show'),
      next: 'createdAt',
    },
  },
  {
    id: 'infected',
    label: 'Infected files',
    table: 'documents',
    filters: { status: 'infected', isDeleted: 'false' },
    repair: {
      label: 'Open the next one',
      who: 'staff',
      href: record('documents', 'show'),
      next: 'createdAt',
    },
  },
  {
    id: 'damaged',
    label: 'Damaged or missing files',
    table: 'custody-reports',
    filters: { needsAttention: 'true' },
    repair: {
      label: 'Open the report',
      who: 'staff',
      href: record('custody-reports', 'show'),
      next: 'startedAt',
    },
  },
  {
    id: 'failed-jobs',
    label: 'Failed jobs',
    table: 'failed-jobs',
    filters: { isOver: 'true' },
    repair: {
      label: 'Run the next one again',
      who: 'admin',
      href: record('failed-jobs', 'run-again'),
      next: 'runAt',
    },
  },
];

export function attentionListOf(id: string): AttentionList | null {
  return attentionLists.find((list) => list.id === id) ?? null;
}

/** Something to do that is not a list of records. */
export interface AttentionNotice {
  label: string;
  /** Null: there is nothing to count. */
  count: number | null;
  /** Null: this reader may open nothing. */
  href: string | null;
  repair: { label: string; href: string | null };
}

/** Events of Acuity do not arrive. Support may look at the events received so far. */
export function connectionNotices(attention: ConnectionAttention | null, role: Role): AttentionNotice[] {
  if (!attention) return [];
  const href = role === 'admin' ? '/admin/acuity' : '/admin/resources/webhook-events';
  const repair =
    role === 'admin'
      ? { label: 'Connect Acuity', href }
      : { label: 'Ask an admin to connect Acuity', href: null };
  return [{ label: attentionWords[attention], count: null, href, repair }];
}

/** For admins: what is to be set up before anybody can book. */
export function setUpNotices(steps: readonly NextStep[]): AttentionNotice[] {
  const repairs = { questions: 'Map the questions', specialists: 'Add a specialist' };
  return steps.map(({ at, text }) => {
    const href = at ? stepPages[at] : '/admin/acuity';
    return { label: text, count: null, href, repair: { label: at ? repairs[at] : 'Connect Acuity', href } };
  });
}

/** @param count of examinations that lack a document whose last day is over */
export function paperworkNotices(count: number): AttentionNotice[] {
  const href = '/admin/paperwork';
  return count === 0
    ? []
    : [
        {
          label: 'Examinations with late documents',
          count,
          href,
          repair: { label: 'See who is late', href },
        },
      ];
}

/** What is to do on the page Acuity questions; only counts above zero. */
export function questionNotices({
  lost,
  newRequired,
  withoutReference,
}: MappingAttention): AttentionNotice[] {
  const href = '/admin/acuity-questions';
  const counts: [string, number, string][] = [
    ['Details whose question in Acuity is gone', lost, 'Choose another question'],
    ['New required questions in Acuity', newRequired, 'Map them'],
    ['Examinations without our reference in Acuity', withoutReference, 'See what is missing'],
  ];
  return counts
    .filter(([, count]) => count > 0)
    .map(([label, count, repair]) => ({ label, count, href, repair: { label: repair, href } }));
}

// What needs attention from staff: lists with what to do about their records, and notices.
import type { Role } from '../accounts/index.ts';
import { bulkRights, type BulkKind } from '../bulk/index.ts';
import type { MappingAttention } from '../questions/index.ts';
import { connectionWords, stepPages, type ConnectionState, type NextStep } from '../sync/index.ts';
import { actionOf } from './actions.ts';
import type { Who } from './table.ts';
import type { Filters } from './table.query.ts';
import { tableOf } from './tables.ts';

export interface AttentionList {
  /** The id of the kind, which names it in addresses. */
  id: string;
  label: string;
  table: string;
  /** The filters of the list that the number links to. */
  filters: Filters;
  repair: {
    label: string;
    who: Who;
    /** The label for staff who may look at it but not do it. */
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

const listed = (table: string, filters: Filters, label: string) => ({ table, filters, label });
/** What to do about each record: an action of it, or to look at it. */
function each(table: string, action: string, next: string, label: string): Repair {
  const who = actionOf(table, action)?.who ?? tableOf(table)?.who ?? 'admin';
  return { label, who, href: `/admin/resources/${table}/records/{next}/${action}`, next };
}
const all = (bulk: BulkKind, label: string): Repair => ({ label, who: bulkRights[bulk], bulk });
const reconcile: Repair = {
  label: 'Reconcile now',
  who: 'admin',
  href: '/admin/resources/drift-reports/actions/reconcile',
  unavailable: 'Ask an admin to reconcile',
};
const answer: Repair = {
  label: 'Answer the next one',
  who: 'staff',
  href: '/bookings/{next}#messages',
  next: 'since',
};

const byId: Record<string, Omit<AttentionList, 'id'>> = {
  'no-referrer': {
    ...listed('bookings', { needsReferrer: 'true' }, 'Bookings without a referrer'),
    repair: each('bookings', 'assign', 'startsAt', 'Assign the next one'),
  },
  'details-needed': {
    ...listed('bookings', { detailsNeeded: 'true', status: 'active' }, 'Bookings with missing details'),
    repair: each('bookings', 'edit', 'startsAt', 'Fill in the next one'),
  },
  unanswered: { ...listed('unanswered', {}, 'Unanswered messages'), repair: answer },
  undelivered: {
    ...listed('webhook-events', { state: 'dead' }, 'Webhook events not delivered'),
    repair: {
      ...all('webhook-events/replay', 'Replay them all'),
      unavailable: 'Ask an admin to replay them',
    },
  },
  'webhook-events': {
    ...listed('webhook-events', { needsAttention: 'true' }, 'Webhook events that need attention'),
    repair: each('webhook-events', 'show', 'receivedAt', 'Open the next one'),
  },
  differences: {
    ...listed('drift-items', { isStillDifferent: 'true' }, 'Differences from Acuity'),
    repair: reconcile,
  },
  reconciliations: {
    ...listed('drift-reports', { needsAttention: 'true' }, 'Reconciliations that failed'),
    repair: reconcile,
  },
  'failed-emails': {
    ...listed('emails', { status: 'failed' }, 'E-mails that failed'),
    repair: all('emails/send-again', 'Send them all again'),
  },
  'stuck-emails': {
    ...listed('emails', { isStuck: 'true' }, 'E-mails not delivered yet'),
    repair: each('emails', 'show', 'createdAt', 'See the mail server’s answer'),
  },
  'account-emails': {
    ...listed('account-emails', { isStuck: 'true' }, 'Account e-mails not delivered'),
    repair: each('account-emails', 'show', 'createdAt', 'See the mail server’s answer'),
  },
  infected: {
    ...listed('documents', { status: 'infected', isDeleted: 'false' }, 'Infected files'),
    repair: each('documents', 'show', 'createdAt', 'Open the next one'),
  },
  damaged: {
    ...listed('custody-reports', { needsAttention: 'true' }, 'Damaged or missing files'),
    repair: each('custody-reports', 'show', 'startedAt', 'Open the report'),
  },
  'failed-jobs': {
    ...listed('failed-jobs', { isOver: 'true' }, 'Failed jobs'),
    repair: each('failed-jobs', 'run-again', 'runAt', 'Run the next one again'),
  },
};

export const attentionLists: readonly AttentionList[] = Object.entries(byId).map(([id, list]) => ({
  id,
  ...list,
}));

export function attentionListOf(id: string): AttentionList | null {
  return attentionLists.find((list) => list.id === id) ?? null;
}

/** Something to do, as the first page shows it. */
export interface Attention {
  /** The id of a list of records; unset for a notice. */
  id?: string;
  label: string;
  /** Null when there is nothing to count. */
  count: number | null;
  /** Null when this reader may open nothing about it. */
  href: string | null;
  /** What to do about it. Without `href` and `bulk` somebody else has to do it. */
  repair: { label: string; href: string | null; bulk?: { kind: string; query: string } };
}

/** @param href the page on which it is both shown and repaired */
export function notice(label: string, href: string, repair: string, count: number | null = null): Attention {
  return { label, count, href, repair: { label: repair, href } };
}

/** A notice of something that somebody else has to do. */
export function askedFor(label: string, href: string | null, ask: string): Attention {
  return { label, count: null, href, repair: { label: ask, href: null } };
}

/** The notice that Acuity's events do not arrive. Support may look at the events received so far. */
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

/** The notice for admins of what has to be set up before anybody can book. */
export function setUpNotices(steps: readonly NextStep[]): Attention[] {
  const repairs = {
    questions: 'Map the questions',
    specialists: 'Add a specialist',
    people: 'Invite a referrer',
  };
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

/** The notice of what has to be done on the page "Acuity questions". */
export function questionNotices({ lost, newRequired, withoutReference }: MappingAttention): Attention[] {
  const href = '/admin/acuity-questions';
  return counted([
    notice('Details whose question in Acuity is gone', href, 'Choose another question', lost),
    notice('New required questions in Acuity', href, 'Map them', newRequired),
    notice('Examinations without our reference in Acuity', href, 'See what is missing', withoutReference),
  ]);
}

const counted = (notices: Attention[]): Attention[] => notices.filter(({ count }) => count !== 0);

// What of a booking needs its referrer: one list of kinds, for home, the list's tab "Needs you", and digests.
import { dueWithin, neededPapers, paperWords, stillToCome, type PaperCategory } from './booking.paperwork.ts';

export interface NeedKindFacts {
  /** In one line. */
  words: string;
  /** News are marked as new, and go away once they were seen; everything else stays until it is done. */
  isNews: boolean;
  tone: 'ok' | 'info' | 'warn' | 'danger';
  /** The element of the booking's page to go to; null: its top. */
  part: string | null;
  /** Whether it also concerns contacts who only receive the report. */
  tellsReportRecipients?: true;
  /**
   * A query for rows `booking_id uuid, at timestamptz, due_on date` over all bookings of `asked.organization_id`, as
   * `asked.user_id` sees them at `asked.now`. `at`: since when; `due_on`: until when, in the examination's zone. It
   * must stay as fast with a million bookings: it reads those that it finds, through an index.
   */
  rows: string;
}

/** News that nobody opened for so long are news no more. */
const newsDays = 90;
/** A missing document is shown from so many days before it is due, at the latest from a week before the examination. */
const noticeDays = 7;

/** The kinds, in the order in which a booking's needs are listed. */
export const needKinds = {
  report_ready: {
    words: 'Report ready',
    isNews: true,
    tone: 'ok',
    part: 'documents',
    tellsReportRecipients: true,
    rows: newsRows(
      'report_ready',
      `exists (select from documents d where d.booking_id = b.id and d.category = 'report'
        and d.released_at is not null and d.deleted_at is null)`,
    ),
  },
  message: {
    words: 'New message',
    isNews: true,
    tone: 'info',
    part: 'messages',
    rows: newsRows('message', 'true'),
  },
  cancelled: {
    words: 'Cancelled by the clinic',
    isNews: true,
    tone: 'danger',
    part: null,
    rows: newsRows('cancelled', `b.status = 'cancelled'`),
  },
  moved: {
    words: 'Moved by the clinic',
    isNews: true,
    tone: 'warn',
    part: null,
    rows: newsRows('moved', `b.status = 'active' and b.current_progress = 'rescheduled'`),
  },
  no_show: {
    words: 'Did not attend',
    isNews: true,
    tone: 'warn',
    part: null,
    rows: newsRows('no_show', `b.status = 'active' and b.current_progress = 'no_show'`),
  },
  consent_form: {
    words: `${paperWords.consent_form} missing`,
    isNews: false,
    tone: 'info',
    part: 'documents',
    rows: missingRows('consent_form'),
  },
  brief: {
    words: `${paperWords.brief} missing`,
    isNews: false,
    tone: 'info',
    part: 'documents',
    rows: missingRows('brief'),
  },
} as const satisfies Record<string, NeedKindFacts>;

export type NeedKind = keyof typeof needKinds;

/**
 * With `asked`, a common table of one row (`askedSql`): every need of its organisation's bookings, as rows
 * `kind, booking_id, at, due_on, is_mine`. News of a colleague's booking need nobody else once anybody has seen them.
 */
export const needsSql = `
  select n.kind, n.booking_id, n.at, n.due_on, whose.is_mine
  from (${Object.entries(needKinds as Record<string, NeedKindFacts>)
    .map(
      ([kind, { rows, tellsReportRecipients }]) =>
        `select '${kind}' as kind, ${tellsReportRecipients ?? false} as tells_report_recipients, k.* from (${rows}) k`,
    )
    .join(' union all ')}) n
  join bookings b on b.id = n.booking_id cross join asked
  cross join lateral (select ${isMine('asked.user_id', 'n.tells_report_recipients')} as is_mine) whose
  where whose.is_mine or n.at is null or not exists (
    select from booking_seen s where s.booking_id = n.booking_id and s.seen_at >= n.at)`;

/**
 * A condition on the booking `b`: it is this person's own, they are its contact, or its referrer has left and it is
 * everybody's.
 */
export function isMine(userId: string, tellsReportRecipients = 'false'): string {
  return `(b.created_by_id = ${userId}
    or exists (
      select from booking_contacts c
      where c.booking_id = b.id and (${tellsReportRecipients} or c.role = 'solicitor')
        and merged_into(c.user_id) = ${userId})
    or not exists (
      select from members m join users u on u.id = m.user_id
      where m.user_id = b.created_by_id and m.organization_id = b.organization_id and not u.banned))`;
}

/** The values are expressions of SQL: `askedSql('?', '?', '?')`. */
export function askedSql(organizationId: string, userId: string, now: string): string {
  return `asked as (
    select ${organizationId}::uuid as organization_id, ${userId}::uuid as user_id, ${now}::timestamptz as now)`;
}

/** @param holds a condition on the booking `b`: whether the news is still true */
function newsRows(kind: string, holds: string): string {
  return `
    select n.booking_id, n.at, null::date as due_on
    from asked
      join booking_news n on n.organization_id = asked.organization_id and n.kind = '${kind}'
        and n.at > asked.now - interval '${newsDays} days'
      join bookings b on b.id = n.booking_id
    where ${holds} and not exists (
      select from booking_seen s where s.user_id = asked.user_id and s.booking_id = n.booking_id and s.seen_at >= n.at)`;
}

function missingRows(category: PaperCategory): string {
  const due = [
    'b.organization_id = asked.organization_id',
    stillToCome('asked.now'),
    dueWithin(noticeDays, 'asked.now'),
    `needed.category = '${category}'`,
    `needed.due_on <= (asked.now at time zone b.timezone)::date + ${noticeDays}`,
  ];
  return `
    select p.booking_id, null::timestamptz as at, p.due_on
    from asked cross join lateral (${neededPapers(due.join(' and '))}) p where not p.is_there`;
}

// The kinds of needs: what a booking waits for from its referrer. Home, the list's tab "Needs you" and digests use them.
import { dueWithin, neededPapers, paperWords, stillToCome } from './booking.paperwork.ts';

export interface NeedKindFacts {
  /** What the need is called, in one line. */
  words: string;
  /** News are marked as new, and go away once they were seen; everything else stays until it is done. */
  isNews: boolean;
  tone: 'ok' | 'info' | 'warn' | 'danger';
  /** The element of the booking's page to go to; null: its top. */
  part: string | null;
  /** Whether it also concerns contacts who only receive the report. */
  tellsReportRecipients?: true;
  /** For news (rows of booking_news of this kind): a condition on the booking `b` that holds while the news are true. */
  holds?: string;
}

/** After this time, news that nobody has opened are no longer shown. */
const newsDays = 90;
/** A missing document is shown this many days before it is due, and at the latest a week before the examination. */
const noticeDays = 7;

/** The kinds, in the order in which a booking's needs are listed. */
export const needKinds = {
  report_ready: {
    words: 'Report ready',
    isNews: true,
    tone: 'ok',
    part: 'documents',
    tellsReportRecipients: true,
    holds: `(select true from documents d where d.booking_id = b.id and d.category = 'report'
      and d.released_at is not null and d.deleted_at is null limit 1) is true`,
  },
  message: {
    words: 'New message',
    isNews: true,
    tone: 'info',
    part: 'messages',
    holds: 'true',
  },
  cancelled: {
    words: 'Cancelled by the clinic',
    isNews: true,
    tone: 'danger',
    part: null,
    holds: `b.status = 'cancelled'`,
  },
  moved: {
    words: 'Moved by the clinic',
    isNews: true,
    tone: 'warn',
    part: null,
    holds: `b.status = 'active' and b.current_progress = 'rescheduled'`,
  },
  no_show: {
    words: 'Did not attend',
    isNews: true,
    tone: 'warn',
    part: null,
    holds: `b.status = 'active' and b.current_progress = 'no_show'`,
  },
  consent_form: {
    words: `${paperWords.consent_form} missing`,
    isNews: false,
    tone: 'info',
    part: 'documents',
  },
  brief: {
    words: `${paperWords.brief} missing`,
    isNews: false,
    tone: 'info',
    part: 'documents',
  },
} as const satisfies Record<string, NeedKindFacts>;

export type NeedKind = keyof typeof needKinds;

/** Expressions of SQL. */
export interface NeedsAsked {
  organizationId: string;
  userId: string;
  now: string;
}

/** The values that the queries of `needsSql` with `askedAs` expect first. */
export const askedAs: NeedsAsked = {
  organizationId: '$1::uuid',
  userId: '$2::uuid',
  now: '$3::timestamptz',
};

/**
 * A query for every need of the organisation's bookings, as rows `kind, booking_id, at, due_on, is_mine`; `at`: since
 * when, `due_on`: until when, in the examination's zone. News of a colleague's booking need nobody else once anybody has
 * seen them. It must stay as fast with a million bookings: it reads what it finds, through an index, each table once.
 * @param where a condition on the booking `b`
 */
export function needsSql(asked: NeedsAsked, where = 'true'): string {
  const { organizationId, userId, now } = asked;
  const due = [
    `b.organization_id = ${organizationId}`,
    stillToCome(now),
    dueWithin(noticeDays, now),
    `needed.due_on <= (${now} at time zone b.timezone)::date + ${noticeDays}`,
    where,
  ];
  return `
    select n.kind, n.booking_id, n.at, null::date as due_on, whose.is_mine
    from booking_news n join bookings b on b.id = n.booking_id
      cross join lateral (select ${isMine(userId, isForRecipients)} as is_mine offset 0) whose
    where n.organization_id = ${organizationId} and n.at > ${now} - interval '${newsDays} days' and ${stillHolds} and ${where}
      and not exists (
        select from booking_seen s where s.user_id = ${userId} and s.booking_id = n.booking_id and s.seen_at >= n.at)
      and (whose.is_mine or not exists (
        select from booking_seen s where s.booking_id = n.booking_id and s.seen_at >= n.at))
    union all
    select p.category, p.booking_id, null, p.due_on, p.is_mine
    from (${neededPapers(due.join(' and '), `${isMine(userId)} as is_mine`)}) p where not p.is_there`;
}

const newsKinds = Object.entries(needKinds as Record<string, NeedKindFacts>).filter(
  ([, { isNews }]) => isNews,
);
const stillHolds = `case n.kind ${newsKinds.map(([kind, { holds }]) => `when '${kind}' then ${holds ?? 'true'}`).join(' ')} end`;
const isForRecipients = `n.kind in (${newsKinds
  .filter(([, facts]) => facts.tellsReportRecipients)
  .map(([kind]) => `'${kind}'`)
  .join(', ')})`;

/**
 * A condition on the booking `b`: it is this person's own, they are its contact, or its referrer has left and it is
 * everybody's. None of it is an `exists`: in an `or` PostgreSQL may read the whole table for it.
 */
export function isMine(userId: string, tellsReportRecipients = 'false'): string {
  return `(b.created_by_id = ${userId}
    or (
      select true from booking_contacts c
      where c.booking_id = b.id and (${tellsReportRecipients} or c.role = 'solicitor')
        and merged_into(c.user_id) = ${userId} limit 1) is true
    or coalesce((
      select u.banned from members m join users u on u.id = m.user_id
      where m.user_id = b.created_by_id and m.organization_id = b.organization_id), true))`;
}

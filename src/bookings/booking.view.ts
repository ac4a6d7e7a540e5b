// Reads everything that the page of a booking shows by one prepared statement, which also records that the booking was
// viewed and which news were seen.
import { auditActor, isStaff, type Actor, type Viewer } from '../accounts/index.ts';
import { auditInsertion, auditValues } from '../audit/index.ts';
import type { Statement, Statements } from '../db/statements.ts';
import type { Answer } from '../questions/index.ts';
import { visibleSql, visibleValues } from './booking.access.ts';
import { contactsSql, type Contact } from './booking.contact.ts';
import { answersWithHistory } from './booking.kept-answers.ts';
import { papersSql, type Paper } from './booking.paperwork.ts';
import {
  bookingColumns,
  instantSql,
  namedBookings,
  progressSql,
  toBooking,
  toProgress,
  type BookingRow,
  type ProgressInJson,
} from './booking.repository.ts';
import type { AnswersChange, Booking, ProgressEntry } from './booking.ts';

export interface BookingView {
  booking: Booking;
  /** Oldest first. */
  progress: ProgressEntry[];
  /** Answers to Acuity's own questions. */
  answers: Answer[];
  /** Changes of the answers since the booking was made, oldest first. */
  answerChanges: AnswersChange[];
  contacts: Contact[];
  /** The address of whoever made it in Acuity: only for staff, while the booking has no referrer. */
  madeInAcuityBy: string | null;
}

/** What another room shows with a booking: read by the same statement. */
export interface ViewPart<Value> {
  /** An expression of SQL that gives JSON. @param first the number of the first parameter for `values` */
  sql(bookingId: string, first: number): string;
  /** The number of values is always the same. */
  values(viewer: Viewer): unknown[];
  read(json: unknown): Value;
}

export type ViewParts = Record<string, ViewPart<unknown>>;
export type PartValues<Parts extends ViewParts> = {
  [Name in keyof Parts]: ReturnType<Parts[Name]['read']>;
};

/** Marks the news that this statement finds, and no later one, as seen. @param by a parameter: the person */
const newsSeen = (by: string) => `
  insert into booking_seen as known (user_id, booking_id, seen_at)
    select ${by}::uuid, n.booking_id, max(n.at) from booking_news n
    where n.booking_id = $1 and n.organization_id = $3::uuid
    group by n.booking_id
  on conflict (user_id, booking_id) do update set seen_at = excluded.seen_at where known.seen_at < excluded.seen_at`;

/** The part that reads which documents the examination needs. */
export const papersPart: ViewPart<Paper[]> = {
  // `$1`, the booking's id, because `b` is another table inside this subquery.
  sql: () => papersSql('$1'),
  values: () => [],
  read: (json) => json as Paper[],
};

const built = new Map<string, Statement>();

/**
 * @param firsts the numbers of the parts' first parameters
 * @param seenBy the parameter of the person who has seen the news; null: nobody
 */
function statementWith(parts: ViewParts, firsts: readonly number[], seenBy: string | null): Statement {
  const name = [seenBy === null ? 'booking' : 'opened booking', ...Object.keys(parts)].join(', ');
  let statement = built.get(name);
  if (!statement) {
    const columns = Object.entries(parts).map(
      ([partName, part], at) => `${part.sql('b.id', firsts[at] ?? 0)} as "part ${partName}"`,
    );
    statement = { name, text: textWith(columns, seenBy) };
    built.set(name, statement);
  }
  return statement;
}

/** @param columns of the parts */
const textWith = (columns: string[], seenBy: string | null) => `
    with recorded as (${auditInsertion(4, `exists (select from bookings b where b.id = $1 and ${visibleSql('b', 2)})`)})
      ${seenBy === null ? '' : `, seen as (${newsSeen(seenBy)})`}
    select ${bookingColumns.join(', ')}, b.external_created_by, exists (select from recorded) as is_recorded,
      ${progressSql('b.id')} as progress,
      (select coalesce(json_agg(json_build_object(
          'answers', k.answers, 'source', k.source, 'at', ${instantSql('k.created_at')}
        ) order by k.created_at, k.id), '[]')
        from booking_answers k where k.booking_id = b.id) as kept_answers,
      ${[
        `(select coalesce(json_agg(contacts), '[]') from (${contactsSql}) contacts) as contacts`,
        ...columns,
      ].join(', ')}
    from ${namedBookings}
    where b.id = $1`;

interface Row extends BookingRow {
  external_created_by: string | null;
  is_recorded: boolean;
  progress: ProgressInJson[];
  kept_answers: { answers: Answer[]; source: ProgressEntry['source']; at: number }[];
  contacts: Contact[];
  [part: `part ${string}`]: unknown;
}

/**
 * `isRecorded`: whether the view was written to the audit log, which happens when the viewer may see the booking.
 * @param isOpened true when a person opened the page; false when an open page refreshes itself
 */
export async function readBookingView<Parts extends ViewParts>(
  statements: Statements,
  actor: Actor,
  bookingId: string,
  { isOpened, parts }: { isOpened: boolean; parts: Parts },
): Promise<{ view: BookingView & PartValues<Parts>; isRecorded: boolean } | null> {
  const { viewer } = actor;
  const values: unknown[] = [
    bookingId,
    ...visibleValues(viewer),
    ...auditValues(auditActor(actor), {
      action: 'booking.viewed',
      resourceType: 'booking',
      resourceId: bookingId.toLowerCase(),
    }),
  ];
  const firsts: number[] = [];
  for (const part of Object.values(parts)) {
    firsts.push(values.length + 1);
    values.push(...part.values(viewer));
  }
  // While an admin acts, the news stay new for the referrer, who has not seen them.
  const hasSeen = isOpened && !isStaff(viewer) && !viewer.actingAdmin;
  const seenBy = hasSeen ? `$${values.push(viewer.userId)}` : null;
  const [row] = await statements.rows<Row>(statementWith(parts, firsts, seenBy), values);
  if (!row) return null;
  const kept = row.kept_answers.map((entry) => ({ ...entry, at: new Date(entry.at) }));
  const { answers, changes } = answersWithHistory(kept);
  const view: BookingView = {
    booking: toBooking(row),
    progress: row.progress.map(toProgress),
    answers,
    answerChanges: changes,
    contacts: row.contacts,
    madeInAcuityBy: row.external_created_by,
  };
  const valuesOfParts = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, part.read(row[`part ${name}`])]),
  ) as PartValues<Parts>;
  return { view: { ...view, ...valuesOfParts }, isRecorded: row.is_recorded };
}

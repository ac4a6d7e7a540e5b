import { isStaff, type Viewer } from '../accounts/index.ts';
import type { ViewPart } from '../bookings/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import type { Statement, Statements } from '../db/statements.ts';
import type { BookingMessage, StaffNote } from './message.ts';

interface MessageInJson extends Omit<BookingMessage, 'createdAt' | 'answeredAt'> {
  /** Milliseconds, as in all JSON of the database. */
  createdAt: number;
  answeredAt: number | null;
}

const person = (alias: string): string =>
  `case when ${alias}.id is not null then json_build_object('id', ${alias}.id, 'name', ${alias}.name) end`;
const instant = (column: string): string => `extract(epoch from ${column}) * 1000`;

/**
 * Expressions of SQL, or placeholders. `before`: the id of the message before which to read; `null`: the newest. `only`:
 * the id of the one message to read.
 */
interface Sql {
  bookingId: string;
  readerId: string;
  before: string;
  limit: string;
  only?: string;
}

/** JSON, newest first. */
function messagesSql({ bookingId, readerId, before, limit, only }: Sql): string {
  return `(with reads as (
      select merged_into(r.user_id) as user_id, max(r.read_to) as read_to
      from booking_message_reads r where r.booking_id = ${bookingId} group by 1)
    select coalesce(json_agg(t.message order by t.created_at desc, t.id desc), '[]') from (
      select m.created_at, m.id, json_build_object(
          'id', m.id, 'text', m.body, 'isFromStaff', m.is_from_staff, 'createdBy', ${person('cb')},
          'createdFor', ${person('cf')}, 'createdAt', ${instant('m.created_at')},
          'answeredAt', ${instant('m.answered_at')},
          'readBy', (select coalesce(json_agg(${person('u')} order by u.name, u.id), '[]')
            from reads r join users u on u.id = r.user_id
            where r.read_to >= m.created_at and r.user_id not in (m.created_by_id, ${readerId}::uuid)),
          'isUnread', (m.created_by_id <> ${readerId}::uuid or m.created_for_id is not null) and not exists (
            select from reads r where r.user_id = ${readerId}::uuid and r.read_to >= m.created_at)) as message
      from booking_messages m
        join users cb on cb.id = m.created_by_id
        left join users cf on cf.id = m.created_for_id
      where m.booking_id = ${bookingId}${only ? ` and m.id = ${only}` : ''}
        and (${before}::uuid is null or (m.created_at, m.id) < (
          select o.created_at, o.id from booking_messages o
          where o.booking_id = ${bookingId} and o.id = ${before}::uuid))
      order by m.created_at desc, m.id desc
      limit ${limit}::integer) t)`;
}

/** Text that changes whenever the thread does, and for staff their notes. */
function stateSql({
  bookingId,
  readerId,
  seesNotes,
}: {
  bookingId: string;
  readerId: string;
  seesNotes: string;
}): string {
  return `concat_ws(' ', (select count(*) from booking_messages where booking_id = ${bookingId}),
    (select count(answered_at) from booking_messages where booking_id = ${bookingId}),
    (select max(extract(epoch from read_to)) from booking_message_reads
      where booking_id = ${bookingId} and user_id <> ${readerId}::uuid),
    case when ${seesNotes}::boolean then (select count(*) from staff_notes where booking_id = ${bookingId}) end)`;
}

/** JSON, newest first. */
function notesSql(bookingId: string): string {
  return `(select coalesce(json_agg(json_build_object(
      'id', n.id, 'text', n.body, 'writtenBy', ${person('u')}, 'createdAt', ${instant('n.created_at')}
    ) order by n.created_at desc, n.id desc), '[]')
    from staff_notes n join users u on u.id = n.written_by_id where n.booking_id = ${bookingId})`;
}

/** SQL: a booking's notes as text, newest first, one a line. @param bookingId an expression */
export const staffNotesText = (bookingId: string): string =>
  `(select string_agg(concat_ws(': ', u.name, n.body), E'\\n' order by n.created_at desc, n.id desc)
    from staff_notes n join users u on u.id = n.written_by_id where n.booking_id = ${bookingId})`;

/** SQL: bookings about which a referrer wrote and whom nobody has answered; few at a time, found by an index. */
export const unansweredByBooking = `select booking_id, min(created_at) as since, count(*)::int as messages
  from booking_messages where not is_from_staff and answered_at is null group by booking_id`;

const threadStatement: Statement = {
  name: 'messages of a booking',
  text: `select ${messagesSql({ bookingId: '$1::uuid', readerId: '$2', before: '$3', limit: '$4' })} as messages`,
};
const messageStatement: Statement = {
  name: 'one message of a booking',
  text: `select ${messagesSql({ bookingId: '$1::uuid', readerId: '$2', before: 'null', limit: '1', only: '$3::uuid' })} as messages`,
};
const stateStatement: Statement = {
  name: 'state of the messages of a booking',
  text: `select ${stateSql({ bookingId: '$1::uuid', readerId: '$2', seesNotes: '$3' })} as state`,
};

/** Newest first. @param before the id of a message of this booking; an unknown one finds nothing */
export async function readMessages(
  statements: Statements,
  bookingId: string,
  readerId: string,
  { before, limit }: { before: string | null; limit: number },
): Promise<BookingMessage[]> {
  const values = [bookingId, readerId, before, limit];
  const [row] = await statements.rows<{ messages: MessageInJson[] }>(threadStatement, values);
  return row?.messages.map(toMessage) ?? [];
}

export async function readMessage(
  statements: Statements,
  bookingId: string,
  readerId: string,
  id: string,
): Promise<BookingMessage | null> {
  const values = [bookingId, readerId, id];
  const [row] = await statements.rows<{ messages: MessageInJson[] }>(messageStatement, values);
  const [message] = row?.messages.map(toMessage) ?? [];
  return message ?? null;
}

/** What a booking's page shows: the newest messages, and for staff their notes; newest first. */
export interface MessagesInView {
  messages: BookingMessage[];
  /** Null for everybody but staff. */
  notes: StaffNote[] | null;
  state: string;
}

interface ViewJson {
  messages: MessageInJson[];
  state: string;
  notes: (Omit<StaffNote, 'createdAt'> & { createdAt: number })[] | null;
}

/** @param limit how many messages */
export function messagesPart(limit: number): ViewPart<MessagesInView> {
  return {
    sql(bookingId, first) {
      const [readerId, seesNotes] = [`$${first}`, `$${first + 1}`];
      return `json_build_object(
        'messages', ${messagesSql({ bookingId, readerId, before: 'null', limit: String(limit) })},
        'state', ${stateSql({ bookingId, readerId, seesNotes })},
        'notes', case when ${seesNotes}::boolean then ${notesSql(bookingId)} end)`;
    },
    values: (viewer) => [viewer.userId, isStaff(viewer)],
    read(json) {
      const { messages, notes, state } = json as ViewJson;
      return {
        messages: messages.map(toMessage),
        notes: notes?.map((note) => ({ ...note, createdAt: new Date(note.createdAt) })) ?? null,
        state,
      };
    },
  };
}

/** Reads what a view calls the `state` of its messages ({@link MessagesInView}). */
export async function readState(statements: Statements, bookingId: string, viewer: Viewer): Promise<string> {
  const values = [bookingId, viewer.userId, isStaff(viewer)];
  const [row] = await statements.rows<{ state: string }>(stateStatement, values);
  return row?.state ?? '';
}

function toMessage({ createdAt, answeredAt, ...message }: MessageInJson): BookingMessage {
  return {
    ...message,
    createdAt: new Date(createdAt),
    answeredAt: answeredAt === null ? null : new Date(answeredAt),
  };
}

/** Up to and with this message. */
export async function markRead(
  db: Queryable,
  { bookingId, userId, messageId }: { bookingId: string; userId: string; messageId: string },
): Promise<void> {
  await db.raw(
    `insert into booking_message_reads as known (booking_id, user_id, read_to)
       select booking_id, ?::uuid, created_at from booking_messages where booking_id = ? and id = ?
     on conflict (booking_id, user_id) do update set read_to = excluded.read_to
       where known.read_to < excluded.read_to`,
    [userId, bookingId, messageId],
  );
}

/** Marks the referrers' messages as answered. Returns how many. */
export async function markAnswered(trx: Transaction, bookingId: string): Promise<number> {
  return trx('booking_messages')
    .where({ booking_id: bookingId, is_from_staff: false })
    .whereNull('answered_at')
    .update({ answered_at: trx.raw('clock_timestamp()') });
}

/** Up to when a person has read a booking's messages: a scalar of SQL, null for nothing. Follows merges of people. */
export function readToSql(bookingId: string, userId: string): string {
  return `(select max(r.read_to) from booking_message_reads r
    where r.booking_id = ${bookingId} and merged_into(r.user_id) = merged_into(${userId}))`;
}

/** Whether somebody else wrote something about the booking that the person has not read. */
export async function hasUnread(db: Queryable, userId: string, bookingId: string): Promise<boolean> {
  const row = await db('booking_messages as m')
    .where('m.booking_id', bookingId)
    .whereRaw('(m.created_by_id <> ? or m.created_for_id is not null)', [userId])
    .whereRaw(`m.created_at > coalesce(${readToSql('m.booking_id', '?::uuid')}, '-infinity')`, [userId])
    .first('m.id');
  return row !== undefined;
}

/** The referrers who wrote about a booking. */
export async function writersOf(db: Queryable, bookingId: string): Promise<string[]> {
  return db('booking_messages')
    .where({ booking_id: bookingId, is_from_staff: false })
    .distinct()
    .pluck('created_by_id');
}

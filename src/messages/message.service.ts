import { attribution, auditActor, isStaff, type Actor, type Viewer } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import {
  findVisible,
  lockBooking,
  maySee,
  type Announce,
  type Booking,
  type ViewPart,
} from '../bookings/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import type { Statements } from '../db/statements.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Ids } from '../ports/ids.ts';
import {
  markAnswered,
  markRead,
  readMessage,
  readMessages,
  messagesPart,
  readState,
  type MessagesInView,
} from './message.repository.ts';
import type { BookingMessage, SendFailure, WriteFailure } from './message.ts';

export interface MessageDeps {
  db: Database;
  statements: Statements;
  audit: AuditLog;
  ids: Ids;
  announce: Announce;
  /** Counts a message of this person. Returns the milliseconds to wait after too many, otherwise 0. */
  countSent(personId: string): Promise<number>;
}

export interface Thread {
  /** Oldest first. */
  messages: BookingMessage[];
  /** The id to give as `before` for older ones; null: there are none. */
  older: string | null;
}

/** The caller has checked that the viewer may see the booking (`BookingService.view`), unless said otherwise. */
export interface Messages {
  /** The newest, or those before one of them. */
  thread(viewer: Viewer, bookingId: string, from?: { before?: string; limit?: number }): Promise<Thread>;
  /** For `BookingService.view`: the newest messages, and for staff their notes. */
  inView: { messages: ViewPart<MessagesInView> };
  /** Makes a thread of the messages in `inView`. */
  threadOf(inView: MessagesInView): Thread;
  /** Changes whenever the thread or the notes do, as this viewer sees them. */
  state(viewer: Viewer, bookingId: string): Promise<string>;
  /** Marks what the viewer was shown as read; not while an admin acts as them. */
  markRead(viewer: Viewer, bookingId: string, shown: readonly BookingMessage[]): Promise<void>;
  /** Checks the booking itself. A second call with the same key and text changes nothing and returns the same message. */
  send(
    actor: Actor,
    bookingId: string,
    given: { text: string; idempotencyKey: string },
  ): Promise<Result<BookingMessage, SendFailure>>;
  /** Staff only; checks the booking itself. A thank-you needs no answer. Returns false as `not_found`. */
  needNoAnswer(actor: Actor, bookingId: string): Promise<boolean>;
  /** Staff only; checks the booking itself. As `send`. */
  addNote(
    actor: Actor,
    bookingId: string,
    given: { text: string; idempotencyKey: string },
  ): Promise<Result<null, WriteFailure>>;
}

const pageSize = 50;

export function createMessages(deps: MessageDeps): Messages {
  const { db, statements } = deps;
  return {
    thread: (viewer, bookingId, from) => readThread(statements, viewer, bookingId, from),

    inView: { messages: messagesPart(pageSize + 1) },

    threadOf: ({ messages }) => threadOf(messages, pageSize),

    state: (viewer, bookingId) => readState(statements, bookingId, viewer),

    async markRead(viewer, bookingId, shown) {
      const newest = shown.at(-1);
      if (viewer.actingAdmin || !newest || !shown.some(({ isUnread }) => isUnread)) return;
      await markRead(db, { bookingId, userId: viewer.userId, messageId: newest.id });
    },

    async send(actor, bookingId, given) {
      const { userId, actingAdmin } = actor.viewer;
      const retryAfterMs = await deps.countSent(actingAdmin?.id ?? userId);
      if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
      const sent = await writeAbout(deps, actor, bookingId, (trx, booking) =>
        writeMessage(deps, trx, actor, booking, given),
      );
      if (!sent.ok) return sent;
      const message = await readMessage(statements, bookingId, userId, sent.value);
      if (!message) throw new Error(`Message ${sent.value} is gone`);
      return ok(message);
    },

    async needNoAnswer(actor, bookingId) {
      if (!isStaff(actor.viewer)) return false;
      const done = await writeAbout(deps, actor, bookingId, async (trx, booking) => {
        const answered = await markAnswered(trx, booking.id);
        if (answered > 0) await record(deps, trx, actor, booking.id, 'message.answered', { answered });
        return ok(null);
      });
      return done.ok;
    },

    async addNote(actor, bookingId, given) {
      if (!isStaff(actor.viewer)) return failure({ reason: 'not_found' });
      return writeAbout(deps, actor, bookingId, (trx, booking) =>
        writeNote(deps, trx, actor, booking, given),
      );
    },
  };
}

async function readThread(
  statements: Statements,
  viewer: Viewer,
  bookingId: string,
  { before, limit = pageSize }: { before?: string; limit?: number } = {},
): Promise<Thread> {
  const range = { before: before ?? null, limit: limit + 1 };
  return threadOf(await readMessages(statements, bookingId, viewer.userId, range), limit);
}

/** @param found newest first, with one more than the limit when there are older ones */
function threadOf(found: BookingMessage[], limit: number): Thread {
  const messages = found.slice(0, limit).toReversed();
  return { messages, older: found.length > limit ? (messages[0]?.id ?? null) : null };
}

/** Runs `write` with the booking locked, so that its messages have one order and a key is used once. */
async function writeAbout<Value>(
  deps: MessageDeps,
  actor: Actor,
  bookingId: string,
  write: (trx: Transaction, booking: Booking) => Promise<Result<Value, WriteFailure>>,
): Promise<Result<Value, WriteFailure>> {
  if (!(await findVisible(deps, actor, bookingId))) return failure({ reason: 'not_found' });
  return deps.db.transaction(async (trx) => {
    await blockMerges(trx);
    const booking = await lockBooking(trx, bookingId);
    if (!booking || !maySee(actor.viewer, booking)) return failure({ reason: 'not_found' });
    return write(trx, booking);
  });
}

/** Whether there is somebody to write to. */
export function takesMessages({ status, organization }: Pick<Booking, 'status' | 'organization'>): boolean {
  return status !== 'archived' && organization !== null;
}

async function writeMessage(
  deps: MessageDeps,
  trx: Transaction,
  actor: Actor,
  booking: Booking,
  { text, idempotencyKey }: { text: string; idempotencyKey: string },
): Promise<Result<string, WriteFailure>> {
  const { byId, forId } = attribution(actor.viewer);
  const before = await trx('booking_messages')
    .where({ booking_id: booking.id, created_by_id: byId, idempotency_key: idempotencyKey })
    .first('id', 'body');
  if (before) return before.body === text ? ok(before.id) : failure({ reason: 'idempotency_conflict' });
  if (!takesMessages(booking)) return failure({ reason: 'booking_closed' });
  const isFromStaff = isStaff(actor.viewer);
  const id = deps.ids.uuid();
  await trx('booking_messages').insert({
    id,
    booking_id: booking.id,
    body: text,
    is_from_staff: isFromStaff,
    created_by_id: byId,
    created_for_id: forId,
    idempotency_key: idempotencyKey,
  });
  const answered = isFromStaff ? await markAnswered(trx, booking.id) : 0;
  // The writer has read the messages before this one.
  if (!forId) await markRead(trx, { bookingId: booking.id, userId: byId, messageId: id });
  await record(deps, trx, actor, booking.id, 'message.sent', { messageId: id, answered });
  await deps.announce(trx, {
    kind: 'message_received',
    bookingId: booking.id,
    // A referrer in whose name an admin wrote has not seen the message, and is told too.
    ...(forId === null && { exceptId: byId }),
  });
  return ok(id);
}

async function writeNote(
  deps: MessageDeps,
  trx: Transaction,
  actor: Actor,
  booking: Booking,
  { text, idempotencyKey }: { text: string; idempotencyKey: string },
): Promise<Result<null, WriteFailure>> {
  const key = { booking_id: booking.id, written_by_id: actor.viewer.userId, idempotency_key: idempotencyKey };
  const before = await trx('staff_notes').where(key).first('body');
  if (before) return before.body === text ? ok(null) : failure({ reason: 'idempotency_conflict' });
  if (booking.status === 'archived') return failure({ reason: 'booking_closed' });
  const id = deps.ids.uuid();
  await trx('staff_notes').insert({ ...key, id, body: text });
  await record(deps, trx, actor, booking.id, 'note.added', { noteId: id });
  return ok(null);
}

function record(
  { audit }: MessageDeps,
  trx: Transaction,
  actor: Actor,
  bookingId: string,
  action: 'message.sent' | 'message.answered' | 'note.added',
  metadata: Record<string, unknown>,
): Promise<void> {
  return audit.record(trx, auditActor(actor), {
    action,
    resourceType: 'booking',
    resourceId: bookingId,
    metadata,
  });
}

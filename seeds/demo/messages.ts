// What referrers and staff have written to each other about the story's bookings by now, and the notes of staff.
import { systemIds } from '../../src/adapters/system-ids.ts';
import type { Transaction } from '../../src/db/knex.ts';
import type { Examination } from './examinations.ts';
import type { PersonKey } from './people.ts';
import { dayMs, minute, type Context } from './rows.ts';

interface Conversation {
  /** In turn: the referrer first, then Sam of support. */
  messages: readonly string[];
  /** How many days ago it began. */
  daysAgo: number;
  /** The referrer has not opened the answer yet. */
  isUnread?: true;
  note?: string;
}

/** By claim number. One still waits for an answer, and one answer is not read yet. */
const conversations: Record<string, Conversation> = {
  'HL-20457': {
    daysAgo: 3,
    messages: [
      'Mrs Marsh walks with a frame. Are the rooms reached by lift?',
      'Yes, the lift is beside the street entrance, and there is a seat on every floor. I have told the practice.',
      'Perfect, thank you.',
    ],
    note: 'Spoke to the practice: they keep the first room free for Mrs Marsh.',
  },
  'HL-20452': {
    daysAgo: 1,
    messages: ['Our brief is with counsel and comes this afternoon. Is that early enough for Dr Rossi?'],
  },
  'HL-20461': {
    daysAgo: 1,
    messages: [
      'The clinic has moved Ms Rudd. Is the new time certain? She has to ask for leave.',
      'Yes, Dr Moreau’s rooms confirmed it this morning.',
    ],
    isUnread: true,
  },
  'NC-77230': {
    daysAgo: 4,
    messages: [
      'Can the report address capacity for light duties as well?',
      'I have passed that on to Dr Lund, who will include it.',
    ],
  },
};

/** After the messages: the database has noted each answer as news of now; what was read is news no more. */
export async function settleNewsOfMessages(trx: Transaction): Promise<void> {
  await trx.raw(`
    delete from booking_news n using bookings b, booking_message_reads r
    where n.kind = 'message' and b.id = n.booking_id and r.booking_id = b.id and r.user_id = b.created_by_id
      and not exists (
        select from booking_messages m
        where m.booking_id = b.id and m.is_from_staff and m.created_at > r.read_to)`);
}

export function writeMessages(
  one: Examination,
  bookingId: string,
  referrer: PersonKey,
  { rows, deps, idOf }: Context,
): void {
  const conversation = one.row.claim === null ? undefined : conversations[one.row.claim];
  if (!conversation) return;
  const began = deps.now.getTime() - conversation.daysAgo * dayMs;
  const at = (turn: number) => new Date(began + turn * 95 * minute);
  const { messages, note, isUnread } = conversation;
  const lastAnswer = messages.length - (messages.length % 2 === 0 ? 1 : 2);
  for (const [turn, body] of messages.entries()) {
    const isFromStaff = turn % 2 === 1;
    const author: PersonKey = isFromStaff ? 'sam' : referrer;
    const id = systemIds.uuid();
    rows.booking_messages.push({
      id,
      booking_id: bookingId,
      body,
      is_from_staff: isFromStaff,
      created_by_id: idOf(author),
      idempotency_key: id,
      // A thank-you after an answer waits for none.
      answered_at: !isFromStaff && lastAnswer >= 0 ? at(messages.length) : null,
      created_at: at(turn),
    });
    rows.events.push({
      at: at(turn),
      actor: author,
      action: 'message.sent',
      resource: ['booking', bookingId],
      metadata: { messageId: id },
    });
  }
  const readers = lastAnswer < 0 ? [referrer] : ([referrer, 'sam'] as const);
  for (const reader of readers)
    rows.booking_message_reads.push({
      booking_id: bookingId,
      user_id: idOf(reader),
      read_to: isUnread && reader === referrer ? at(0) : at(messages.length),
    });
  if (note === undefined) return;
  const id = systemIds.uuid();
  rows.staff_notes.push({
    id,
    booking_id: bookingId,
    body: note,
    written_by_id: idOf('sam'),
    idempotency_key: id,
    created_at: at(1),
  });
  rows.events.push({
    at: at(1),
    actor: 'sam',
    action: 'note.added',
    resource: ['booking', bookingId],
    metadata: { noteId: id },
  });
}

// The messages on a booking's page, and for staff their notes.
import { isStaff, type Viewer } from '../../../accounts/index.ts';
import type { Booking } from '../../../bookings/index.ts';
import {
  longestMessage,
  takesMessages,
  type BookingMessage,
  type Messages,
  type MessagesInView,
  type Thread,
} from '../../../messages/index.ts';
import type { Ids } from '../../../ports/ids.ts';
import { paths } from '../../paths.ts';
import { withAdmin } from '../../view-helpers.ts';
import { stamp } from '../when.ts';

export interface MessageRow {
  id: string;
  text: string;
  /** `Rita Shaw, assisted by Ada Fox` */
  who: string;
  isOwn: boolean;
  isNew: boolean;
  /** ISO instant. */
  at: string;
  when: string;
  /** `Read by Sam Lee`; null: by nobody else. */
  read: string | null;
}

export interface NoteRow {
  id: string;
  text: string;
  who: string;
  at: string;
  when: string;
}

/** The data of views/bookings/_messages.ejs. */
export interface MessagesSection {
  bookingId: string;
  /** A hash that changes whenever the lists of messages and notes change. */
  seen: string;
  rows: MessageRow[];
  olderHref: string | null;
  newCount: number;
  /** Null when nobody can be written to: the booking is archived, or has no referrer. */
  form: { idempotencyKey: string; text: string; hint: string; longest: number } | null;
  /** Staff only: whether a referrer waits for an answer. */
  mayDismiss: boolean;
  /** Staff only, while a referrer waits for an answer or just got one: the booking of the next who waits. */
  next: { label: string; href: string } | null;
  /** Null for everybody but staff. */
  notes: { rows: NoteRow[]; form: { idempotencyKey: string; note: string } | null } | null;
}

/** What was typed into a form that was refused; `isAnswered`: the form was sent, and staff are back on the page. */
export interface TypedMessage {
  isAnswered?: boolean;
  text?: string;
  note?: string;
}

export function messagesSection(
  { messages, ids }: { messages: Messages; ids: Ids },
  viewer: Viewer,
  { booking, messages: inView }: { booking: Booking; messages: MessagesInView },
  zone: string,
  typed: TypedMessage = {},
): { section: MessagesSection; shown: BookingMessage[] } {
  const { notes, state } = inView;
  const thread = messages.threadOf(inView);
  const shownRows = threadRows(thread, viewer, booking.id, zone);
  const mayDismiss =
    isStaff(viewer) && thread.messages.some(({ isFromStaff, answeredAt }) => !isFromStaff && !answeredAt);
  const isAnswered = isStaff(viewer) && typed.isAnswered === true && !mayDismiss;
  const section: MessagesSection = {
    bookingId: booking.id,
    seen: state,
    ...shownRows,
    newCount: shownRows.rows.filter(({ isNew }) => isNew).length,
    form: takesMessages(booking)
      ? {
          idempotencyKey: ids.uuid(),
          text: typed.text ?? '',
          hint: isStaff(viewer)
            ? `${booking.organization?.name ?? 'The organisation'} reads this.`
            : 'The agency and your colleagues read this.',
          longest: longestMessage,
        }
      : null,
    mayDismiss,
    next:
      mayDismiss || isAnswered
        ? {
            label: isAnswered ? 'Answer the next one' : 'Leave it, and open the next one',
            href: paths.nextUnanswered(booking.id),
          }
        : null,
    notes: notes && {
      rows: notes.map(({ id, text, writtenBy, createdAt }) => ({
        id,
        text,
        who: writtenBy.name,
        at: createdAt.toISOString(),
        when: stamp(createdAt, zone),
      })),
      form: booking.status === 'archived' ? null : { idempotencyKey: ids.uuid(), note: typed.note ?? '' },
    },
  };
  return { section, shown: thread.messages };
}

export function threadRows(
  { messages, older }: Thread,
  viewer: Viewer,
  bookingId: string,
  zone: string,
): Pick<MessagesSection, 'rows' | 'olderHref'> {
  return {
    rows: messages.map((message) => ({
      id: message.id,
      text: message.text,
      who: writerOf(message),
      isOwn: message.createdBy.id === viewer.userId,
      // A message that an admin wrote while acting is new to the referrer, but not to the admin.
      isNew: message.isUnread && !(viewer.actingAdmin && message.createdFor?.id === viewer.actingAdmin.id),
      at: message.createdAt.toISOString(),
      when: stamp(message.createdAt, zone),
      read: message.readBy.length > 0 ? `Read by ${message.readBy.map(({ name }) => name).join(', ')}` : null,
    })),
    olderHref: older && paths.bookingMessagesBefore(bookingId, older),
  };
}

function writerOf({ createdBy, createdFor, isFromStaff }: BookingMessage): string {
  if (createdFor) return withAdmin(createdBy, createdFor);
  return isFromStaff ? `${createdBy.name}, Examdesk` : createdBy.name;
}

// What the room announces: ids and plain values. Who is told follows from the kind.
import type { Transaction } from '../db/knex.ts';
import { hasEnded, type Booking } from './booking.ts';

export const bookingMailKinds = [
  'booking_confirmation',
  'booking_rescheduled',
  'booking_cancelled',
  'booking_failed',
  'booking_no_show',
  'booking_reminder',
  'document_added',
  'report_ready',
] as const;
export type BookingMailKind = (typeof bookingMailKinds)[number];

/**
 * What happened, and to which booking. Who is told follows from the kind (src/email/email.audience.ts), in the caller's
 * transaction. The same occasion announced twice is one message for each recipient.
 */
export interface Announcement {
  kind: BookingMailKind;
  /** Null: an attempt to book that failed. */
  bookingId: string | null;
  /** The attempt that led to it; null or left out when Acuity told us and nobody here asked for it. */
  attemptId?: string | null;
  /** The document that it is about. */
  documentId?: string;
  /** Tells messages of one kind about one booking apart. Default: the attempt, else the document, else the booking. */
  occasion?: string;
  /** These people and nobody else; who switched the kind off is still left out. */
  recipientIds?: readonly string[];
  /** Who did it, and need not be told. */
  exceptId?: string;
  /** Of an examination that moved: when it was before. */
  previousStartsAt?: Date;
}

export type Announce = (trx: Transaction, announcement: Announcement) => Promise<void>;

/** For what people have been told of before: after a restore, or when existing appointments are taken over. */
export const tellNobody: Announce = () => Promise.resolve();

/**
 * What a referrer is told who gets a booking that was made before: how it stands now, which includes that it was moved.
 * Null: it is over, and there is nothing left to do.
 */
export function stateToTell(booking: Booking, now: Date): BookingMailKind | null {
  if (booking.currentProgress === 'no_show') return 'booking_no_show';
  if (hasEnded(booking, now)) return null;
  return booking.status === 'cancelled' ? 'booking_cancelled' : 'booking_confirmation';
}

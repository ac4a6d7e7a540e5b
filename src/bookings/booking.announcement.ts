// Announcements of this room: ids and plain values only. The kind decides who is told.
import type { Queryable, Transaction } from '../db/knex.ts';
import type { Query } from '../db/statements.ts';
import type { BookingMailKind } from '../mail-kinds/index.ts';
import { hasEnded, type Booking } from './booking.ts';

/**
 * What happened to which booking. Written in the caller's transaction; the kind decides who is told
 * (src/mail-kinds). Announcing the same occasion twice sends each recipient one message.
 */
export interface Announcement {
  kind: BookingMailKind;
  /** Null when an attempt to book failed. */
  bookingId: string | null;
  /** The attempt that led to it; null or absent when the change was made in Acuity. */
  attemptId?: string | null;
  /** The document it is about. */
  documentId?: string;
  /** Tells messages of one kind about one booking apart. Default: the attempt, document or booking, in this order. */
  occasion?: string;
  /** Tells only these people, except those who switched this kind off. */
  recipientIds?: readonly string[];
  /** Who did it and so need not be told. */
  exceptId?: string;
  /** When an examination was moved: its earlier time. */
  previousStartsAt?: Date;
}

export interface Announce {
  (trx: Transaction, announcement: Announcement): Promise<void>;
  /** Reads who is told, and returns the queries that write the e-mails, to be sent with others (src/db/statements.ts). */
  writeQueries: (trx: Transaction, announcement: Announcement) => Promise<Query[]>;
  /** For an announcement to these people: the reading, too, is left to the caller, who sends it with other queries. */
  inTwoSteps: (
    db: Queryable,
    kind: BookingMailKind,
    recipientIds: readonly string[],
  ) => AnnouncementInTwoSteps;
}

export interface AnnouncementInTwoSteps {
  /** First: they read who of the people is told. */
  readQueries: readonly Query[];
  /** Then: builds the queries that write the e-mails. @param answers of `readQueries`, from the same transaction */
  writeQueries: (
    db: Queryable,
    announcement: Announcement,
    answers: readonly (readonly unknown[])[],
  ) => Query[];
}

/** Announces nothing, because people were told before: after a restore, or when existing appointments are imported. */
export const tellNobody: Announce = Object.assign(() => Promise.resolve(), {
  writeQueries: () => Promise.resolve([]),
  inTwoSteps: () => ({ readQueries: [], writeQueries: () => [] }),
});

/** The mail that tells a newly assigned referrer the booking's present state. Null: the examination is over. */
export function stateToTell(booking: Booking, now: Date): BookingMailKind | null {
  if (booking.currentProgress === 'no_show') return 'booking_no_show';
  if (hasEnded(booking, now)) return null;
  return booking.status === 'cancelled' ? 'booking_cancelled' : 'booking_confirmation';
}

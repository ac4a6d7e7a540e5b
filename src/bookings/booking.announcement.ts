// Announcements of this room: ids and plain values only. The kind decides who is told.
import type { Queryable, Transaction } from '../db/knex.ts';
import type { Call } from '../db/statements.ts';
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
  /** Decides now who is told. The statements that write it are sent together with others (src/db/statements.ts). */
  writing: (trx: Transaction, announcement: Announcement) => Promise<Call[]>;
  /** For people who are known: asks who of them is told together with other statements. */
  asking: (db: Queryable, kind: BookingMailKind, recipientIds: readonly string[]) => AskedAnnouncement;
}

export interface AskedAnnouncement {
  calls: readonly Call[];
  /** @param answers of the calls, from the same transaction */
  writing: (db: Queryable, announcement: Announcement, answers: readonly (readonly unknown[])[]) => Call[];
}

/** For what people were told before: after a restore, or when existing appointments are imported. */
export const tellNobody: Announce = Object.assign(() => Promise.resolve(), {
  writing: () => Promise.resolve([]),
  asking: () => ({ calls: [], writing: () => [] }),
});

/** The mail that tells a newly assigned referrer the booking's present state. Null: the examination is over. */
export function stateToTell(booking: Booking, now: Date): BookingMailKind | null {
  if (booking.currentProgress === 'no_show') return 'booking_no_show';
  if (hasEnded(booking, now)) return null;
  return booking.status === 'cancelled' ? 'booking_cancelled' : 'booking_confirmation';
}

import type { Actor } from '../accounts/index.ts';
import type { Result } from '../lib/result.ts';
import type { Answer } from '../questions/index.ts';
import type { BookingContacts, Contact, ContactChoice, ContactsFailure } from './booking.contact.ts';
import type { BookingDetails } from './booking.details.ts';
import type { AnswersChange, Booking, Progress, ProgressEntry } from './booking.ts';

export type FieldError = { path: string; message: string };

export type ProgressFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'invalid_transition'; from: Progress; to: Progress }
  | { reason: 'outcome_pending'; attemptId: string };

/** Somebody changed it since it was read: as it is now. */
export type Stale = { reason: 'stale'; current: Booking };

export type EditFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'invalid'; errors: FieldError[] }
  | Stale;

export interface ViewedBooking {
  booking: Booking;
  progress: ProgressEntry[];
  /** To Acuity's own questions. */
  answers: Answer[];
  /** How the answers were changed since the booking was made; oldest first. */
  answerChanges: AnswersChange[];
}

export interface BookingService {
  /**
   * Staff only; the transitions of domain.md, but never those that Acuity must be told of.
   * @param seen the version that was looked at; unset: whatever stands
   */
  moveProgress(
    actor: Actor,
    bookingId: string,
    to: Progress,
    notes: string,
    seen?: number,
  ): Promise<Result<ProgressEntry, ProgressFailure | Stale>>;
  /** Staff only. `version`: the one that was looked at. The referrer is told how the booking stands. */
  assign(
    actor: Actor,
    bookingId: string,
    version: number,
    referrerId: string,
  ): Promise<Result<Booking, EditFailure>>;
  /** Staff only, and only what is not Acuity’s to say. */
  edit(
    actor: Actor,
    bookingId: string,
    version: number,
    details: BookingDetails,
  ): Promise<Result<Booking, EditFailure>>;
  /** Who is told about a booking beside its booker. Null as for `view`. */
  contacts(actor: Actor, bookingId: string): Promise<BookingContacts | null>;
  /** Of a booking that the viewer has been shown. */
  contactsOf(booking: Pick<Booking, 'id'>): Promise<Contact[]>;
  /** Whoever may see the booking may say who else is told about it. */
  setContacts(
    actor: Actor,
    bookingId: string,
    chosen: readonly ContactChoice[],
  ): Promise<Result<Contact[], ContactsFailure>>;
  /** One booking with its history; writes `booking.viewed`. Null when unknown or not the viewer's to know of. */
  view(actor: Actor, bookingId: string): Promise<ViewedBooking | null>;
  /** When it last changed; for pages that stay open and ask again and again: that is no viewing. Null as for `view`. */
  changedAt(actor: Actor, bookingId: string): Promise<Date | null>;
}

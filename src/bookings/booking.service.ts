import { auditActor, isStaff, type Actor } from '../accounts/index.ts';
import type { Result } from '../lib/result.ts';
import type { Answer } from '../questions/index.ts';
import { findVisible } from './booking.access.ts';
import { assignBooking } from './booking.assign.ts';
import {
  contactsOf,
  type BookingContacts,
  type Contact,
  type ContactChoice,
  type ContactsFailure,
} from './booking.contact.ts';
import { findContacts, setContacts } from './booking.contacts.ts';
import type { BookingDeps } from './booking.deps.ts';
import { editBooking, type SentDetails } from './booking.edit.ts';
import { answersWithHistory } from './booking.kept-answers.ts';
import { moveProgress } from './booking.progress.ts';
import { madeInAcuityBy, progressOf } from './booking.repository.ts';
import type {
  AnswersChange,
  Booking,
  EditFailure,
  Progress,
  ProgressEntry,
  ProgressFailure,
  Stale,
} from './booking.ts';

export interface ViewedBooking {
  booking: Booking;
  progress: ProgressEntry[];
  /** Answers to Acuity's own questions. */
  answers: Answer[];
  /** Changes of the answers since the booking was made, oldest first. */
  answerChanges: AnswersChange[];
  /** The address of whoever made it in Acuity, while it has no referrer; null also for viewers who are not staff. */
  madeInAcuityBy: string | null;
}

export interface BookingService {
  /**
   * Staff only; the transitions of domain.md, except those that also change the appointment in Acuity.
   * @param expectedVersion the version that the person saw; unset: do not compare
   */
  moveProgress(
    actor: Actor,
    bookingId: string,
    to: Progress,
    notes: string,
    expectedVersion?: number,
  ): Promise<Result<ProgressEntry, ProgressFailure | Stale>>;
  /** Staff only. `version`: the version that the person saw. Tells the referrer the booking's present state. */
  assign(
    actor: Actor,
    bookingId: string,
    version: number,
    referrerId: string,
  ): Promise<Result<Booking, EditFailure>>;
  /** Staff only, and only what Acuity does not decide. Checks what differs from the booking. */
  edit(
    actor: Actor,
    bookingId: string,
    version: number,
    sent: SentDetails,
  ): Promise<Result<Booking, EditFailure>>;
  /** The people who are told besides the referrer. Null as for `view`. */
  contacts(actor: Actor, bookingId: string): Promise<BookingContacts | null>;
  /** For a booking that the viewer has already been shown. */
  contactsOf(booking: Pick<Booking, 'id'>): Promise<Contact[]>;
  /** Anybody who may see the booking may change its contacts. */
  setContacts(
    actor: Actor,
    bookingId: string,
    chosen: readonly ContactChoice[],
  ): Promise<Result<Contact[], ContactsFailure>>;
  /** One booking with its history; writes `booking.viewed`. Null when unknown or not visible to the viewer. */
  view(actor: Actor, bookingId: string): Promise<ViewedBooking | null>;
  /** When it last changed. For pages that poll; does not count as a view. Null as for `view`. */
  changedAt(actor: Actor, bookingId: string): Promise<Date | null>;
}

export function createBookingService(deps: BookingDeps): BookingService {
  return {
    moveProgress: (actor, bookingId, to, notes, expectedVersion) =>
      moveProgress(deps, actor, bookingId, to, notes, expectedVersion),

    assign: (actor, bookingId, version, referrerId) =>
      assignBooking(deps, actor, bookingId, version, referrerId),

    edit: (actor, bookingId, version, sent) => editBooking(deps, actor, bookingId, version, sent),

    contacts: (actor, bookingId) => findContacts(deps, actor, bookingId),

    contactsOf: ({ id }) => contactsOf(deps.db, id),

    setContacts: (actor, bookingId, chosen) => setContacts(deps, actor, bookingId, chosen),

    async view(actor, bookingId) {
      const booking = await findVisible(deps, actor, bookingId);
      if (!booking) return null;
      await deps.audit.record(deps.db, auditActor(actor), {
        action: 'booking.viewed',
        resourceType: 'booking',
        resourceId: booking.id,
      });
      const { answers, changes } = await answersWithHistory(deps.db, booking.id);
      const progress = await progressOf(deps.db, booking.id);
      const isForStaff = isStaff(actor.viewer) && booking.createdBy === null;
      const madeBy = isForStaff ? await madeInAcuityBy(deps.db, booking.id) : null;
      return { booking, progress, answers, answerChanges: changes, madeInAcuityBy: madeBy };
    },

    async changedAt(actor, bookingId) {
      return (await findVisible(deps, actor, bookingId))?.updatedAt ?? null;
    },
  };
}

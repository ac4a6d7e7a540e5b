import { isStaff, type Actor } from '../accounts/index.ts';
import type { InvalidFields, Result } from '../lib/result.ts';
import type { Sent } from '../lib/typed-edit.ts';
import { isUuid } from '../lib/uuid.ts';
import { findVisible, mayShow } from './booking.access.ts';
import { assignBooking, assignOrganization } from './booking.assign.ts';
import {
  type BookingContacts,
  type Contact,
  type ContactChoice,
  type ContactsFailure,
} from './booking.contact.ts';
import { findContacts, setContacts } from './booking.contacts.ts';
import type { BookingDeps } from './booking.deps.ts';
import { editBooking } from './booking.edit.ts';
import { chooseProgress, moveProgress } from './booking.progress.ts';
import { readBookingView, type BookingView, type PartValues, type ViewParts } from './booking.view.ts';
import type { Booking, EditFailure, Progress, ProgressEntry, ProgressFailure, Stale } from './booking.ts';

export interface BookingService {
  /**
   * Staff only; the transitions of booking.ts, except those that also change the appointment in Acuity.
   * @param expectedVersion the version that the person saw; unset: do not compare
   */
  moveProgress(
    actor: Actor,
    bookingId: string,
    to: Progress,
    notes: string,
    expectedVersion?: number,
  ): Promise<Result<ProgressEntry, ProgressFailure | Stale>>;
  /**
   * For a progress that somebody chose in a form. They are asked to confirm it when the examination is in the future.
   * @param sent `progress`, `notes`, and `isCertain` after they confirmed
   */
  chooseProgress(
    actor: Actor,
    bookingId: string,
    version: number,
    sent: Sent,
  ): Promise<Result<ProgressEntry, ProgressFailure | Stale | InvalidFields>>;
  /** Staff only. `version`: the version that the person saw. Tells the referrer the booking's present state. */
  assign(
    actor: Actor,
    bookingId: string,
    version: number,
    referrerId: unknown,
  ): Promise<Result<Booking, EditFailure>>;
  /** The same, while the referrer is unknown: tells nobody. */
  assignOrganization(
    actor: Actor,
    bookingId: string,
    version: number,
    organizationId: unknown,
  ): Promise<Result<Booking, EditFailure>>;
  /** Staff only, and only what Acuity does not decide. Checks what differs from the booking. */
  edit(actor: Actor, bookingId: string, version: number, sent: Sent): Promise<Result<Booking, EditFailure>>;
  /** The people who are told besides the referrer. Null as for `view`. */
  contacts(actor: Actor, bookingId: string): Promise<BookingContacts | null>;
  /**
   * Anybody who may see the booking may change its contacts.
   * @param seen the contacts when the person chose: what others have changed since stays; null: `chosen` are all
   */
  setContacts(
    actor: Actor,
    bookingId: string,
    chosen: readonly ContactChoice[],
    seen?: readonly ContactChoice[] | null,
  ): Promise<Result<Contact[], ContactsFailure>>;
  /**
   * One booking with its history; writes `booking.viewed`. Null when unknown or not visible to the viewer.
   * @param how.isOpened false: a page that brings itself up to date, or a program, reads it, so news stay new
   * @param how.parts what other rooms show with it: each is in the answer under its name
   */
  view<Parts extends ViewParts = Record<never, never>>(
    actor: Actor,
    bookingId: string,
    how?: { isOpened?: boolean; parts?: Parts },
  ): Promise<(BookingView & PartValues<Parts>) | null>;
  /** When it last changed. For pages that poll; does not count as a view. Null as for `view`. */
  changedAt(actor: Actor, bookingId: string): Promise<Date | null>;
}

export function createBookingService(deps: BookingDeps): BookingService {
  return {
    moveProgress: (actor, bookingId, to, notes, expectedVersion) =>
      moveProgress(deps, actor, bookingId, to, notes, expectedVersion),

    chooseProgress: (actor, bookingId, version, sent) =>
      chooseProgress(deps, actor, bookingId, version, sent),

    assign: (actor, bookingId, version, referrerId) =>
      assignBooking(deps, actor, bookingId, version, referrerId),

    assignOrganization: (actor, bookingId, version, organizationId) =>
      assignOrganization(deps, actor, bookingId, version, organizationId),

    edit: (actor, bookingId, version, sent) => editBooking(deps, actor, bookingId, version, sent),

    contacts: (actor, bookingId) => findContacts(deps, actor, bookingId),

    setContacts: (actor, bookingId, chosen, seen = null) => setContacts(deps, actor, bookingId, chosen, seen),

    async view<Parts extends ViewParts>(
      actor: Actor,
      bookingId: string,
      { isOpened = true, parts = {} as Parts }: { isOpened?: boolean; parts?: Parts } = {},
    ) {
      const found = isUuid(bookingId)
        ? await readBookingView(deps.statements, actor, bookingId, { isOpened, parts })
        : null;
      if (!found || !(await mayShow(deps, actor, found.view.booking))) return null;
      const { view, isRecorded } = found;
      if (!isRecorded) throw new Error(`The view of booking ${bookingId} was not recorded`);
      const isForStaff = isStaff(actor.viewer) && view.booking.createdBy === null;
      return { ...view, madeInAcuityBy: isForStaff ? view.madeInAcuityBy : null };
    },

    async changedAt(actor, bookingId) {
      return (await findVisible(deps, actor, bookingId))?.updatedAt ?? null;
    },
  };
}

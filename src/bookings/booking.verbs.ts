import { auditActor } from '../accounts/index.ts';
import { findVisible } from './booking.access.ts';
import { assignBooking } from './booking.assign.ts';
import { contactsOf } from './booking.contact.ts';
import { findContacts, setContacts } from './booking.contacts.ts';
import type { BookingDeps } from './booking.deps.ts';
import { editBooking } from './booking.edit.ts';
import { answersWithHistory } from './booking.kept-answers.ts';
import { moveProgress } from './booking.progress.ts';
import { progressOf } from './booking.repository.ts';
import type { BookingService } from './booking.service.ts';

export function createBookingService(deps: BookingDeps): BookingService {
  return {
    moveProgress: (actor, bookingId, to, notes, seen) =>
      moveProgress(deps, actor, bookingId, to, notes, seen),

    assign: (actor, bookingId, version, referrerId) =>
      assignBooking(deps, actor, bookingId, version, referrerId),

    edit: (actor, bookingId, version, details) => editBooking(deps, actor, bookingId, version, details),

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
      return { booking, progress, answers, answerChanges: changes };
    },

    async changedAt(actor, bookingId) {
      return (await findVisible(deps, actor, bookingId))?.updatedAt ?? null;
    },
  };
}

import { auditActor } from '../accounts/index.ts';
import { isUuid } from '../lib/uuid.ts';
import { findVisible, mayKnowAttempt } from './booking.access.ts';
import { assignBooking } from './booking.assign.ts';
import { book } from './booking.book.ts';
import { change } from './booking.change.ts';
import { contactsOf } from './booking.contact.ts';
import { findContacts, setContacts } from './booking.contacts.ts';
import type { BookingDeps } from './booking.deps.ts';
import { editBooking } from './booking.edit.ts';
import { findIntention, type Intention } from './booking.intentions.ts';
import { answersWithHistory } from './booking.kept-answers.ts';
import { moveProgress } from './booking.progress.ts';
import { progressOf } from './booking.repository.ts';
import type { AttemptState, BookingService } from './booking.service.ts';

export function createBookingService(deps: BookingDeps): BookingService {
  return {
    book: (actor, request, idempotencyKey) => book(deps, actor, request, idempotencyKey),

    reschedule: (actor, bookingId, startsAt) =>
      change(deps, actor, bookingId, { kind: 'reschedule', startsAt }),

    cancel: (actor, bookingId, reason) => change(deps, actor, bookingId, { kind: 'cancel', reason }),

    moveProgress: (actor, bookingId, to, notes, seen) =>
      moveProgress(deps, actor, bookingId, to, notes, seen),

    assign: (actor, bookingId, version, referrerId) =>
      assignBooking(deps, actor, bookingId, version, referrerId),

    edit: (actor, bookingId, version, details) => editBooking(deps, actor, bookingId, version, details),

    contacts: (actor, bookingId) => findContacts(deps, actor, bookingId),

    contactsOf: ({ id }) => contactsOf(deps.db, id),

    setContacts: (actor, bookingId, chosen) => setContacts(deps, actor, bookingId, chosen),

    async attempt(actor, intentionId) {
      const intention = isUuid(intentionId) ? await findIntention(deps.db, intentionId) : null;
      const isTheirs = intention && (await mayKnowAttempt(deps.db, actor.viewer, intention));
      return isTheirs ? stateOf(intention) : null;
    },

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

function stateOf(intention: Intention): AttemptState {
  if (intention.state === 'failed') {
    const { failure } = intention;
    const errors = failure?.reason === 'invalid' ? { errors: failure.errors } : {};
    return { state: 'failed', failure: { reason: failure?.reason ?? 'acuity_error', ...errors } };
  }
  if (intention.state === 'completed' && intention.bookingId) {
    return { state: 'completed', bookingId: intention.bookingId };
  }
  // A cancellation wants no time of its own; the page then tells since when it is waiting.
  return { state: 'open', startsAt: intention.startsAt ?? intention.createdAt, since: intention.createdAt };
}

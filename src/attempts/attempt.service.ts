import type { Actor } from '../accounts/index.ts';
import type { Slot } from '../availability/index.ts';
import type { Booking, BookingRequest, FieldError, Progress } from '../bookings/index.ts';
import type { Result } from '../lib/result.ts';

/** Why a booking was not made. Nothing stands in Acuity, except where it says so. */
export type BookFailure =
  | { reason: 'forbidden' }
  | { reason: 'invalid'; errors: FieldError[] }
  | { reason: 'slot_taken'; startsAt: Date; nearest: Slot[] }
  | { reason: 'idempotency_conflict' }
  /** Acuity's answer was lost: it is being settled; `intentionId` tells where to look. */
  | { reason: 'outcome_pending'; intentionId: string }
  | { reason: 'acuity_unavailable'; retryAfterMs: number }
  | { reason: 'acuity_error' };

export type ChangeFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'invalid'; errors: FieldError[] }
  | { reason: 'invalid_transition'; from: Progress; to: Progress }
  | { reason: 'already_cancelled' }
  | { reason: 'slot_taken'; startsAt: Date; nearest: Slot[] }
  | { reason: 'outcome_pending'; intentionId: string }
  | { reason: 'acuity_unavailable'; retryAfterMs: number }
  | { reason: 'acuity_error' };

/** How an attempt to book ended, for the page that waits for it. */
export type AttemptState =
  | { state: 'open'; startsAt: Date; since: Date }
  | { state: 'completed'; bookingId: string }
  | { state: 'failed'; failure: { reason: string; errors?: FieldError[] } };

export interface AttemptService {
  /** Only a referrer, or an admin acting as one, books. */
  book(
    actor: Actor,
    request: BookingRequest,
    idempotencyKey: string | null,
  ): Promise<Result<Booking, BookFailure>>;
  reschedule(actor: Actor, bookingId: string, startsAt: Date): Promise<Result<Booking, ChangeFailure>>;
  cancel(actor: Actor, bookingId: string, reason: string | null): Promise<Result<Booking, ChangeFailure>>;
  /** For those who may see its booking, or are of the organisation that it was made in; null for everyone else. */
  find(actor: Actor, intentionId: string): Promise<AttemptState | null>;
}

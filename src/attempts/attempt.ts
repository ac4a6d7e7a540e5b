// An attempt: a request to Acuity, stored before it is sent (docs/decisions/0003-booking-attempts.md).
import type { AuditActor } from '../audit/index.ts';
import type { Slot } from '../availability/index.ts';
import type { BookingRequest, Progress, Stale } from '../bookings/index.ts';
import type { FieldError, InvalidFields } from '../lib/result.ts';
import type { Answer } from '../questions/index.ts';

interface Requests {
  /** Everything needed to finish the booking without the person who requested it. */
  book: Omit<BookingRequest, 'specialistId' | 'startsAt' | 'answers'> & {
    /** Answers to Acuity's own questions. */
    answers: Answer[];
    /** Acuity may require something that the person could not answer: the booking is marked "details needed". */
    detailsNeeded?: boolean;
    actor: AuditActor;
    client: { name: string; email: string };
    organizationName: string;
    acuity: {
      appointmentTypeId: number;
      calendarId: number;
      /** The field that held the reference when this was requested; null: none. Unset: the present one. */
      referenceFieldId?: number | null;
      /** Fields of our details that this appointment type does not have: they are not sent. */
      omittedFieldIds?: number[];
      /** Booked as staff: Acuity checks neither fields nor availability (docs/decisions/0022-acuitys-questions.md). */
      asStaff?: boolean;
    };
    durationMinutes: number;
    /** The examination's zone and place when it was requested. */
    examinationTimezone: string;
    location: string | null;
  };
  reschedule: ChangeOfAppointment & {
    /** ISO 8601, UTC. */
    previousStartsAt: string;
  };
  cancel: ChangeOfAppointment & { reason: string | null };
}

interface ChangeOfAppointment {
  actor: AuditActor;
  /** Staff see the outcome on the booking; only referrers get mails. */
  byStaff: boolean;
  acuity: { appointmentId: number; calendarId: number };
}

export type AttemptKind = keyof Requests;
/** The kinds that change an existing appointment. */
export type ChangeKind = 'reschedule' | 'cancel';
export type AttemptRequest<K extends AttemptKind = AttemptKind> = {
  [kind in K]: Requests[kind] & { kind: kind };
}[K];

/** Why an attempt was refused. Stored, because later requests with the same idempotency key get the same answer. */
export type Refusal =
  | { reason: 'slot_taken'; startsAt: string; nearest: { startsAt: string; durationMinutes: number }[] }
  | InvalidFields
  | { reason: 'already_cancelled' }
  | { reason: 'acuity_unavailable' | 'acuity_queue_full' | 'acuity_refuses_us'; retryAfterMs: number }
  | { reason: 'acuity_error' };

export interface Attempt<K extends AttemptKind = AttemptKind> {
  id: string;
  state: 'open' | 'completed' | 'failed';
  bookingId: string | null;
  reference: string;
  specialistId: string;
  organizationId: string | null;
  createdById: string;
  createdForId: string | null;
  requestHash: string;
  request: AttemptRequest<K>;
  /** Requested time; null for a cancellation. */
  startsAt: { book: Date; reschedule: Date; cancel: null }[K];
  failure: Refusal | null;
  createdAt: Date;
  /** By the database's clock, because the clocks of processes may differ. */
  ageMs: number;
  /** Null until Acuity is called. */
  calledAgoMs: number | null;
}

export interface NewAttempt {
  id: string;
  bookingId: string | null;
  reference: string;
  specialistId: string;
  organizationId: string | null;
  createdById: string;
  createdForId: string | null;
  idempotencyKey: string | null;
  requestHash: string;
  request: AttemptRequest;
  startsAt: Date | null;
  /** Set for an attempt that was refused at once: stored only so that its key gives the same answer again. */
  failure?: Refusal;
}

export function isOfKind<K extends AttemptKind>(attempt: Attempt, ...kinds: K[]): attempt is Attempt<K> {
  return (kinds as AttemptKind[]).includes(attempt.request.kind);
}

/** Acuity did not carry out the request in time, or could not be reached. */
export const lost: Refusal = { reason: 'acuity_unavailable', retryAfterMs: 0 };

export function slotTaken(taken: { startsAt: Date; nearest: Slot[] }): Refusal {
  return {
    reason: 'slot_taken',
    startsAt: taken.startsAt.toISOString(),
    nearest: taken.nearest.map((slot) => ({ ...slot, startsAt: slot.startsAt.toISOString() })),
  };
}

/** Turns a stored refusal back into the original answer. */
export function answerOf(refusal: Refusal) {
  if (refusal.reason !== 'slot_taken') return refusal;
  return {
    reason: refusal.reason,
    startsAt: new Date(refusal.startsAt),
    nearest: refusal.nearest.map((slot): Slot => ({ ...slot, startsAt: new Date(slot.startsAt) })),
  };
}

/** Why an attempt has no booking, or none yet. Unless noted, nothing was made in Acuity. */
export type AttemptFailure =
  | ReturnType<typeof answerOf>
  /** Acuity's answer was lost and the attempt is being settled: look up `attemptId`. */
  | { reason: 'outcome_pending'; attemptId: string };

/** Why a booking was not made. */
export type BookFailure =
  | Exclude<AttemptFailure, { reason: 'already_cancelled' }>
  | { reason: 'forbidden' }
  | { reason: 'idempotency_conflict' };

export type ChangeFailure =
  | AttemptFailure
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  /** The booking has another time than the one that the person saw. */
  | Stale
  | { reason: 'invalid_transition'; from: Progress; to: Progress };

/** How an attempt ended; for the page that waits for it. */
export type AttemptState =
  /** `startsAt`: the requested time; null for a cancellation. */
  | { state: 'open'; kind: AttemptKind; specialistId: string; startsAt: Date | null }
  | { state: 'completed'; bookingId: string }
  | { state: 'failed'; failure: { reason: string; errors?: FieldError[] } };

// An attempt: what we are about to ask of Acuity, written down before we ask (docs/decisions/0003-booking-intentions.md).
import type { AuditActor } from '../audit/index.ts';
import type { Slot } from '../availability/index.ts';
import type { BookingRequest, FieldError, Progress } from '../bookings/index.ts';
import type { Answer } from '../questions/index.ts';

interface Requests {
  /** Everything needed to finish a booking without the person who asked for it. */
  book: Omit<BookingRequest, 'specialistId' | 'startsAt' | 'answers'> & {
    /** To Acuity's own questions. */
    answers: Answer[];
    /** Acuity may require something that nobody could answer: the booking is marked "details needed". */
    detailsNeeded?: boolean;
    actor: AuditActor;
    client: { name: string; email: string };
    organizationName: string;
    acuity: {
      appointmentTypeId: number;
      calendarId: number;
      /** Which field holds the reference, even if another one does later; null: none. Unset: the one of today. */
      referenceFieldId?: number | null;
      /** Fields of our own details that this appointment type does not have: they are not sent. */
      omittedFieldIds?: number[];
      /** Acuity checks neither the fields nor whether the time is free (docs/decisions/0022-acuitys-questions.md). */
      asStaff?: boolean;
    };
    durationMinutes: number;
    /** The examination's own zone and place, as the specialist had them when it was asked for. */
    examinationTimezone: string;
    location: string | null;
  };
  reschedule: ChangeOfAppointment & {
    /** ISO instant. */
    previousStartsAt: string;
  };
  cancel: ChangeOfAppointment & { reason: string | null };
}

interface ChangeOfAppointment {
  actor: AuditActor;
  /** Staff see the outcome on the booking; mails go to the referrer only. */
  byStaff: boolean;
  acuity: { appointmentId: number; calendarId: number };
}

export type AttemptKind = keyof Requests;
/** The kinds that change an appointment which is there already. */
export type ChangeKind = 'reschedule' | 'cancel';
export type AttemptRequest<K extends AttemptKind = AttemptKind> = {
  [kind in K]: Requests[kind] & { kind: kind };
}[K];

/** The first answer, given again to whoever asks with the same key. */
export type Refusal =
  | { reason: 'slot_taken'; startsAt: string; nearest: { startsAt: string; durationMinutes: number }[] }
  | { reason: 'invalid'; errors: FieldError[] }
  | { reason: 'already_cancelled' }
  | { reason: 'acuity_unavailable'; retryAfterMs: number }
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
  /** Wanted time; null for a cancellation. */
  startsAt: { book: Date; reschedule: Date; cancel: null }[K];
  failure: Refusal | null;
  createdAt: Date;
  /** By the database's clock, so that processes need not agree on the time. */
  ageMs: number;
  /** Null while Acuity was not called. */
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
  /** Set for an attempt that was over before it began: kept only so that its key gives the same answer again. */
  failure?: Refusal;
}

export function isOfKind<K extends AttemptKind>(attempt: Attempt, ...kinds: K[]): attempt is Attempt<K> {
  return (kinds as AttemptKind[]).includes(attempt.request.kind);
}

export function isChange(attempt: Attempt): attempt is Attempt<ChangeKind> {
  return isOfKind(attempt, 'reschedule', 'cancel');
}

/** Acuity did not do it in time, or could not be asked. */
export const lost: Refusal = { reason: 'acuity_unavailable', retryAfterMs: 0 };

export function slotTaken(taken: { startsAt: Date; nearest: Slot[] }): Refusal {
  return {
    reason: 'slot_taken',
    startsAt: taken.startsAt.toISOString(),
    nearest: taken.nearest.map((slot) => ({ ...slot, startsAt: slot.startsAt.toISOString() })),
  };
}

/** A kept refusal as the answer it was. */
export function answerOf(refusal: Refusal) {
  if (refusal.reason !== 'slot_taken') return refusal;
  return {
    reason: refusal.reason,
    startsAt: new Date(refusal.startsAt),
    nearest: refusal.nearest.map((slot): Slot => ({ ...slot, startsAt: new Date(slot.startsAt) })),
  };
}

/** Why an attempt has no booking to show, or not yet. Nothing stands in Acuity, except where it says so. */
export type AttemptFailure =
  | ReturnType<typeof answerOf>
  /** Acuity's answer was lost: it is being settled; `attemptId` tells where to look. */
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
  | { reason: 'invalid_transition'; from: Progress; to: Progress };

/** How an attempt ended, for the page that waits for it. */
export type AttemptState =
  | { state: 'open'; startsAt: Date; since: Date }
  | { state: 'completed'; bookingId: string }
  | { state: 'failed'; failure: { reason: string; errors?: FieldError[] } };

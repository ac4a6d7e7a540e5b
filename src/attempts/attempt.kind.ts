// What differs between book, reschedule and cancel; the rest is one saga (attempt.saga.ts, attempt.settle.ts).
import type { Booking } from '../bookings/index.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import type { Specialist } from '../specialists/index.ts';
import type { RefusedField } from './attempt.acuity.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import type { Attempt, AttemptKind, Refusal } from './attempt.ts';

export interface Kind<K extends AttemptKind> {
  /** Calls Acuity. Null: the attempt is no longer open. */
  callAcuity(deps: AttemptDeps, attempt: Attempt<K>): Promise<AnsweredCall<K> | null>;
  /** Reads the appointment after a call whose answer was unreadable; null: not found, or unreadable too. */
  readBack(deps: AttemptDeps, attempt: Attempt<K>): Promise<Appointment | null>;
  /** Decides what follows when Acuity refused the call for a reason other than a taken time. */
  rule(deps: AttemptDeps, attempt: Attempt<K>, refused: RefusedCall): Promise<Ruling<K>>;
  /** The requested time; null for a cancellation. */
  wantedTime(deps: AttemptDeps, attempt: Attempt<K>): Promise<WantedTime | null>;
  /**
   * Records what Acuity did. Safe to repeat, and to run twice concurrently.
   * @param isSettling the request has ended: a failure is reported to the person by e-mail
   */
  complete(
    deps: AttemptDeps,
    attempt: Attempt<K>,
    appointment: Appointment,
    isSettling: boolean,
  ): Promise<Completion>;
  /** For the worker: finds the outcome of a call whose answer was lost. */
  find(deps: AttemptDeps, attempt: Attempt<K>): Promise<AcuityResult<Finding>>;
  /** Cleans up what Acuity did after the attempt was settled. An appointment: complete the attempt with it. */
  checkLate(deps: AttemptDeps, attempt: Attempt<K>): Promise<Appointment | 'done' | 'ask_again'>;
}

/** A call to Acuity that was answered. `attempt` has the request as it was finally sent. */
export interface AnsweredCall<K extends AttemptKind> {
  attempt: Attempt<K>;
  answer: AcuityResult<Appointment>;
}

export interface RefusedCall {
  code: string;
  /** The question that Acuity named in its refusal, if any. */
  field: RefusedField | null;
}

export type Ruling<K extends AttemptKind> =
  /** `releaseKey`: the answer asks the person to try again, so the idempotency key may be reused. */
  | { refusal: Refusal; releaseKey?: boolean }
  | 'taken'
  /** Acuity was called once more. Null: the attempt is no longer open. */
  | { again: AnsweredCall<K> | null };

export interface WantedTime {
  specialist: Specialist;
  type: Booking['type'];
  startsAt: Date;
  durationMinutes: number;
}

export type Completion =
  | { outcome: 'completed'; booking: Booking }
  /** Declared failed, now or before; nothing is left in Acuity. */
  | { outcome: 'failed'; refusal: Refusal }
  /** Acuity has not done it, or the outcome of a repair is unknown: the attempt stays open. */
  | { outcome: 'unknown' };

export type Finding =
  /** `strays`: surplus appointments of the same attempt, to be cancelled. */
  | { isDone: true; appointment: Appointment; strays: Appointment[] }
  /** `isFinal`: waiting would not change the answer, even while the call may still be running. */
  | { isDone: false; isFinal: boolean; refusal: () => Promise<Refusal>; checkLater: boolean };

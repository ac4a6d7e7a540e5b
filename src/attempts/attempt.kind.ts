// What differs between booking, moving and cancelling. Everything else is one saga (attempt.saga.ts, attempt.settle.ts).
import type { Booking } from '../bookings/index.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import type { Specialist } from '../specialists/index.ts';
import type { RefusedField } from './attempt.acuity.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import type { Attempt, AttemptKind, Refusal } from './attempt.ts';

export interface Kind<K extends AttemptKind> {
  /** Asks Acuity. Null: the attempt is no longer open. */
  call(deps: AttemptDeps, attempt: Attempt<K>): Promise<Call<K> | null>;
  /** Reads the appointment after a call whose answer could not be read; null: not found, or not readable either. */
  readBack(deps: AttemptDeps, attempt: Attempt<K>): Promise<Appointment | null>;
  /** Decides what follows from a refusal, apart from "taken" and "out of reach". */
  rule(deps: AttemptDeps, attempt: Attempt<K>, refused: RefusedCall): Promise<Ruling<K>>;
  /** The time it asks for; null when it asks for none. */
  wantedTime(deps: AttemptDeps, attempt: Attempt<K>): Promise<WantedTime | null>;
  /**
   * Writes here what Acuity did. Safe to repeat, and to run twice at once.
   * @param isSettling the request is over: whoever made it is told of a failure by e-mail
   */
  complete(
    deps: AttemptDeps,
    attempt: Attempt<K>,
    appointment: Appointment,
    isSettling: boolean,
  ): Promise<Completion>;
  /** For the worker: finds out what became of a call whose answer was lost. */
  find(deps: AttemptDeps, attempt: Attempt<K>): Promise<AcuityResult<Finding>>;
  /** After the attempt was settled: cleans up what Acuity did late. An appointment: complete the attempt with it. */
  checkLate(deps: AttemptDeps, attempt: Attempt<K>): Promise<Appointment | 'done' | 'ask_again'>;
}

/** `attempt`: with what was asked in the end. */
export interface Call<K extends AttemptKind> {
  attempt: Attempt<K>;
  answer: AcuityResult<Appointment>;
}

export interface RefusedCall {
  code: string;
  /** The question that Acuity complains of, where it names one. */
  field: RefusedField | null;
}

export type Ruling<K extends AttemptKind> =
  /** `releaseKey`: the answer asks to try again, so the same idempotency key may. */
  | { refusal: Refusal; releaseKey?: boolean }
  | 'taken'
  /** Acuity was asked once more. Null: the attempt is no longer open. */
  | { again: Call<K> | null };

export interface WantedTime {
  specialist: Specialist;
  type: Booking['type'];
  startsAt: Date;
  durationMinutes: number;
}

export type Completion =
  | { outcome: 'completed'; booking: Booking }
  /** Declared failed, now or before; nothing stays in Acuity. */
  | { outcome: 'failed'; refusal: Refusal }
  /** Acuity has not done it, or did not say what became of a repair: the attempt stays open. */
  | { outcome: 'unknown' };

export type Finding =
  /** `strays`: made for the same attempt, and to be cancelled. */
  | { isDone: true; appointment: Appointment; strays: Appointment[] }
  /** `isFinal`: there is nothing to wait for, even while the call may still be under way. */
  | { isDone: false; isFinal: boolean; refusal: () => Promise<Refusal>; checkLater: boolean };

// Drift: all differences between bookings and appointments.
import { bookingDifferences } from './differences.ts';

export const allDifferences = ['missing_here', 'missing_there', ...bookingDifferences, 'details'] as const;
export type Difference = (typeof allDifferences)[number];

export const driftStates = ['fixed', 'left', 'found'] as const;

export interface DriftItem {
  appointmentId: number;
  bookingId: string | null;
  difference: Difference;
  /** The appointment's day, `YYYY-MM-DD`; null when Acuity no longer has it. */
  day: string | null;
  /** The examination was over when this was found: nobody gets an e-mail about it. */
  isOver: boolean;
  /** `found`: this run repairs nothing. `left`: staff must act, for the reason given. */
  state: (typeof driftStates)[number];
  reason: string | null;
  /** Whether an event of Acuity had announced the appointment within the last day. */
  announced: boolean;
}

export interface Span {
  /** `YYYY-MM-DD`, both included. */
  from: string;
  to: string;
}

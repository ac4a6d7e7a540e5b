// Drift: any difference between a booking and its appointment, found by looking at both.
import { bookingDifferences } from './differences.ts';

export const allDifferences = ['missing_here', 'missing_there', ...bookingDifferences, 'details'] as const;
export type Difference = (typeof allDifferences)[number];

export const driftStates = ['fixed', 'left', 'found'] as const;

export interface DriftItem {
  appointmentId: number;
  bookingId: string | null;
  difference: Difference;
  /** The appointment's, `YYYY-MM-DD`; null when Acuity does not know it any more. */
  day: string | null;
  /** Its time was over when it was found: nobody gets an e-mail about it. */
  isOver: boolean;
  /** `found`: nothing was to be repaired in this run. `left`: for staff, with the reason. */
  state: (typeof driftStates)[number];
  reason: string | null;
  /** Whether an event of Acuity had told of the appointment within the last day. */
  announced: boolean;
}

export interface Span {
  /** `YYYY-MM-DD`, both included. */
  from: string;
  to: string;
}

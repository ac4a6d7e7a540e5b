// Drift: any difference between a booking and its appointment, found by looking at both.
import type { BookingDifference } from './differences.ts';

export type Difference = BookingDifference | 'missing_here' | 'missing_there' | 'details';

export interface DriftItem {
  appointmentId: number;
  bookingId: string | null;
  difference: Difference;
  /** The appointment's, `YYYY-MM-DD`; null when Acuity does not know it any more. */
  day: string | null;
  /** Its time was over when it was found: nobody gets an e-mail about it. */
  isOver: boolean;
  /** `found`: nothing was to be repaired in this run. `left`: for staff, with the reason. */
  state: 'fixed' | 'left' | 'found';
  reason: string | null;
  /** Whether an event of Acuity had told of the appointment within the last day. */
  announced: boolean;
}

export interface Span {
  /** `YYYY-MM-DD`, both included. */
  from: string;
  to: string;
}

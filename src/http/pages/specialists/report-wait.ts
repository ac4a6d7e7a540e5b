// How long a specialist's reports take, in words.
import type { ReportWait } from '../../../bookings/index.ts';
import type { SpecialistProfile } from '../../../specialists/index.ts';

export interface ReportWaitWords {
  /** `About 2 weeks` */
  wait: string;
  /** What the estimate is based on. */
  basis: string;
}

/** @param measured undefined: too few reports; then what an admin typed counts */
export function reportWaitWords(
  measured: ReportWait | undefined,
  { reportDays }: Pick<SpecialistProfile, 'reportDays'>,
): ReportWaitWords | null {
  if (measured)
    return { wait: daysInWords(measured.days), basis: `median of the last ${measured.reports} reports` };
  return reportDays === null
    ? null
    : { wait: daysInWords(reportDays), basis: 'as the specialist’s rooms say' };
}

function daysInWords(days: number): string {
  if (days < 11) return `About ${days} ${days === 1 ? 'day' : 'days'}`;
  return `About ${Math.round(days / 7)} weeks`;
}

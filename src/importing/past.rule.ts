// Where the work on an examination stands that was over before it came here.
import { hasEnded, statusAfter, type Progress } from '../bookings/index.ts';
import type { WorkState, Takeover } from '../following/index.ts';
import type { Clock } from '../ports/clock.ts';

/** What `--past` and a file's column `progress` may say, and what it means. */
export const pastProgresses = {
  closed: 'payment_received',
  payment_received: 'payment_received',
  report_generated: 'report_generated',
  generating_report: 'generating_report',
  no_show: 'no_show',
  scheduled: 'scheduled',
} as const satisfies Record<string, Progress>;
export type PastProgress = keyof typeof pastProgresses;

export interface PastRule {
  past: PastProgress;
  /** What took place on this day (UTC) or before is closed, whatever `past` says. */
  closedUntil: string | null;
}

export function isPastProgress(text: string): text is PastProgress {
  return Object.hasOwn(pastProgresses, text);
}

export function standingAs(past: PastProgress): WorkState {
  const progress = pastProgresses[past];
  return { status: statusAfter(progress), progress };
}

/** Null: as any other booking. Cancelled stays cancelled; that nobody came stays so, and is closed where the rule closes. */
export function standingByRule(
  { past, closedUntil }: PastRule,
  { startsAt, durationMinutes, canceled, noShow }: Parameters<Takeover['workStateOf']>[0],
  clock: Clock,
): WorkState | null {
  if ((canceled && !noShow) || !hasEnded({ startsAt, durationMinutes }, clock.now())) return null;
  const isOld = closedUntil !== null && startsAt.toISOString().slice(0, 10) <= closedUntil;
  const standing = standingAs(isOld ? 'closed' : past);
  if (noShow) return { ...standing, progress: 'no_show' };
  return standing.progress === 'scheduled' ? null : standing;
}

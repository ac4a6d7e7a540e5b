// The progress and status of imported bookings whose examination is over.
import { hasEnded, statusAfter, type Progress } from '../bookings/index.ts';
import type { WorkState, Takeover } from '../following/index.ts';
import type { Clock } from '../ports/clock.ts';

/** The values of `--past` and of a file's column `progress`, and the progress they mean. */
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
  /** Examinations on or before this day (UTC) are closed, whatever `past` says. */
  closedUntil: string | null;
}

export function isPastProgress(text: string): text is PastProgress {
  return Object.hasOwn(pastProgresses, text);
}

export function toWorkState(past: PastProgress): WorkState {
  const progress = pastProgresses[past];
  return { status: statusAfter(progress), progress };
}

/** Null: no rule applies. Cancelled stays cancelled; a no-show keeps its progress and is closed where the rule closes. */
export function workStateByRule(
  { past, closedUntil }: PastRule,
  { startsAt, durationMinutes, canceled, noShow }: Parameters<Takeover['workStateOf']>[0],
  clock: Clock,
): WorkState | null {
  if ((canceled && !noShow) || !hasEnded({ startsAt, durationMinutes }, clock.now())) return null;
  const isOld = closedUntil !== null && startsAt.toISOString().slice(0, 10) <= closedUntil;
  const work = toWorkState(isOld ? 'closed' : past);
  if (noShow) return { ...work, progress: 'no_show' };
  return work.progress === 'scheduled' ? null : work;
}

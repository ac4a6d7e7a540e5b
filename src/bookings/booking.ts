import type { InvalidFields } from '../lib/result.ts';
import type { AnswerValue, GivenAnswer } from '../questions/index.ts';
import type { ExaminationType } from '../specialists/index.ts';
import type { BookingDetails } from './booking.details.ts';

export const bookingStatuses = ['active', 'cancelled', 'closed', 'archived'] as const;
export type BookingStatus = (typeof bookingStatuses)[number];

/** Where a booking was made. */
export const sourceWords = { portal: 'Made here', acuity_direct: 'Made in Acuity' };
/** Who or what wrote an entry of a booking's history. */
export const progressSources = ['portal', 'acuity', 'reconciliation', 'import'] as const;

export const progresses = [
  'scheduled',
  'rescheduled',
  'cancelled',
  'no_show',
  'generating_report',
  'report_generated',
  'payment_received',
] as const;
export type Progress = (typeof progresses)[number];

export const progressWords: Record<Progress, string> = {
  scheduled: 'Scheduled',
  rescheduled: 'Rescheduled',
  cancelled: 'Cancelled',
  no_show: 'Did not attend',
  generating_report: 'Report being written',
  report_generated: 'Report ready',
  payment_received: 'Payment received',
};

export const statusWords: Record<BookingStatus, string> = {
  active: 'Active',
  cancelled: 'Cancelled',
  closed: 'Closed',
  archived: 'Archived',
};

/** A booking as the API and the pages show it. Instants are Dates; JSON makes them ISO 8601 in UTC. */
export interface Booking extends BookingDetails {
  id: string;
  reference: string;
  acuityAppointmentId: number;
  specialist: { id: string; name: string; specialty: string };
  organization: { id: string; name: string } | null;
  /** The referrer whom it belongs to. */
  createdBy: { id: string; name: string } | null;
  /** The admin who made it while acting as that referrer. */
  createdFor: { id: string; name: string } | null;
  detailsNeeded: boolean;
  startsAt: Date;
  durationMinutes: number;
  /** The examination's own zone (IANA). */
  timezone: string;
  type: ExaminationType;
  location: string | null;
  meetingLink: string | null;
  status: BookingStatus;
  currentProgress: Progress;
  source: keyof typeof sourceWords;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface ProgressEntry {
  id: string;
  progress: Progress;
  changedBy: { id: string; name: string } | null;
  changedFor: { id: string; name: string } | null;
  source: (typeof progressSources)[number];
  notes: string;
  /** The examination got a new time. */
  moved: { from: Date; to: Date } | null;
  createdAt: Date;
}

/** A change of the answers to Acuity's own questions. */
export interface AnswersChange {
  at: Date;
  source: ProgressEntry['source'];
  /** Null when there was, or is, no answer. */
  changed: { label: string; from: AnswerValue | null; to: AnswerValue | null }[];
}

/** A referrer's request, already parsed: names trimmed, phone in E.164, instants with their offset. */
export interface BookingRequest extends BookingDetails {
  specialistId: string;
  type: ExaminationType;
  startsAt: Date;
  /** The reader's zone, for the mail; the examination's own zone is its specialist's. */
  timezone: string | null;
  /** Answers to Acuity's own questions, not yet checked: which questions are asked depends on the specialist. */
  answers: GivenAnswer[];
}

export type ProgressFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'invalid_transition'; from: Progress; to: Progress }
  | { reason: 'outcome_pending'; attemptId: string };

/** Somebody changed the booking since it was read; `current` is its present state. */
export type Stale = { reason: 'stale'; current: Booking };

export type EditFailure = { reason: 'not_found' } | { reason: 'forbidden' } | InvalidFields | Stale;

/** Allowed next steps for each progress. */
const transitions: Record<Progress, readonly Progress[]> = {
  scheduled: ['rescheduled', 'cancelled', 'no_show', 'generating_report'],
  rescheduled: ['rescheduled', 'cancelled', 'no_show', 'generating_report'],
  no_show: ['rescheduled', 'cancelled', 'generating_report'],
  generating_report: ['report_generated', 'cancelled'],
  report_generated: ['payment_received', 'generating_report'],
  payment_received: ['report_generated'],
  cancelled: [],
};

/** Set only by actions that also change the appointment in Acuity, or by Acuity itself. */
const alsoInAcuity: readonly Progress[] = ['scheduled', 'rescheduled', 'cancelled'];

export function canMove(booking: Pick<Booking, 'status' | 'currentProgress'>, to: Progress): boolean {
  return booking.status !== 'archived' && transitions[booking.currentProgress].includes(to);
}

/** The steps that staff may choose by hand, in the order of the work. */
export function movesByHand(booking: Pick<Booking, 'status' | 'currentProgress'>): Progress[] {
  return progresses.filter((to) => canMove(booking, to) && !alsoInAcuity.includes(to));
}

/** Whether the progress says that the examination is still to take place. Its time may be over. */
export function isPlanned({ status, currentProgress }: Pick<Booking, 'status' | 'currentProgress'>): boolean {
  return status === 'active' && (currentProgress === 'scheduled' || currentProgress === 'rescheduled');
}

export function statusAfter(progress: Progress): BookingStatus {
  if (progress === 'cancelled') return 'cancelled';
  return progress === 'payment_received' ? 'closed' : 'active';
}

export function hasEnded(
  { startsAt, durationMinutes }: Pick<Booking, 'startsAt' | 'durationMinutes'>,
  now: Date,
): boolean {
  return startsAt.getTime() + durationMinutes * 60_000 <= now.getTime();
}

/** Where it takes place: a room for in-person examinations, a web address for telehealth. */
export function placeOf(
  type: Booking['type'],
  given: string | null,
  usual: string | null,
): { location: string | null; meetingLink: string | null } {
  return type === 'in_person'
    ? { location: given ?? usual, meetingLink: null }
    : { location: null, meetingLink: meetingLinkIn(given) };
}

/** The first web address in a free-text location, which is where Acuity puts the meeting link. */
export function meetingLinkIn(location: string | null): string | null {
  const found = /https?:\/\/[^\s<>"']+/i.exec(location ?? '')?.[0].replace(/[.,;:!?)\]]+$/, '');
  return found && URL.canParse(found) ? found : null;
}
